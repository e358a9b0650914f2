"""What the pages do better with JavaScript: time, copying and sharing."""

import datetime
import html
import json
import re
import urllib.parse
import zoneinfo

import pytest

from ten_seconds import languages, Words
from website import Website

LONG = "192.0.2.40"
SEVERAL = "192.0.2.41"
CLIPBOARD = ["clipboard-read", "clipboard-write"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site with a long block, and an address with three."""
    one = Website(tmp_path_factory.mktemp("script"))
    one.videur("ban", LONG, "125m")
    for reason, time in {"spam": "1h", "virus": "3h", "auth": "2h"}.items():
        one.videur("ban", SEVERAL, time, "--reason", reason)
    yield one.start()
    assert one.stop() == 0
    one.close()


def block(site, ip, reason=None):
    """What the command knows of a block."""
    return next(ban for ban in json.loads(site.videur("list", "--json"))
                if ban["client"] == ip and reason in (None, ban["reason"]))


def plain(text):
    """No-break blanks as any other."""
    return text.replace("\u00a0", " ")


CARD = """({
    title: document.title,
    heading: document.querySelector("h1").innerText,
    kind: document.querySelector(".verdict").className,
    status: document.querySelector(".verdict [role=status]").innerText,
    left: document.querySelector(".left").innerText,
    lead: document.querySelector(".lead").checkVisibility(),
    bar: document.querySelector(".served .series-0").getBBox().width /
        document.querySelector(".served .rest").getBBox().width })"""


def cards(browser, url, *steps, **more):
    """What the red card says after each step of the clock."""
    asked = [{"tell": CARD}]
    for step in steps:
        asked += [step, {"tell": CARD}]
    return browser.look(url, clock=True, steps=asked, **more)["values"]


# ---- time ----

@pytest.mark.parametrize("language", languages())
def test_the_time_left_runs_and_the_page_turns(site, browser, language):
    """The page's own clock is moved on by an hour, and behind the end."""
    words = Words(language)
    over = words.phrase["over-heading"]
    first, later, last = cards(
        browser, f"{site.where}?ip={LONG}&lang={language}",
        {"forward": "01:00:00"}, {"forward": "01:10:00"})
    blocked = words.pattern("listed-heading", ip=LONG)
    assert re.match(r"2 h( \d min)?$", plain(first["left"]))
    assert re.match(r"1 h( \d min)?$", plain(later["left"]))
    assert re.fullmatch(blocked, first["heading"])
    assert re.match(blocked + " – ", later["title"])
    assert first["bar"] < later["bar"] < 0.6
    assert (first["kind"], first["status"]) == ("verdict bad", "")
    assert last["heading"] == over
    assert last["title"] == f"{over} – postmaster.example.fr"
    assert last["kind"] == "verdict note" and last["bar"] == 1
    assert last["lead"] is False
    assert last["status"] == words.phrase["over-text"]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "Pacific/Apia",
                                  "America/New_York"])
@pytest.mark.parametrize("hours", [0, -7, 7, 500])
def test_the_end_is_told_in_the_visitors_own_time(site, browser, zone, hours):
    """Whatever his clock says."""
    url = f"{site.where}?ip={LONG}&lang=en"
    answer = browser.look(url, zone=zone, clock=True, ahead=hours * 3600000)
    end = datetime.datetime.fromisoformat(block(site, LONG)["ends"])
    end += datetime.timedelta(seconds=-end.second % 60)
    now = datetime.datetime.fromisoformat(
        re.search(r'data-now="([^"]*)"', answer["html"])[1])
    end, now = (time.astimezone(zoneinfo.ZoneInfo(zone))
                for time in (end, now))
    day = ["today", "tomorrow"][(end.date() - now.date()).days]
    assert f"{day} {end:%H:%M}, your time" in answer["text"]
    assert re.search(r"in 2 h( \d min)?\.", plain(answer["text"]))
    assert " hidden data-yours=" in browser.look(url, js=False)["html"]


def test_days_are_told_by_their_name_or_date(tmp_path, browser):
    one = Website(tmp_path)
    one.videur("ban", "192.0.2.7", "3d")
    one.videur("ban", "192.0.2.8", "30d")
    one.start()
    try:
        for ip, form in {"192.0.2.7": "%A %H:%M, your time",
                         "192.0.2.8": "%B %-d %H:%M, your time"}.items():
            end = datetime.datetime.fromisoformat(block(one, ip)["ends"])
            end += datetime.timedelta(seconds=-end.second % 60)
            assert end.strftime(form) in browser.look(
                f"{one.where}?ip={ip}&lang=en", zone="UTC")["text"]
    finally:
        one.close()


# The page's own clock goes past the end of a block of an hour.
END = [{"forward": "01:00:00"}, {"forward": "00:00:10"}]


def test_a_page_left_open_is_looked_up_again_when_the_block_ends(
        tmp_path, browser):
    """The asked one of two: what remains then is the other."""
    one = Website(tmp_path)
    one.videur("ban", "192.0.2.7", "1h")
    one.videur("ban", "192.0.2.8", "2h", "--reason", "virus")
    one.videur("ban", "192.0.2.8", "1h", "--reason", "spam")
    ref = block(one, "192.0.2.8", "spam")["ref"]
    one.start()
    try:
        answer = browser.look(
            f"{one.where}?ip=192.0.2.8&ref={ref}", clock=True, steps=[
                {"run": one.command("clear", "192.0.2.8", "--reason", "spam")},
                *END,
                {"until": "document.body.innerText.includes("
                          "'not the only one')"}])
        assert answer["title"].startswith("192.0.2.8 is blocked")
        assert answer["visible"][0] == "postmaster.example.fr"
        answer = browser.look(f"{one.where}?ip=192.0.2.7", clock=True, steps=[
            {"run": one.command("clear", "192.0.2.7")}, *END,
            {"wait": ".verdict.good"}])
        assert answer["title"].startswith("192.0.2.7 is not blocked")
    finally:
        assert one.stop() == 0


def test_a_folded_block_that_ends_leaves_the_page(tmp_path, browser):
    """It is looked up again, and the one that was asked for stands there
    alone."""
    one = Website(tmp_path)
    one.videur("ban", "192.0.2.8", "2h", "--reason", "virus")
    one.videur("ban", "192.0.2.8", "1h", "--reason", "spam")
    ref = block(one, "192.0.2.8", "virus")["ref"]
    one.start()
    try:
        answer = browser.look(
            f"{one.where}?ip=192.0.2.8&ref={ref}", clock=True, steps=[
                {"tell": "document.querySelectorAll('.ban details').length"},
                {"tell": "document.body.innerText"},
                {"run": one.command("clear", "192.0.2.8", "--reason", "spam")},
                *END,
                {"until": "document.querySelectorAll('.ban').length === 1"}])
        assert answer["values"][0] == 2
        assert "Several blocks apply at once" in answer["values"][1]
        assert answer["title"].startswith("192.0.2.8 is blocked")
        assert "Several blocks" not in answer["text"]
    finally:
        assert one.stop() == 0


def test_a_folded_block_that_ends_later_keeps_the_page(site, browser):
    """Neither it nor the time tells of another end before that of the asked
    one, and then the page turns."""
    asked = block(site, SEVERAL, "spam")
    url = f"{site.where}?ip={SEVERAL}&ref={asked['ref']}"
    before, behind = cards(browser, url, {"forward": "00:50:00"})
    assert before["kind"] == behind["kind"] == "verdict bad"
    # The one that ends last, in the hour in which the others do.
    last = block(site, SEVERAL, "virus")
    answer = browser.look(
        f"{site.where}?ip={SEVERAL}&ref={last['ref']}", clock=True, steps=[
            {"tell": "window.marked = true"}, {"forward": "00:50:00"},
            {"forward": "00:00:10"}, {"tell": MARKED},
            {"forward": "00:20:00"}, {"forward": "00:00:10"},
            {"until": UNMARKED}, {"tell": CARD}])
    assert answer["values"][1] is True
    assert answer["values"][2]["kind"] == "verdict bad"


@pytest.mark.parametrize("back", [
    # By the browser, and as a browser that keeps it: its clocks stand still.
    [{"goto": "faq"}, {"back": True}],
    [{"tell": """dispatchEvent(
        new PageTransitionEvent("pageshow", { persisted: true }))"""}]])
def test_a_page_that_comes_back_tells_the_present_truth(
        tmp_path, browser, back):
    one = Website(tmp_path)
    one.videur("ban", "192.0.2.7", "1h")
    one.start()
    try:
        answer = browser.look(
            f"{one.where}?ip=192.0.2.7", script="setInterval = () => 0;",
            steps=[{"tell": "document.querySelector('h1').innerText"},
                   *back[:-1], {"run": one.command("clear", "192.0.2.7")},
                   back[-1],
                   {"until": "document.querySelector('h1').innerText ==="
                             " '192.0.2.7 is not blocked'"}])
        assert answer["values"][0] == "192.0.2.7 is blocked"
        assert answer["heading"] == "192.0.2.7 is not blocked"
    finally:
        assert one.stop() == 0


def test_a_page_that_comes_anew_is_not_loaded_twice(site, browser):
    answer = browser.look(f"{site.where}?ip={LONG}", steps=[
        {"tell": "window.marked = true"},
        {"tell": """dispatchEvent(
            new PageTransitionEvent("pageshow", { persisted: false }))"""},
        {"tell": "new Promise((done) => setTimeout(done, 500))"},
        {"tell": MARKED}])
    assert answer["values"][-1] is True


MARKED = "window.marked === true"
UNMARKED = "window.marked !== true && document.readyState === 'complete'"


def test_without_a_network_it_waits_for_one(site, browser):
    answer = browser.look(f"{site.where}?ip={LONG}", clock=True, steps=[
        {"tell": "window.marked = true"}, {"offline": True},
        {"forward": "02:10:00"}, {"forward": "00:01:00"}, {"tell": MARKED},
        {"tell": CARD}, {"offline": False}, {"forward": "00:00:10"},
        {"until": UNMARKED}, {"tell": CARD}])
    assert answer["values"][1] is True
    assert answer["values"][2]["kind"] == "verdict note"
    # By the server's clock it is not over.
    assert answer["values"][3]["kind"] == "verdict bad"


def test_what_is_being_typed_is_not_lost(site, browser):
    answer = browser.look(f"{site.where}?ip={LONG}", clock=True, steps=[
        {"tell": "window.marked = true"},
        {"fill": "#ip", "with": "198.51.100.2"},
        {"forward": "02:10:00"}, {"forward": "00:01:00"}, {"tell": MARKED},
        {"tell": "document.getElementById('ip').value"},
        {"fill": "#ip", "with": LONG}, {"forward": "00:00:10"},
        {"until": UNMARKED}])
    assert answer["values"][1:] == [True, "198.51.100.2"]


def test_of_several_the_asked_one_runs_and_the_others_are_folded(site, browser):
    asked = block(site, SEVERAL, "spam")
    url = f"{site.where}?ip={SEVERAL}&ref={asked['ref']}"
    answer = browser.look(url, width=390, height=844)
    assert re.search(r"in (5\d min|1 h)", plain(answer["text"]))
    assert answer["html"].count("<details open>") == 1
    seen = browser.look(url, width=390, height=9000)["visible"]
    assert sum("Until" in line for line in seen) == 3
    # One asked after an hour: two of them left to run.
    last = cards(browser, url, {"forward": "01:00:10"})[-1]
    assert last["kind"] == "verdict note"


# ---- passing on ----

BUTTONS = "[...document.querySelectorAll('button[data-done]')]"


@pytest.mark.parametrize("language", languages())
def test_everything_to_be_passed_on_is_copied_by_a_key(site, browser, language):
    """Link, error message and mail: by keyboard, heard, and turned back."""
    ban = block(site, LONG)
    url = f"{site.where}?ip={LONG}&ref={ban['ref']}&lang={language}"
    page = browser.look(url)
    report = html.unescape(re.search(
        r'<pre id="report"[^>]*>(.*?)</pre>', page["html"], re.S)[1])
    wanted = [f"https://postmaster.example.fr/?ip={LONG}&ref={ban['ref']}",
              ban["reply"], report]
    for number, want in enumerate(wanted):
        button = f"{BUTTONS}[{number}]"
        label = f"{button}.innerText"
        said = "document.querySelector('#said').innerText"
        values = browser.look(
            url, clock=True, permissions=CLIPBOARD, steps=[
                {"tell": label}, {"tell": f"{button}.focus()"},
                {"key": "Enter"},
                {"until": "document.querySelector('#said').textContent"},
                {"tell": "navigator.clipboard.readText()"},
                {"tell": label}, {"tell": said},
                {"tell": f"document.activeElement === {button}"},
                {"forward": "00:00:04"}, {"tell": label}, {"tell": said}],
            picture=f"copied-{language}")["values"]
        before, _, copied, done, heard, focused, after, silence = values
        assert copied == want
        assert done == heard == Words(language).phrase["copied"]
        assert before == after != done and silence == ""
        assert focused


def test_without_a_clipboard_it_is_copied_the_old_way(site, browser):
    values = browser.look(
        f"{site.where}?ip={LONG}", steps=[
            {"tell": "navigator.clipboard.writeText = () => Promise.reject()"},
            {"tell": """document.execCommand = (what) => {
                window.was = getSelection().toString() ||
                    document.activeElement.value;
                return true; }"""},
            {"tell": f"{BUTTONS}[0].click()"},
            {"until": "document.querySelector('#said').textContent"},
            {"tell": "window.was"},
            {"tell": f"document.activeElement === {BUTTONS}[0]"}])["values"]
    assert values[-2:] == [
        f"https://postmaster.example.fr/?ip={LONG}", True]


def test_it_is_sent_to_the_provider_by_mail_or_shared(site, browser):
    ban = block(site, LONG)
    url = f"{site.where}?ip={LONG}&ref={ban['ref']}"
    link = browser.look(url, steps=[{"tell": """
        document.querySelector("a.share").href"""}])["values"][0]
    mail = urllib.parse.parse_qs(urllib.parse.urlsplit(link).query)
    assert link.startswith("mailto:?") and ban["reply"] in mail["body"][0]
    shared = browser.look(
        url, script="""navigator.share = (what) => {
            window.shared = what; return Promise.resolve(); };""",
        steps=[{"click": "a.share"}, {"tell": "window.shared"}])["values"][0]
    assert shared == {"title": mail["subject"][0], "text": mail["body"][0]}


def test_what_is_in_the_field_is_typed_over(site, browser):
    values = browser.look(f"{site.where}?ip={LONG}", steps=[
        {"tell": "document.getElementById('ip').focus()"},
        {"tell": "getSelection().toString()"}])["values"]
    assert values[1] == LONG
