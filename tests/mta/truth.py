"""What a banned client is told, and that everybody tells it alike."""

import datetime
import html
import json
import re
from dataclasses import dataclass

from smtp import Session

SAYING = re.compile(
    r"(?P<code>\d{3}) (?P<enhanced>\d\.\d\.\d) (?P<phrase>[^\[\]]+)"
    r" \[(?P<address>[0-9a-f.:]+)\], blocked until"
    r" (?P<until>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)(?: with all of \S+)?\."
    r" See (?P<url>\S+)\?ip=(?P<ip>[0-9a-f.:]+)&ref=(?P<ref>[0-9A-Z]{6})")

ERRORS = "550 5.7.1 Too many errors from your IP"
SPAMS = "500 5.7.1 Too many spams/virus from your IP"
LOGINS = "530 5.7.0 Too many authentication errors from your IP"

# Under which heading the page tells of a ban.
HEADING = {
    "spam": "Spam was sent from this address",
    "virus": "A virus was sent from this address",
    "auth": "Too many failed logins from this address",
    "error": "Too many mail errors from this address",
}

HOUR = 3600

# How long the next block lasts, by the page.
NEXT = re.compile(r"(?:the next block will (?:also )?last|"
                  r"A block like this always lasts) (\d+) (min|h|d)\b")


def seconds(text):
    """Seconds since the epoch of "2026-11-21T18:05:42Z"."""
    return int(datetime.datetime.strptime(
        text, "%Y-%m-%dT%H:%M:%SZ").replace(
            tzinfo=datetime.timezone.utc).timestamp())


def nexts(page):
    """The seconds that the page says the next block lasts."""
    unit = {"min": 60, "h": HOUR, "d": 24 * HOUR}
    return {int(number) * unit[name]
            for number, name in NEXT.findall(" ".join(page.split()))}


@dataclass
class Told:
    """A refusal, taken apart."""
    line: str
    fixed: str  # code, enhanced code and phrase
    address: str
    until: str
    url: str
    ip: str
    ref: str


def understand(reply):
    """Take a refusal apart; anything else than one is a failure."""
    match = SAYING.fullmatch(str(reply))
    assert match, f"no refusal: {reply!r}"
    said = match.groupdict()
    fixed = f"{said['code']} {said['enhanced']} {said['phrase']}"
    return Told(str(reply), fixed, said["address"], said["until"],
                said["url"], said["ip"], said["ref"])


def hear(port, address):
    """Come in from an address and hear the refusal that stops a mail to an
    existing recipient; a mail that is not stopped is a failure."""
    with Session(port, address) as session:
        reply = session.mail()
        if reply.code == 250:
            reply = session.rcpt()
        return understand(reply)


def the_ban(bans, ref):
    """The one entry with that ref."""
    found = [ban for ban in bans if ban["ref"] == ref]
    assert len(found) == 1, (ref, bans)
    return found[0]


def assert_one_truth(world, address, fixed, reason, step, lasts, port=None):
    """SMTP reply, command, API and page say the same of an address: the same
    reply, end, ref, reason and step; gives back what the sender was told."""
    house = world.house
    told = hear(port or world.mx, address)
    assert told.fixed == fixed
    assert told.address == told.ip == address
    assert told.url == house.url
    assert_programs_agree(house, address, told, reason, step, lasts)
    assert_strangers_are_not_told(house, address, told)
    assert_people_are_told(house, address, told, reason, step)
    return told


def assert_programs_agree(house, address, told, reason, step, lasts):
    """What programs read: list, check, explain and the API."""
    answer = house.api(address, told.ref)
    assert answer["ip"] == address and answer["listed"] is True
    ends = [ban["ends"] for ban in answer["bans"]]
    assert ends == sorted(ends, reverse=True)
    checked = house.json("check", address, "--json")
    assert checked["bans"] == [
        {key: ban[key] for key in checked["bans"][0] if key in ban}
        for ban in answer["bans"]]
    served = the_ban(answer["bans"], told.ref)
    assert served["reply"] == told.line
    assert served["temporary"] == told.line.startswith("4")
    assert served["service"] in (
        ["submission", "any"] if reason == "auth" else ["mx", "any"])
    listed = the_ban(house.list(), told.ref)
    story = house.json("explain", address, "--json")
    explained = the_ban(story["bans"], told.ref)
    assert served["next"] == the_cause(story, told.ref).get("next")
    assert (served["next"] is None) == (step == 0)
    for ban in (served, listed, explained):
        assert ban["reason"] == reason
        assert ban["step"] == step
        assert ban["ends"] == told.until
        assert seconds(ban["ends"]) - seconds(ban["begins"]) == lasts
    assert listed["cleared"] is None and listed["observed"] is False
    assert listed["reply"].startswith(told.fixed + " [")


def assert_strangers_are_not_told(house, address, told):
    """Who neither comes from there nor brings the ref is not told it."""
    answer = house.api(address)
    assert answer["listed"] is True
    assert [ban["ref"] for ban in answer["bans"]] \
        == [None] * len(answer["bans"])
    assert told.until in [ban["ends"] for ban in answer["bans"]]
    for said in json.dumps(answer), house.page(address):
        assert told.ref not in said


def assert_people_are_told(house, address, told, reason, step):
    """What people read: `check`, `list`, and the page in both languages."""
    until = told.until.replace("T", " ").replace("Z", " UTC")
    done = house.run("check", address)
    assert done.returncode == 1, done.stdout
    # A sentence, whose lines are broken at blanks; of several a table.
    (line,) = [row for row in done.stdout.splitlines()
               if row.split()[:1] == [told.ref]
               ] or [" ".join(done.stdout.split())]
    words = ([told.ref, reason, str(step) if step else "hand"]
             if line.split()[0] == told.ref else
             [address, until, f"ref {told.ref}", f"reason {reason}",
              f"step {step}" if step else "by hand"])
    for word in words:
        assert word in line, (word, done.stdout)
    assert until[:len("2026-11-21 18:05")] in house.videur("list")
    heading = "Blocked by the administrator" if step == 0 else HEADING[reason]
    cause = the_cause(house.json("explain", address, "--json"), told.ref)
    for language, headings in (("en", [heading]), ("fr", [])):
        page = house.page(address, language, told.ref)
        section = the_section(page, told.ref)
        for words in (told.line, *headings):
            assert words in section, (language, words, section)
        # The end of the block that is asked for stands on top.
        (verdict,) = [part for part in page.split("<section")
                      if part.startswith(' class="verdict')]
        assert f'datetime="{told.until}"' in verdict + section
        begins = the_ban(house.list(), told.ref)["begins"]
        assert f'datetime="{begins}"' in verdict + section
        # What comes next: as long as programs read it.
        following = cause.get("next")
        if language == "en":
            assert nexts(section) == ({following} if following else set())
        if step:
            assert step in marked_steps(section), section
        # What was counted, and its numbers: those that `explain` knows.
        assert sorted(cause.get("counted", {}).values()) == sorted(
            int(number.replace("\u202f", ""))
            for number in re.findall(r"<dd>([\d\u202f]+) × ", section))


def the_cause(story, ref):
    """What `explain` tells beside a ban: why it began and what comes next."""
    return next((cause for cause in story["causes"] if cause["ref"] == ref),
                {})


def marked_steps(section):
    """Which steps the marked one of the row stands for; all of them where
    every ban lasts as long, and there is no row."""
    if 'class="steps"' not in section:
        return range(1, 1000)
    (row,) = re.findall(r'<ol class="steps">(.*?)</ol>', section, re.DOTALL)
    places = row.split("<li")[1:]
    (now,) = [number for number, place in enumerate(places, 1)
              if 'aria-current="step"' in place]
    return range(now, now + 1) if now < len(places) else range(now, 1000)


def the_section(page, ref):
    """The part of the page that tells of one ban, its text unescaped."""
    found = [html.unescape(section) for section in page.split("<section")
             if f"<code>{ref}</code>" in section]
    assert len(found) == 1, (ref, page)
    return found[0]


def assert_clear(world, address, port=None):
    """Nobody has anything against an address."""
    with Session(port or world.mx, address) as session:
        assert session.mail().code == 250
        assert session.rcpt().code == 250
    assert world.house.run("check", address).returncode == 0
    answer = world.house.api(address)
    assert answer["listed"] is False and answer["bans"] == []


def assert_ended(world, address, ref):
    """A block that is over: mail comes in, nobody lists the address, and who
    brings the ref is told of the same block by page and command."""
    house = world.house
    ban = the_ban(house.bans(address), ref)
    assert_clear(world, address)
    story = house.json("explain", address, "--json")
    explained = the_ban(story["bans"], ref)
    over = ban["cleared"] or ban["ends"]
    for told in (ban, explained):
        assert (told["cleared"] or told["ends"]) == over
        assert told["reason"] == ban["reason"]
    page = house.page(address, ref=ref)
    assert f"<code>{ref}</code>" in page
    assert f'datetime="{over}"' in page
    assert ("was lifted" in page) == (ban["cleared"] is not None)
    # What the next one comes to, if it happens again now.
    if ban["step"] > 0 and "does not count" not in page:
        assert nexts(page) == {rule["next"] for rule in story["rules"]
                               if rule["rule"] == ban["rule"]}
    assert ref not in house.page(address)
