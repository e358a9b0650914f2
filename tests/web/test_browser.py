"""The pages as a visitor's browser shows them.

Every page in both languages: light and dark, at a desk and on the smallest
phone, with and without JavaScript.  Pictures of all of them stay in
build/screens.
"""

import re

import pytest

from website import Website

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
    "codes": ("codes", 200),
    "durations": ("durations", 200),
    "why": ("why", 200),
    "faq": ("faq", 200),
    "stats": ("stats", 200),
}
LANGUAGES = ("en", "fr", "de")


# The visitor who sees the chart of what was seen of him.
HIMSELF = {"X-Forwarded-For": "192.0.2.7"}


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
    answer = browser.look(shown.where, headers=HIMSELF)
    assert 'value="192.0.2.7"' in answer["html"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme, size", [("light", DESK), ("dark", PHONE)])
def test_a_visitor_sees_a_chart_of_himself(
        shown, browser, language, scheme, size):
    answer = browser.look(
        address(shown, "listed", language), headers=HIMSELF, scheme=scheme,
        axe=True, picture=f"chart-{language}-{scheme}", **size)
    check(answer, "listed", language)
    check_layout(answer)
    assert answer["violations"] == []
    assert browser.complaints(answer["html"]) == []
    assert 'class="seen"' in answer["html"]
    stranger = browser.look(address(shown, "listed", language))
    assert 'class="seen"' not in stranger["html"]


@pytest.mark.parametrize("language, left", [
    ("en", "2 h 5"), ("fr", "2 h 5"), ("de", "2 h 5")])
def test_the_time_left_runs(shown, browser, language, left):
    """The page's own clock is moved on by an hour, and to the end."""
    def text(*steps):
        return browser.look(
            address(shown, "listed", language), clock=True,
            steps=[{"forward": step} for step in steps])["text"]

    assert left in text()
    after = text("01:00:00")
    assert left not in after and "1 h 5" in after
    over = text("04:00:00")
    assert "1 h" not in over.split("UTC", 1)[0]
    assert {"en": "The block should be over.",
            "fr": "Le blocage devrait être levé.",
            "de": "Die Sperre müsste vorbei sein."}[language] in over


@pytest.mark.parametrize("language, end", [
    ("en", r"(today|tomorrow) \d\d:\d\d, your time"),
    ("fr", r"(aujourd’hui|demain) \d\d:\d\d, à votre heure"),
    ("de", r"(heute|morgen) \d\d:\d\d, Ihre Zeit")])
def test_the_end_is_told_in_the_visitors_own_time(
        shown, browser, language, end):
    url = address(shown, "listed", language)
    assert re.search(end, browser.look(url)["text"])
    assert " hidden data-yours=" in browser.look(url, js=False)["html"]


def test_a_page_left_open_is_looked_up_again_when_the_block_ends(
        tmp_path, browser):
    site = Website(tmp_path)
    site.videur("ban", "192.0.2.7", "4s")
    site.start()
    try:
        answer = browser.look(f"{site.where}?ip=192.0.2.7", steps=[
            {"wait": ".verdict.good"}])
        assert "192.0.2.7 is not blocked" in answer["text"]
    finally:
        assert site.stop() == 0


def test_without_javascript_the_time_left_stands_there(shown, browser):
    answer = browser.look(address(shown, "listed", "en"), js=False)
    assert "2 h 5" in answer["html"]


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


@pytest.mark.parametrize("policy", ["sfr", "laposte", "orange"])
def test_replies_and_durations_of_another_policy(browser, tmp_path, policy):
    site = Website(tmp_path)
    with open(site.conf, "a", encoding="utf-8") as conf:
        conf.write(f'policy = "{policy}"\n')
    site.start()
    try:
        for page in ("codes", "durations"):
            for language in LANGUAGES:
                answer = browser.look(
                    address(site, page, language), axe=True,
                    picture=f"{page}-{policy}-{language}", **PHONE)
                check(answer, page, language)
                check_layout(answer)
                assert answer["violations"] == []
                assert browser.complaints(answer["html"]) == []
        assert site.stop() == 0
    finally:
        site.close()


OWN = """
  site-name = "Courrier de l’Île"
  zone = "Europe/Paris"
  accent = "#7a1fa2"
  languages = {{"fr", "en"}}
  paragraph = "Call us by phone: <b>not</b> on Sundays."
  paragraph-fr = "Appelez-nous, sauf le dimanche."
  abuse = "abuse@example.fr"
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_owners_own_site(browser, tmp_path, scheme):
    site = Website(tmp_path, more=OWN.format())
    for _ in range(20):
        site.videur("report", "recipient", "192.0.2.7")
    site.start()
    try:
        for language in LANGUAGES:
            answer = browser.look(
                address(site, "listed", language), axe=True, scheme=scheme,
                picture=f"own-{language}-{scheme}", **DESK)
            check(answer, "listed", language)
            check_layout(answer)
            assert answer["violations"] == []
            assert "Courrier de l’Île" in answer["text"]
        assert site.stop() == 0
    finally:
        site.close()
