"""What the page says of a block's cause and of the next one is what happens:
the numbers are those that were counted, and whoever does the same again at its
end is blocked for as long as was said."""

import json
import os
import random
import re
import sqlite3
import subprocess
import time

import pytest

from website import BUILD, Website

DAY, HOUR = 86400, 3600
IP = "192.0.2.7"

# How long each block lasts that the page says comes next.
NEXT = re.compile(r"(?:the next block will (?:also )?last|"
                  r"A block like this always lasts) (\d+ [a-z]+)")


def length(text):
    """Seconds of "16 h", "1 min" or "3 d"."""
    number, unit = text.split()
    return int(number) * {"min": 60, "h": HOUR, "d": DAY}[unit]


class Blocked(Website):
    """A website whose blocks are as old as the test wants."""

    def follow(self, policy, text=None):
        """Use a policy, shipped or of this text."""
        if text is not None:
            os.makedirs(f"{self.folder}/policies", exist_ok=True)
            with open(f"{self.folder}/policies/{policy}.conf", "w",
                      encoding="utf-8") as file:
                file.write(text)
        with open(self.conf, "a", encoding="utf-8") as file:
            file.write(f'policy = "{policy}"\n')

    def offend(self, kind, times, ago=0, ip=IP):
        """So many offences, so many seconds ago."""
        line = f"{kind} {ip} --at @{int(time.time() - ago)}\n"
        subprocess.run([f"{BUILD}/videur", "-c", self.conf, "report", "-"],
                       input=line * times, check=True, text=True,
                       stdout=subprocess.DEVNULL, timeout=60)

    def age(self, seconds):
        """All that is stored is so much older."""
        with sqlite3.connect(self.database) as base:
            base.execute("UPDATE ban SET begins = begins - ?1,"
                         " ends = ends - ?1", (seconds,))
            base.execute("UPDATE event SET at = at - ?", (seconds,))
            base.execute("UPDATE mark SET at = at - ?", (seconds,))
            base.execute("UPDATE tally SET hour = hour - ?",
                         (seconds // HOUR * HOUR,))
        base.close()

    def newest(self):
        """The ban that began last."""
        bans = json.loads(self.videur("list", "--all", "--json"))
        return max(bans, key=lambda ban: ban["begins"])

    def cause(self, ref):
        """What the command tells of a ban."""
        story = json.loads(self.videur("explain", IP, "--json"))
        return next(cause for cause in story["causes"] if cause["ref"] == ref)

    def said(self):
        """The page, as who has the reference reads it."""
        return self.ask(f"/?ip={IP}&ref={self.newest()['ref']}&lang=en")


@pytest.fixture
def site(tmp_path):
    one = Blocked(tmp_path)
    yield one
    one.close()


def lasts(ban):
    """Seconds."""
    begins, ends = (time.mktime(time.strptime(ban[name],
                                              "%Y-%m-%dT%H:%M:%SZ"))
                    for name in ("begins", "ends"))
    return int(ends - begins)


def assert_the_next_is_as_was_said(site, kind, times):
    """Page and command say how long the next block lasts; when this one ends
    the same is done again, and it lasts that long."""
    before = site.newest()
    words = site.said().words
    told = {length(text) for text in NEXT.findall(words)}
    assert len(told) == 1, words
    assert {site.cause(before["ref"])["next"]} == told
    ends = time.strptime(before["ends"], "%Y-%m-%dT%H:%M:%SZ")
    site.age(int(time.mktime(ends) - time.mktime(time.gmtime())) + 1)
    ended = site.said().words
    site.offend(kind, times)
    after = site.newest()
    assert after["ref"] != before["ref"]
    assert {lasts(after)} == told, (before, after)
    return ended


def test_blocks_that_are_forgotten_by_then_are_no_steps(site):
    for ago in 89.9 * DAY, 60 * DAY, 30 * DAY, 0:
        site.offend("helo", 20, ago)
    site.start()
    assert "the next block will also last 16 h" in site.said().words
    assert "Only blocks of the last 90 d count" in site.said().words
    assert "step 4, 16h" in site.videur("explain", IP)
    ended = assert_the_next_is_as_was_said(site, "helo", 20)
    assert "the next block lasts 16 h" in ended or (
        "the next block will last 16 h" in ended)


@pytest.mark.parametrize("policy", ["franceserv", "sfr", "laposte", "orange"])
def test_under_every_policy_the_next_is_as_was_said(site, policy):
    site.follow(policy)
    site.start()
    for kind in "virus", "spam", "helo", "sender", "recipient":
        for ago in 40 * DAY, 20 * DAY, 0:
            site.offend(kind, 24, ago)
        if not json.loads(site.videur("list", "--json")):
            continue  # no rule of the policy counts it
        assert_the_next_is_as_was_said(site, kind, 24)
        site.videur("clear", IP, "--mistake")
        site.age(100 * DAY)


def test_a_rule_of_one_length_beside_others_of_its_reason(site):
    site.follow("orange")
    site.offend("sender", 24)
    site.start()
    words = site.said().words
    assert "A block like this always lasts 2 h." in words
    assert "If the cause is another one, it lasts at most 4 h." in words


@pytest.mark.parametrize("seed", range(12))
def test_under_any_policy_the_next_is_as_was_said(site, seed):
    chance = random.Random(seed)
    memory = chance.choice([2, 30, 90])
    kinds = ["helo", "relay", "sender"]
    text = f"memory = {memory}d\n"
    for kind in kinds:
        steps = sorted(chance.sample(range(1, 24), chance.randint(1, 5)))
        text += (
            f'rule "{kind}" {{ events = {{{kind}}} limit = 1 within = 1h '
            f'reason = {chance.choice(["error", "volume"])} service = mx '
            f'ban = {{{", ".join(f"{step}h" for step in steps)}}} '
            'reply = "550 5.7.1 Too many errors" }\n')
    site.follow("mine", text)
    site.start()
    for ago in sorted((chance.uniform(0.1, memory * 1.2)
                       for _ in range(chance.randint(0, 7))), reverse=True):
        site.offend(chance.choice(kinds), 1, ago * DAY)
    last = chance.choice(kinds)
    site.offend(last, 1)
    while json.loads(site.videur("list", "--json"))[0]["rule"] != last:
        site.age(DAY)  # another one of its reason held
        site.offend(last, 1)
    assert_the_next_is_as_was_said(site, last, 1)


def test_what_was_counted_is_told_to_those_who_may_see(site):
    site.offend("relay", 3)
    site.offend("helo", 17)
    site.start()
    page = site.said()
    assert "What we counted within 1 h 17 × " in page.words
    assert re.search(r"<dd>3 × [^<]*relay", page.text)
    assert "unknown or" not in page.words.split("What to do")[1]
    assert "Make sure" in page.words or "reverse DNS" in page.words
    assert "time-out" not in page.words and "timeouts" not in page.words
    cause = site.cause(site.newest()["ref"])
    assert cause["counted"] == {"helo": 17, "relay": 3}
    assert cause["within"] == HOUR
    assert "17 helo and 3 relay in 1h, next 4h" in " ".join(
        site.videur("explain", IP).split())
    stranger = site.ask(f"/?ip={IP}&lang=en").words
    assert "What this rule counts" in stranger and "×" not in stranger


def test_one_kind_alone_is_named_as_the_cause(site):
    site.offend("helo", 20)
    site.start()
    assert "no HELO or EHLO" in site.said().words
    assert "no HELO or EHLO" not in site.ask(f"/?ip={IP}&lang=en").words


@pytest.mark.parametrize("change", [
    "DELETE FROM event",  # forgotten
    "UPDATE event SET at = at - 864000",
    "INSERT INTO mark (client, reason, key, at)"
    " SELECT client, reason, '', ends - 1 FROM ban",  # counted anew since
])
def test_of_what_is_forgotten_no_number_is_said(site, change):
    site.offend("helo", 20)
    with sqlite3.connect(site.database) as base:
        base.execute(change)
    base.close()
    site.start()
    words = site.said().words
    assert "×" not in words and "What we counted within" not in words
    assert "What we saw before it missing or invalid HELO or EHLO" in words
    assert site.cause(site.newest()["ref"])["counted"] == {}


def test_what_happened_later_is_not_counted(site):
    site.offend("helo", 20, 3 * HOUR)
    ref = site.newest()["ref"]
    site.offend("helo", 5)
    site.offend("relay", 5)
    site.start()
    story = json.loads(site.videur("explain", IP, "--json"))
    assert {cause["ref"]: cause["counted"] for cause in story["causes"]} == {
        ref: {"helo": 20}}


def test_a_user_who_logs_in_after_it_takes_back_the_numbers_only(site):
    site.offend("auth", 10, 60)
    with sqlite3.connect(site.database) as base:
        base.execute("INSERT INTO mark (client, reason, key, at)"
                     " VALUES (?, 'auth', 'k', ?)", (IP, int(time.time()) - 30))
    base.close()
    site.start()
    assert "failed logins" in site.said().words
    assert "× failed logins" not in site.said().words


NETWORK = "2001:db8:1:100::/56"


def together(site, lines):
    """What clients of one network do within a clock hour, which is over."""
    at = f"--at @{int(time.time()) // HOUR * HOUR - 600}"
    subprocess.run([f"{BUILD}/videur", "-c", site.conf, "report", "-"],
                   input="".join(f"{line} {at}\n" for line in lines),
                   check=True, text=True, stdout=subprocess.DEVNULL,
                   timeout=60)
    ban = site.newest()
    assert ban["client"] == NETWORK
    story = json.loads(site.videur("explain", "2001:db8:1:1ff::1", "--json"))
    (cause,) = [cause for cause in story["causes"]
                if cause["ref"] == ban["ref"]]
    facts = " ".join(site.ask(f"/?ip=2001:db8:1:1ff::1&ref={ban['ref']}"
                              "&lang=en").words.split())
    return cause, facts


def test_of_a_network_it_is_told_what_its_clients_did_together(site):
    site.start()
    cause, facts = together(site, [
        f"{'complaint' if i % 5 == 4 else 'spam'} 2001:db8:1:10{i // 4}::1"
        for i in range(25)])
    assert cause["counted"] == {"spam": 20, "complaint": 5}
    assert (cause["together"], cause["within"]) == (25, HOUR)
    assert ("What we counted within 1 h 25 in all, by several clients of this "
            "network together 20 × messages recognised as spam 5 × complaints"
            ) in facts
    assert "20 spam and 5 complaint together in 1h" in " ".join(
        site.videur("explain", "2001:db8:1:1ff::1").split())
    french = site.ask(f"/?ip=2001:db8:1:1ff::1&ref={cause['ref']}&lang=fr")
    assert "25 en tout, par plusieurs clients" in french.words


def test_of_what_a_network_did_numbers_are_told_that_add_up(site):
    """One user's or recipient's events do not all count, and some may be
    gone: then there is no number for each kind, but the sum."""
    site.start()
    lines = [f"{'relay' if i < 40 else 'helo'} 2001:db8:1:1{i // 16:02x}::1"
             for i in range(100)]
    cause, facts = together(site, lines)
    assert cause["counted"] == {"helo": 60, "relay": 40}
    with sqlite3.connect(site.database) as base:
        base.execute("DELETE FROM event WHERE kind = 'helo' AND id % 2 = 0")
    base.close()
    ref = cause["ref"]
    facts = site.ask(f"/?ip=2001:db8:1:1ff::1&ref={ref}&lang=en").words
    assert "100 in all, by several clients" in facts
    assert "×" not in facts and "attempts to relay" in facts
    assert "100 together in 1h" in " ".join(
        site.videur("explain", "2001:db8:1:1ff::1").split())


def test_of_a_network_strangers_are_told_what_the_rule_counts(site):
    site.start()
    together(site, [f"spam 2001:db8:1:10{i // 4}::1" for i in range(25)])
    words = site.ask("/?ip=2001:db8:1:1ff::1&lang=en").words
    assert "What this rule counts" in words and "in all" not in words


def test_of_a_network_whose_hours_are_forgotten_no_number_is_said(site):
    with open(site.conf, "a", encoding="utf-8") as conf:
        conf.write("keep { events = 1d tallies = 31d }\n")
    site.start()
    together(site, [f"spam 2001:db8:1:10{i // 4}::1" for i in range(25)])
    site.age(2 * DAY)
    ref = site.newest()["ref"]
    ended = site.ask(f"/?ip=2001:db8:1:1ff::1&ref={ref}&lang=en").words
    assert ref in ended and "in all" not in ended


# ---- by hand ----

SAY = "It relays for <b>strangers</b> & \u201cothers\u201d."


def test_what_the_administrator_says_is_read_by_all(site):
    site.videur("ban", IP, "2d", "--say", SAY, "--note", "secret")
    site.start()
    for lang in "en", "fr":
        page = site.ask(f"/?ip={IP}&lang={lang}")
        assert SAY in page.words and "<b>strangers" not in page.text
        assert "secret" not in page.text
    words = site.ask(f"/?ip={IP}&lang=en").words
    assert "Blocked by the administrator" in words
    assert "To ask why, write to" in words and "we are wrong" not in words
    assert "except from users who log in" in words
    assert "What this rule counts" not in words
    answer = site.ask(f"/api/v1/ip/{IP}").text
    assert json.loads(answer)["bans"][0]["say"] == SAY
    assert "secret" not in answer
    assert json.loads(site.videur("list", "--json"))[0]["say"] == SAY
    assert json.loads(site.videur("explain", IP, "--json"))[
        "bans"][0]["say"] == SAY
    assert SAY in " ".join(site.videur("explain", IP).split())


def test_a_longer_word_takes_the_place_of_an_older_one(site):
    site.videur("ban", IP, "2d", "--say", "one")
    site.videur("ban", IP, "3d", "--say", "two", "--note", "x")
    site.videur("ban", IP, "4d")
    bans = json.loads(site.videur("list", "--json"))
    assert [(ban["say"], ban["note"]) for ban in bans] == [("two", "x")]


def test_blocks_by_hand_have_headings_of_their_own(site):
    site.videur("ban", "192.0.2.0/24", "2d", "--reason", "spam",
                "--force")
    site.videur("ban", IP, "1d", "--reason", "auth")
    site.videur("ban", IP, "3d")
    site.start()
    page = site.ask(f"/?ip={IP}&lang=en")
    headings = [re.sub("<[^>]*>", "", heading) for heading in
                re.findall(r"<summary><h2>(.*?)</h2>", page.text)]
    assert headings == ["Blocked by the administrator",
                        "Blocked by the administrator: Spam "
                        "(all of 192.0.2.0/24)",
                        "Blocked by the administrator: Failed logins"]


def test_what_was_lifted_as_a_mistake_does_not_count(site):
    site.offend("helo", 20)
    ref = site.newest()["ref"]
    site.videur("clear", IP, "--mistake")
    site.start()
    words = site.ask(f"/?ip={IP}&ref={ref}&lang=en").words
    assert f"The block {ref} was lifted by our administrator" in words
    assert "It was a mistake of ours and does not count." in words
    assert "If it happens again" not in words
    assert "il ne compte pas" in site.ask(f"/?ip={IP}&ref={ref}&lang=fr").words


def test_a_reputation_is_poor_for_what_made_it_so(site):
    site.offend("helo", 20)
    site.start()
    assert "much of what came from it was unwanted" in site.said().words
    assert "blocked more than once" not in site.said().words
    site.age(20 * DAY)
    site.offend("helo", 20)
    assert "it was blocked more than once." in site.said().words
