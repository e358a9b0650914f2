"""explain: the whole story of an address."""

import re
import subprocess

from conftest import DAY, HOUR, at, flat, local, minute, now, seconds


ADDRESS = "203.0.113.7"


def rule(story, name):
    return next(rule for rule in story["rules"] if rule["rule"] == name)


def test_nothing_is_known_of_a_stranger(house):
    house.do("ban", "203.0.113.8", "2h")
    assert house.do("explain", "203.0.113.7", status=1) == (
        "nothing is known of 203.0.113.7\n")
    story = house.json("explain", "203.0.113.7", status=1)
    assert story["ip"] == "203.0.113.7" and story["bans"] == []
    assert story["events"] == [] and story["listed"] is False


def test_events_are_told_by_kind_and_source(house):
    for ago in (500, 400, 300):
        house.do("report", "recipient", "203.0.113.7", "--at", at(ago))
    house.do("report", "helo", "203.0.113.7")
    events = {event["kind"]: event
              for event in house.json("explain", "203.0.113.7")["events"]}
    assert events["recipient"]["count"] == 3
    assert events["recipient"]["source"] == "report"
    assert 195 <= (seconds(events["recipient"]["last"]) -
                   seconds(events["recipient"]["first"])) <= 205
    assert events["helo"]["count"] == 1
    said = house.do("explain", "203.0.113.7")
    assert re.search(r"^  recipient +report +3 ", said, re.M)
    assert minute(events["helo"]["last"]) in said


def test_events_that_are_forgotten_are_not_told(house):
    house.do("report", "helo", "203.0.113.7", "--at", at(40 * DAY))
    house.do("explain", "203.0.113.7", status=1)


def test_each_rule_tells_what_it_counted_of_how_many(house):
    for _ in range(12):
        house.do("report", "recipient", "203.0.113.7")
    story = house.json("explain", "203.0.113.7")
    counted = rule(story, "dictionary")
    assert (counted["counted"], counted["need"]) == (12, 20)
    assert rule(story, "errors")["counted"] == 0
    assert counted["steps"] == 0 and counted["next"] == 2 * HOUR
    assert counted["forgets"] is None
    assert re.search(r"^  dictionary +error +12 of 20 in 1h +step 1, 2h +-\n"
                     r" +0 accepted, ratio 0\.5$",
                     house.do("explain", "203.0.113.7"), re.M)


def test_what_was_accepted_raises_how_many_are_needed(house):
    house.do("report", "recipient", "203.0.113.7")
    hour = now() - now() % HOUR
    # The next hour too, should it begin meanwhile.
    for start in (hour - HOUR, hour, hour + HOUR):
        house.sql("INSERT INTO tally (client, hour, recipients, messages,"
                  " accepted) VALUES ('203.0.113.7', ?, 50, 40, 40)"
                  " ON CONFLICT DO UPDATE SET recipients = 50,"
                  " messages = 40, accepted = 40", start)
    story = house.json("explain", "203.0.113.7")
    counted = rule(story, "dictionary")
    assert counted["accepted"] == 100 and counted["need"] == 100
    assert rule(story, "spam")["accepted"] == 80
    messages = story["tally"]["messages"]
    recipients = story["tally"]["recipients"]
    assert (messages, recipients) in ((80, 100), (120, 150))
    said = house.do("explain", "203.0.113.7")
    assert f"{messages} messages" in said
    assert f"{recipients} recipients accepted" in flat(said)


def test_steps_tell_the_next_ban_and_when_they_are_forgotten(house):
    for ago in (6 * DAY, 3 * DAY):
        for _ in range(5):
            house.do("report", "spam", "203.0.113.7", "--at", at(ago))
    story = house.json("explain", "203.0.113.7")
    spam = rule(story, "spam")
    assert spam["steps"] == 2 and spam["next"] == 12 * HOUR
    newest = max(ban["begins"] for ban in story["bans"])
    assert seconds(spam["forgets"]) == seconds(newest) + 90 * DAY
    assert story["forgotten"]["steps"] == spam["forgets"]
    said = house.do("explain", "203.0.113.7")
    assert "step 3, 12h" in said
    assert local(spam["forgets"]) in said


def test_all_bans_are_told_with_their_refs(house):
    house.do("report", "virus", "203.0.113.7", "--at", at(3 * DAY))
    house.do("ban", "203.0.113.7", "2h", "--note", "first")
    house.do("clear", "203.0.113.7")
    house.do("ban", "203.0.113.0/24", "4h")
    house.configure('mode = "observe"')
    house.do("ban", "203.0.113.7", "3h", "--reason", "spam")
    story = house.json("explain", "203.0.113.7")
    assert len(story["bans"]) == 4 and story["listed"] is True
    assert [ban["ends"] for ban in story["bans"]] == sorted(
        (ban["ends"] for ban in story["bans"]), reverse=True)
    said = house.do("explain", "203.0.113.7")
    for ban in story["bans"]:
        assert re.search(rf"^  \w+ .* {ban['ref']} ", said, re.M)
    assert re.search(" (4h|3h59m)  ", said)
    for word in (" cleared  ", " observed  ", " over  ",
                 "203.0.113.0/24", "first"):
        assert word in said


def test_each_ban_is_told_once(house):
    house.do("ban", "203.0.113.7", "2h")
    house.do("ban", "203.0.113.0/24", "4h", "--reason", "spam")
    said = flat(house.do("explain", "203.0.113.7"))
    assert said.count("rule manual, by hand") == 2
    assert ", by 2 bans, told below" in said
    assert said.count("refused at RCPT TO, port 25 and submission") == 1
    assert said.count("covered by ref") == 1


def test_the_story_of_an_ipv6_address_is_that_of_its_client(house):
    house.do("report", "virus", "2001:db8::1")
    story = house.json("explain", "2001:db8::2")
    assert story["ip"] == "2001:db8::2"
    assert story["client"] == "2001:db8::/64"
    assert story["listed"] is True and story["events"][0]["count"] == 1
    assert "together with all of 2001:db8::/64." in house.do("explain",
                                                             "2001:db8::2")


def test_a_ban_of_a_part_of_the_client_is_in_the_story(house):
    house.do("ban", "2001:db8::7/128", "2h")
    assert house.json("list")[0]["client"] == "2001:db8::7"
    assert len(house.json("explain", "2001:db8::7")["bans"]) == 1


def test_an_allowed_address_has_a_story(house):
    house.do("allow", "add", "203.0.113.7", "--note", "the office")
    said = house.do("explain", "203.0.113.7")
    assert "is allowed" in said and "the office" in said
    assert house.json("explain", "203.0.113.7")["verdict"] == "allowed"


def test_history_is_forgotten_events_first_bans_last(house):
    house.do("report", "virus", "203.0.113.7")
    forgotten = house.json("explain", "203.0.113.7")["forgotten"]
    begins, ends = house.sql("SELECT begins, ends FROM ban")[0]
    assert seconds(forgotten["events"]) == begins + 30 * DAY
    assert seconds(forgotten["steps"]) == begins + 90 * DAY
    assert seconds(forgotten["bans"]) == ends + 120 * DAY


# ---- what speaks for and against a client ----

def test_its_reputation_with_the_numbers_behind_it(house):
    house.do("report", "virus", "203.0.113.7")
    hour = now() - DAY
    house.sql("INSERT INTO tally (client, hour, messages, accepted, greylist)"
              " VALUES ('203.0.113.7', ?, 40, 30, 5)", hour - hour % HOUR)
    story = house.json("explain", "203.0.113.7")
    assert story["reputation"] == {
        "name": "neutral", "accepted": 30, "bad": 1, "bans": 1,
        "good_messages": 20, "good_ratio": 0.05, "poor_bans": 2,
        "poor_events": 20, "poor_ratio": 0.5}
    assert story["forwarder"] is False
    said = house.do("explain", "203.0.113.7")
    assert ("Reputation neutral, by the last 30 d: 30 messages accepted, "
            "1 bad event, 1 ban\n") in said
    assert "good: no ban, 20 or more messages, at most 5 % bad" in said
    assert "poor: 2 or more bans, or 20 or more bad events, at least 50 %" in (
        said)
    house.do("clear", "203.0.113.7")
    assert house.json("explain",
                      "203.0.113.7")["reputation"]["name"] == "good"


def test_a_network_banned_by_hand_twice_makes_no_address_in_it_poor(house):
    for _ in range(2):
        house.do("ban", "203.0.113.0/24", "2h")
        house.do("clear", "203.0.113.0/24")
    house.do("ban", "203.0.113.0/24", "2h")
    story = house.json("explain", "203.0.113.7")["reputation"]
    assert (story["name"], story["bans"]) == ("neutral", 0)


def test_an_allowed_address_that_is_reported_keeps_its_reputation(house):
    house.do("allow", "add", "203.0.113.7")
    for _ in range(5):
        assert "0 events" in house.do("report", "spam", "203.0.113.7")
    assert house.json("explain", "203.0.113.7")["reputation"]["bad"] == 0


FAIR = """
rule "spam" {
  events = {spam}  limit = 2  within = 1h  reason = spam  service = mx
  credit = 10  weight = 0.25  soft = 1  ban = {1h, 2h}
  reply = "550 5.7.1 Too many spams"
  reply-again = "554 5.7.9 Still too many"
}
"""


def follow(house, policy, name="mine", more=""):
    """Use a policy file of that name."""
    (house.folder / "policies").mkdir(exist_ok=True)
    (house.folder / "policies" / f"{name}.conf").write_text(policy)
    house.configure(f'policy = "{name}"\n{more}')


def test_credit_weight_and_soft_stand_with_their_rule(house):
    follow(house, FAIR)
    house.do("report", "spam", "203.0.113.7")
    spam = rule(house.json("explain", "203.0.113.7"), "spam")
    assert (spam["credit"], spam["weight"], spam["soft"]) == (10, 0.25, 1)
    assert (spam["counted"], spam["need"]) == (1, 2)
    said = house.do("explain", "203.0.113.7")
    assert re.search(r"^  spam +spam +1 of 2 in 1h +step 1, 1h, soft +-\n?"
                     r" +0 accepted, credit 10$", said, re.M)
    assert "forwarder" not in said
    house.configure()
    house.do("report", "spam", "203.0.113.7")
    spam = rule(house.json("explain", "203.0.113.7"), "spam")
    assert (spam["credit"], spam["weight"], spam["soft"]) == (None, 1, None)


def test_a_forwarder_is_told_as_one(house):
    follow(house, FAIR, more='forwarders = {"203.0.113.0/24"}')
    house.do("report", "spam", "203.0.113.7")
    story = house.json("explain", "203.0.113.7")
    assert story["forwarder"] is True and rule(story, "spam")["need"] == 8
    said = house.do("explain", "203.0.113.7")
    assert "It is a known forwarder.\n" in said
    assert "rule spam counts each of its events as 0.25" in said
    house.configure('forwarders = {"203.0.113.0/24"}')
    assert "no rule has a weight for it" in house.do("explain", "203.0.113.7")


def test_what_it_hears_next(house):
    follow(house, FAIR)
    for _ in range(2):
        house.do("report", "spam", "203.0.113.7")
    ban = house.json("explain", "203.0.113.7")["bans"][0]
    assert ban["reply"].startswith("450 4.7.1 Too many spams [203.0.113.7], ")
    said = flat(house.do("explain", "203.0.113.7"))
    assert f"Next reply (ref {ban['ref']}): {ban['reply']} " in said
    assert " and after that: 450 4.7.9 Still too many [203.0.113.7], " in (
        said)
    house.sql("UPDATE ban SET hits = 1, told = begins")
    ban = house.json("explain", "203.0.113.7")["bans"][0]
    assert ban["reply"].startswith("450 4.7.9 Still too many")
    said = flat(house.do("explain", "203.0.113.7"))
    assert f"Next reply (ref {ban['ref']}): {ban['reply']} " in said
    assert "after that" not in said
    assert house.json("list")[0]["reply"] == ban["reply"]


def test_a_ban_outlives_the_rule_it_came_from(house):
    follow(house, FAIR)
    for _ in range(2):
        house.do("report", "spam", "203.0.113.7")
    before = house.json("list")
    follow(house, FAIR.replace('rule "spam"', 'rule "junk"')
           .replace("Too many spams", "No"), name="other")
    assert house.json("list") == before
    assert re.search(r"^203\.0\.113\.7 +spam +", house.do("list"), re.M)
    story = house.json("explain", "203.0.113.7")
    assert story["bans"] == before and story["listed"] is True
    assert [counted["rule"] for counted in story["rules"]] == ["junk"]
    assert story["rules"][0]["steps"] == 1
    said = house.do("explain", "203.0.113.7")
    assert "450 4.7.1 Too many spams" in said
    assert re.search(rf"^  spam .* {before[0]['ref']} .*\n +rule spam, step 1,",
                     said, re.M)
    house.do("check", "203.0.113.7", status=1)
    assert house.do("clear", "203.0.113.7") == "lifted 1 ban\n"


def test_who_lifted_a_ban_is_told_with_the_note(house):
    house.do("ban", ADDRESS, "2h")
    house.do("clear", ADDRESS, "--note", "they called")
    house.do("ban", "198.51.100.7", "2h", "--reason", "spam")
    house.do("allow", "add", "198.51.100.0/25", "--note", "ours")
    assert ", lifted by root: they called" in flat(
        house.do("explain", ADDRESS))
    assert ", allowed by root: ours" in flat(
        house.do("explain", "198.51.100.7"))


def test_the_commands_that_show_its_lines_do(house):
    log = house.folder / "it's mail.log"
    log.write_text(f"a line of {ADDRESS} here\nanother of 192x0x2x1\n")
    house.configure(f'watch {{ journal = no  files = {{"{log}"}} }}')
    house.do("report", "spam", ADDRESS)
    command, = house.json("explain", ADDRESS)["look"]
    assert f"  {command}\n" in house.do("explain", ADDRESS).replace(
        " \\\n    ", " ")
    done = subprocess.run(command, shell=True, check=True, text=True,
                          capture_output=True)
    assert done.stdout == f"a line of {ADDRESS} here\n"


def test_of_the_journal_it_is_asked_from_the_first_event_on(house):
    house.do("report", "spam", ADDRESS, "--at", "2026-11-21T18:05:42Z")
    quoted = ADDRESS.replace(".", "\\.")
    assert house.json("explain", ADDRESS)["look"] == [
        "journalctl --since='2026-11-21 18:05:42 UTC'"
        f" --grep='{quoted}'"]
