"""The end of a block as an entry for a calendar."""

import html
import json
import re
import time

import pytest

from website import wait_for

NAME = re.compile(r"[A-Z-]+")
STAMP = re.compile(r"\d{8}T\d{6}Z")


def unfolded(body):
    """The lines of a text, which are as long as RFC 5545 3.1 lets them be."""
    assert body.endswith(b"\r\n")
    lines = body[:-2].split(b"\r\n")
    for line in lines:
        assert b"\r" not in line and b"\n" not in line
        assert 0 < len(line) <= 75
        line.decode("utf-8")  # no character is parted
    assert not lines[0].startswith(b" ")
    whole = []
    for line in lines:
        if line.startswith(b" "):
            whole[-1] += line[1:]
        else:
            whole.append(line)
    return [line.decode("utf-8") for line in whole]


def value_of(text):
    """TEXT as it was before it was escaped (3.3.11)."""
    out, at = "", 0
    while at < len(text):
        if text[at] == "\\":
            assert text[at + 1] in "\\;,nN", text
            out += "\n" if text[at + 1] in "nN" else text[at + 1]
            at += 2
            continue
        assert text[at] not in ";,", text
        assert text[at] >= " ", text
        out += text[at]
        at += 1
    return out


def read(body):
    """{component: {property: value}} of one event with one alarm."""
    found, open_now = {}, []
    for line in unfolded(body):
        name, _, value = line.partition(":")
        assert NAME.fullmatch(name), line
        if name == "BEGIN":
            open_now.append(value)
            assert value not in found
            found[value] = {}
        elif name == "END":
            assert open_now.pop() == value
        else:
            here = found[open_now[-1]]
            assert name not in here, line
            here[name] = value if name in ("URL", "DTSTAMP", "DTSTART") \
                else value_of(value)
    assert not open_now
    assert list(found) == ["VCALENDAR", "VEVENT", "VALARM"]
    assert found["VCALENDAR"]["VERSION"] == "2.0"
    assert found["VCALENDAR"]["PRODID"]
    event = found["VEVENT"]
    for name in "UID", "DTSTAMP", "DTSTART", "SUMMARY", "DESCRIPTION":
        assert event[name], name
    assert STAMP.fullmatch(event["DTSTAMP"])
    assert STAMP.fullmatch(event["DTSTART"])
    assert found["VALARM"] == {"ACTION": "DISPLAY", "TRIGGER": "PT0S",
                               "DESCRIPTION": event["SUMMARY"]}
    return event


def bans_of(site, client):
    """What the administrator sees, the last to end first."""
    return sorted((ban for ban in json.loads(site.videur("list", "--json"))
                   if ban["client"] == client),
                  key=lambda ban: ban["ends"], reverse=True)


def compact(moment):
    """The same moment as calendars write it."""
    return moment.replace("-", "").replace(":", "")


def test_an_entry_for_the_last_end(shown):
    """Of two blocks; a stranger is told no reference."""
    answer = shown.ask("/?ip=192.0.2.7&as=ics")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "mail.ics" in answer.headers["Content-Disposition"]
    event = read(answer.body)
    bans = bans_of(shown, "192.0.2.7")
    assert len(bans) == 2
    assert event["DTSTART"] == compact(bans[0]["ends"])
    assert event["SUMMARY"] == "Mail from 192.0.2.7 is accepted again"
    assert event["URL"] == "https://postmaster.example.fr/?ip=192.0.2.7"
    assert event["DESCRIPTION"] == (
        "Send the messages that were returned to you again.\n"
        + event["URL"])
    for ban in bans:
        assert ban["ref"] not in answer.text


def test_the_reference_stays_with_who_brings_it(shown):
    ref = bans_of(shown, "192.0.2.7")[1]["ref"]
    event = read(shown.ask(f"/?ip=192.0.2.7&ref={ref.lower()}&as=ics").body)
    assert event["URL"].endswith(f"/?ip=192.0.2.7&ref={ref}")
    alone = read(shown.ask(f"/?ref={ref}&as=ics&ip=").body)
    assert alone["UID"] == event["UID"]


def test_the_entry_is_the_same_one_later(shown):
    """So that it takes the place of the first; another block's is another."""
    one = read(shown.ask("/?ip=192.0.2.7&as=ics").body)
    seen = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    wait_for(lambda: time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) > seen,
             5, "a second is over")
    two = read(shown.ask("/?ip=192.0.2.7&as=ics&lang=fr").body)
    other = read(shown.ask("/?ip=192.0.2.9&as=ics").body)
    assert two["DTSTAMP"] > one["DTSTAMP"]
    assert (two["UID"], two["DTSTART"]) == (one["UID"], one["DTSTART"])
    assert other["UID"] != one["UID"]


@pytest.mark.parametrize("asked", [
    "?ip=2001:db8:0:1::7&as=ics", "?ip=203.0.113.99&as=ics",
    "?as=ics&ip=%5B192.0.2.9%5D"])
def test_any_listed_address_has_one(shown, asked):
    assert read(shown.ask("/" + asked).body)["DTSTART"]


def test_it_speaks_the_visitors_language(shown):
    answer = shown.ask("/?ip=192.0.2.9&as=ics", Accept_Language="fr")
    assert answer.headers["Content-Language"] == "fr"
    assert "acceptés" in read(answer.body)["SUMMARY"]


def test_ones_own_entry(shown):
    event = read(shown.ask("/?as=ics", X_Forwarded_For="192.0.2.9").body)
    assert "192.0.2.9" in event["SUMMARY"]


@pytest.mark.parametrize("asked, status, words", [
    ("/?ip=198.51.100.9&as=ics", 404, "198.51.100.9 is not blocked"),
    ("/?ip=198.51.100.66&as=ics", 404, "is not blocked"),
    ("/?ip=x&as=ics", 400, "not an IP address"),
    ("/?ip=192.0.2.0/24&as=ics", 400, "single address"),
])
def test_without_a_block_there_is_none(shown, asked, status, words):
    answer = shown.ask(asked)
    assert answer.status == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert words in answer.words


def test_the_page_leads_to_it(shown):
    ref = bans_of(shown, "192.0.2.7")[0]["ref"]
    page = shown.ask(f"/?ip=192.0.2.7&ref={ref}&lang=fr").text
    link = html.unescape(re.search(r'href="\./(\?[^"]*as=ics)"', page)[1])
    answer = shown.ask("/" + link)
    assert ref in read(answer.body)["URL"]
    assert answer.headers["Content-Language"] == "fr"
    assert "as=ics" not in shown.ask("/?ip=198.51.100.9").text


def test_what_else_is_asked_for_is_the_page(shown):
    answer = shown.ask("/?ip=192.0.2.7&as=pdf")
    assert answer.headers["Content-Type"].startswith("text/html")


def test_an_owners_words_are_escaped(empty, tmp_path):
    """And folded between characters, whatever they are."""
    folder = tmp_path / "templates"
    folder.mkdir()
    words = "a,b;c\\d " + "é€𝄞," * 60 + "{{ip}}"
    (folder / "en.phrases").write_text(f"calendar-summary = {words}\n",
                                       encoding="utf-8")
    empty.configure(more=f'templates = "{folder}"')
    empty.videur("ban", "192.0.2.7", "2h")
    empty.start()
    event = read(empty.ask("/?ip=192.0.2.7&as=ics").body)
    assert event["SUMMARY"] == words.replace("{{ip}}", "192.0.2.7")
