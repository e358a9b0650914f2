"""The pages as a visitor's browser shows them.

Every page in both languages: light and dark, at a desk and on the smallest
phone, with and without JavaScript.  Pictures of all of them stay in
build/screens.
"""

import pytest

DESK = {"width": 1280, "height": 900}
PHONE = {"width": 320, "height": 640}

# What is asked for, and the status of its answer.
PAGES = {
    "form": ("", 200),
    "listed": ("?ip=192.0.2.7", 200),
    "logins": ("?ip=192.0.2.9", 200),
    "ipv6": ("?ip=2001:db8:0:1::7", 200),
    "by-hand": ("?ip=203.0.113.5", 200),
    "clear": ("?ip=198.51.100.1", 200),
    "no-address": ("?ip=mail.example.org", 400),
    "never": ("?ip=10.1.2.3", 400),
    "nowhere": ("nothing/here", 404),
}
LANGUAGES = ("en", "fr")


def address(site, page, language):
    """The URL of a page in a language."""
    path = PAGES[page][0]
    joint = "&" if "?" in path else "?"
    return f"{site.where}{path}{joint}lang={language}"


def own_errors(answer):
    """Complaints of the browser, but that a page it was sent is an error."""
    return [error for error in answer["errors"]
            if answer["status"] < 400 or "Failed to load" not in error]


def check(answer, page, language):
    """What holds of every page, however it is looked at."""
    assert answer["status"] == PAGES[page][1]
    assert own_errors(answer) == []
    assert answer["outside"] == []
    assert f'<html lang="{language}"' in answer["html"]


def check_layout(answer):
    """One heading, and nothing that must be scrolled for sideways."""
    assert answer["headings"] == 1 and answer["heading"]
    assert answer["wide"] == []
    assert answer["width"] <= answer["view"]
    assert answer["small"] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
def test_at_a_desk_in_the_light(shown, browser, page, language):
    answer = browser.look(address(shown, page, language), axe=True,
                          picture=f"{page}-{language}-desk-light", **DESK)
    check(answer, page, language)
    check_layout(answer)
    assert answer["violations"] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
def test_on_a_small_phone_in_the_dark(shown, browser, page, language):
    answer = browser.look(address(shown, page, language), axe=True,
                          scheme="dark", scale=2,
                          picture=f"{page}-{language}-phone-dark", **PHONE)
    check(answer, page, language)
    check_layout(answer)
    assert answer["violations"] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
def test_without_javascript(shown, browser, page, language):
    answer = browser.look(address(shown, page, language), js=False,
                          picture=f"{page}-{language}-phone-plain", **PHONE)
    check(answer, page, language)
    assert browser.complaints(answer["html"]) == []


def test_dark_is_dark_and_light_is_light(shown, browser):
    def brightness(scheme):
        paper = browser.look(shown.where, scheme=scheme)["paper"]
        return sum(int(part) for part in paper[4:-1].split(","))

    assert brightness("dark") < 200 < 600 < brightness("light")


def test_the_form_is_filled_with_the_visitors_own_address(shown, browser):
    answer = browser.look(shown.where,
                          headers={"X-Forwarded-For": "192.0.2.7"})
    assert 'value="192.0.2.7"' in answer["html"]


def test_an_address_typed_in_is_answered(shown, browser):
    answer = browser.look(shown.where, steps=[
        {"fill": "#ip", "with": "192.0.2.7"},
        {"press": "#ip", "key": "Enter"}])
    assert "ip=192.0.2.7" in answer["url"]
    assert "192.0.2.7" in answer["heading"]


def test_it_can_be_printed(shown, browser, tmp_path):
    pdf = tmp_path / "page.pdf"
    browser.look(address(shown, "listed", "en"), media="print", pdf=str(pdf),
                 picture="listed-en-print")
    assert pdf.stat().st_size > 1000
