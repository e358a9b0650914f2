"""The pages as a visitor's browser shows them.

Every page in both languages: light and dark, at a desk and on the smallest
phone, with and without JavaScript.  Pictures of all of them stay in
build/screens.
"""

import re
import sqlite3
import time
from datetime import datetime, timezone

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
    assert answer["overlap"] == []


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


def test_without_javascript_the_time_left_stands_there(shown, browser):
    answer = browser.look(address(shown, "listed", "en"), js=False)
    assert re.search(r"(2\xa0h\xa05\d\xa0min|3\xa0h)</strong>", answer["html"])
    # And no button that does nothing.
    assert all(" hidden>" in button or 'type="submit"' in button for button
               in re.findall(r"<button[^>]*>", answer["html"]))


def test_an_address_typed_in_is_answered(shown, browser):
    answer = browser.look(shown.where, steps=[
        {"fill": "#ip", "with": "192.0.2.7"},
        {"press": "#ip", "key": "Enter"}])
    assert "ip=192.0.2.7" in answer["url"]
    assert "192.0.2.7" in answer["heading"]


def test_it_can_be_printed(shown, browser, tmp_path):
    pdf = tmp_path / "page.pdf"
    answer = browser.look(address(shown, "listed", "en"), media="print",
                          pdf=str(pdf), picture="listed-en-print")
    assert pdf.stat().st_size > 1000
    # With its date and its address, and nothing to click.
    assert "Checked on" in answer["text"]
    assert "https://postmaster.example.fr/?ip=192.0.2.7" in answer["text"]
    assert "Copy" not in answer["text"]
    assert "postmaster.example.fr/?ip=" not in browser.look(
        address(shown, "by-hand", "en"))["text"].split("Spam from")[1]


# ---- marks of the design ----

def tells(browser, url, script, **more):
    """What a script finds on the page."""
    return browser.look(url, steps=[{"tell": script}], **more)["values"][0]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
def test_rows_that_wrap_need_no_gap(shown, browser, page, language):
    """Browsers before 2021 have none in a flex row; and a finger hits what
    stands in the head of the page."""
    found = tells(browser, address(shown, page, language), """({
        gaps: [...document.querySelectorAll("*")].filter((e) =>
            /flex/.test(getComputedStyle(e).display) &&
            getComputedStyle(e).columnGap !== "normal").length,
        small: [...document.querySelectorAll(".languages *, .pages a")]
            .filter((e) => e.tagName !== "LI" &&
                e.getBoundingClientRect().height < 24).length})""", **PHONE)
    assert found == {"gaps": 0, "small": 0}


def test_the_line_of_the_steps_runs_behind_their_dots(shown, browser):
    assert tells(browser, address(shown, "listed", "en"), """
        [...document.querySelectorAll(".steps li")].every((e) =>
            getComputedStyle(e, "::after").zIndex === "1" &&
            getComputedStyle(e, "::before").zIndex === "auto")""")


@pytest.mark.parametrize("page", ["codes", "listed"])
def test_the_tab_that_is_open_is_known_in_forced_colours(shown, browser, page):
    colours = tells(browser, address(shown, page, "en"), """
        [...document.querySelectorAll(".pages a")].map((e) =>
            [e.hasAttribute("aria-current"),
             getComputedStyle(e).borderBottomColor])""",
                    forced="active", picture=f"forced-{page}")
    current = {colour for here, colour in colours if here}
    assert len(current) == 1
    assert current.isdisjoint({colour for here, colour in colours if not here})


def test_nothing_moves_for_who_wants_it_so(shown, browser):
    for motion, moves in ("reduce", False), ("no-preference", True):
        assert moves == tells(browser, address(shown, "form", "en"), """
            [...document.querySelectorAll("*")].some((e) =>
                getComputedStyle(e).transitionDuration !== "0s")""",
                              motion=motion)


@pytest.mark.parametrize("name", [
    "Postmaster", "Service de messagerie de la Communauté d’agglomération du "
    "Pays de Château-Gontier", "x" * 60])
def test_a_long_name_leaves_room(browser, tmp_path, name):
    site = Website(tmp_path, more=f'site-name = "{name}"')
    site.start()
    try:
        found = tells(browser, site.where, """(() => {
            const [brand, languages] = [".brand", ".languages"].map((e) =>
                document.querySelector(e).getBoundingClientRect());
            return { lines: Math.round(brand.height / 20),
                apart: brand.bottom <= languages.top + 1 ||
                    brand.right <= languages.left,
                width: document.documentElement.scrollWidth }; })()""",
                      picture=f"name-{name[:9]}", **PHONE)
        assert found["apart"] and found["width"] <= 320
        assert found["lines"] <= 4
    finally:
        site.close()


def test_a_long_address_breaks_behind_a_colon(browser, tmp_path):
    ip = "2001:db8:1234:5678:9abc:def0:1234:5678"
    site = Website(tmp_path)
    site.videur("ban", "192.0.2.7", "2h")
    site.start()
    try:
        broken = tells(browser, f"{site.where}?ip={ip}", """(() => {
            const range = document.createRange();
            const lines = [];
            const walker = document.createTreeWalker(
                document.querySelector("h1"), NodeFilter.SHOW_TEXT);
            let top = null;
            for (let node; (node = walker.nextNode());) {
                for (let i = 0; i < node.length; i++) {
                    range.setStart(node, i);
                    range.setEnd(node, i + 1);
                    const box = range.getBoundingClientRect();
                    if (box.width > 0 && box.top !== top) {
                        lines.push("");
                        top = box.top;
                    }
                    lines[lines.length - 1] += node.data[i];
                }
            }
            return lines; })()""", picture="long-address", **PHONE)
        assert "".join(broken).startswith(ip) and len(broken) > 2
        assert all(line.rstrip()[-1] in ":8d" for line in broken)
        # The tab has it in one piece, and not as markup.
        assert f"<title>{ip} is not blocked" in browser.look(
            f"{site.where}?ip={ip}")["html"]
    finally:
        site.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_address_that_fits_a_line_stays_in_one_piece(
        shown, browser, language):
    for ip, width in (("2001:db8::7", 320), ("2001:db8::7", 390),
                      ("2001:db8:0:1::7", 320), ("2001:db8:0:1::7", 360)):
        height, line = tells(
            browser, f"{shown.where}?ip={ip}&lang={language}", """(() => {
                const address = document.querySelector("h1 .address");
                return [address.getBoundingClientRect().height,
                    parseFloat(getComputedStyle(address).lineHeight)];
            })()""", width=width, height=800)
        assert height < 1.5 * line, (ip, width)


@pytest.mark.parametrize("width", range(320, 460, 20))
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_zone_stands_beside_its_time(shown, browser, language, width):
    assert tells(browser, address(shown, "listed", language), """
        [...document.querySelectorAll("time")].every((e) => {
            const node = e.lastChild;
            const at = node.data.lastIndexOf("UTC");
            if (at < 0 || !e.checkVisibility()) return true;
            const [time, zone] = [at - 2, at].map((from) => {
                const range = document.createRange();
                range.setStart(node, from);
                range.setEnd(node, from + 1);
                return range.getBoundingClientRect().top;
            });
            return time === zone; })""", width=width, height=800)


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
        for language in ("fr", "en"):  # that it speaks
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


# ---- charts ----

@pytest.fixture(scope="module")
def charted(tmp_path_factory):
    """A website with thirty days and 48 hours to show: so many bans each day
    as it is days ago."""
    site = Website(tmp_path_factory.mktemp("charted"),
                   more='trusted-proxies = {"127.0.0.0/8"}')
    site.videur("report", "virus", "192.0.2.7")
    now = int(time.time())
    with sqlite3.connect(site.database) as database:
        for ago in range(1, 30):
            day = now // 86400 * 86400 - ago * 86400
            database.executemany("INSERT INTO daily VALUES (?, ?, ?, ?)", [
                (day, "ban", "spam", ago), (day, "refused", "spam", 100 * ago),
                (day, "event", "spam", 12345), (day, "sessions", "", 1234567),
                (day, "event", "auth", 7)])
        database.executemany(
            "INSERT INTO tally (client, hour, sessions, accepted, spam) "
            "VALUES ('192.0.2.7', ?, 9, ?, 3)",
            [(now // 3600 * 3600 - ago * 3600, 1000 * ago)
             for ago in range(1, 48)])
    yield site.start()
    assert site.stop() == 0
    site.close()


def day_of(ago, language):
    """How a column calls its day."""
    day = datetime.fromtimestamp(time.time() - ago * 86400, timezone.utc)
    months = {"en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
              "fr": "janv. févr. mars avr. mai juin juil. août sept. oct. "
                    "nov. déc."}
    first = "er" if language == "fr" and day.day == 1 else ""
    return f"{day.day}{first} {months[language].split()[day.month - 1]}"


def columns_of(html):
    """What the columns of each chart say."""
    return [re.findall(r"<title>([^<]*)</title></path>", chart)
            for chart in re.findall(r"<svg class=.chart.*?</svg>", html)]


@pytest.mark.parametrize("language, joint", [("en", ":"), ("fr", "\u00a0:")])
def test_each_column_says_its_day_and_number(charted, browser, language,
                                             joint):
    """Without JavaScript too, to a pointer and in the table."""
    html = browser.look(f"{charted.where}stats?lang={language}",
                        js=False)["html"]
    bans, refused = [chart for chart in columns_of(html) if chart][:2]
    assert len(bans) == len(refused) == 30
    for ago in range(1, 30):
        day = day_of(ago, language)
        assert bans[29 - ago] == f"{day}{joint} {ago}"
        assert refused[29 - ago] == f"{day}{joint} {100 * ago}"
        assert re.search(rf'>{day.replace("er", "<sup>er</sup>")}</th><td '
                         rf'class="number">{ago}</td>', html)
    assert bans[29].startswith(day_of(0, language) + ",")


@pytest.mark.parametrize("keys, ago", [
    ((), 0), (("ArrowLeft",), 1), (("ArrowLeft", "ArrowRight"), 0),
    (("Home",), 29), (("Home", "ArrowLeft"), 29), (("Home", "End"), 0)])
def test_a_column_is_told_to_the_keys(charted, browser, keys, ago):
    answer = browser.look(f"{charted.where}stats", steps=[
        {"press": "figure .chart", "key": key} for key in ("Shift", *keys)])
    number = ago or 1
    assert answer["told"][0].startswith(day_of(ago, "en"))
    assert answer["told"][0].endswith(f": {number}")
    assert "aria-valuetext" not in answer["html"]


def test_the_charts_of_a_table_are_one_stop(charted, browser):
    answer = browser.look(f"{charted.where}stats", axe=True, steps=[
        {"press": ".sparks [tabindex='0']", "key": "ArrowLeft"},
        {"press": ".sparks [tabindex='0']", "key": "ArrowDown"},
        {"press": ".sparks [tabindex='0']", "key": "ArrowDown"},
        {"press": ".sparks [tabindex='0']", "key": "ArrowLeft"}])
    assert f"{day_of(1, 'en')}: 7" in answer["told"]
    assert f"{day_of(1, 'en')}: 12\u202f345" not in answer["told"]
    assert answer["violations"] == []


def test_a_column_is_told_to_a_finger(charted, browser):
    answer = browser.look(f"{charted.where}stats", touch=True, steps=[
        {"tap": "figure .chart", "at": {"x": 2, "y": 60}}], **PHONE)
    assert answer["told"][0] == f"{day_of(29, 'en')}: 29"
    answer = browser.look(f"{charted.where}?ip=192.0.2.7", touch=True,
                          headers=HIMSELF, steps=[
        {"tap": "figure .chart", "at": {"x": 2, "y": 60}}], **PHONE)
    assert re.fullmatch(r"\d+ \S+, \d\d:00: unwanted 3, messages accepted "
                        r"47\u202f000", answer["told"][0])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme, size", [
    ("light", DESK), ("dark", PHONE), ("light", {"width": 646, "height": 800}),
    ("light", {"width": 390, "height": 844})])
def test_charts_of_a_busy_host_fit(charted, browser, language, scheme, size):
    for page, path in {"stats": "stats?", "hours": "?ip=192.0.2.7&"}.items():
        answer = browser.look(
            f"{charted.where}{path}lang={language}", axe=True, scheme=scheme,
            headers=HIMSELF, **size,
            picture=f"busy-{page}-{language}-{size['width']}-{scheme}")
        check_layout(answer)
        assert answer["errors"] == []
        assert answer["violations"] == []
        assert browser.complaints(answer["html"]) == []


def test_charts_in_forced_colours_and_print(charted, browser, tmp_path):
    for more in {"forced": True}, {"media": "print"}:
        answer = browser.look(f"{charted.where}stats", axe=True,
                              picture=f"stats-{list(more)[0]}", **more)
        check_layout(answer)
        assert answer["violations"] == []
