"""replay: who would have been banned, from old logs."""

import json
import subprocess

import pytest
from conftest import DAY, HOUR, flat, local, rows, seconds
from maillog import Log, epoch, iso, trad

BAD = "203.0.113.7"
OTHER = "203.0.113.8"
GOOD = "192.0.2.10"


def replay(house, log, *words, status=0):
    """The bans, object by object."""
    return [json.loads(line) for line in house.do(
        "replay", "--json", "-", *words, given=log.text(),
        status=status).splitlines()]


def policy(house, name, text):
    (house.folder / "policies").mkdir(exist_ok=True)
    (house.folder / "policies" / f"{name}.conf").write_text(text)
    return name


def rule(name, kinds, limit, ban, more=""):
    return (f'rule "{name}" {{ events = {{{kinds}}} limit = {limit}'
            f' within = 1h reason = error {more} ban = {{{ban}}}'
            ' reply = "550 5.7.1 No more of this" }\n')


def dictionary(address=BAD, count=20, start="2026-03-10 08:00:00"):
    """A session of somebody who guesses at recipients."""
    return Log(start).unknown(address, count).session(address, refused=count)


# ---- bans ----

def test_a_ban_is_one_object_with_these_keys(house):
    assert house.do("replay", "--json", "-", given=dictionary().text()) == (
        '{"client":"203.0.113.7","reason":"error","rule":"dictionary",'
        '"step":1,"begins":"2026-03-10T08:00:00Z",'
        '"ends":"2026-03-10T10:00:00Z","refused":0,"lost":0,"accepted":0,'
        '"recipients":0,"suspect":false,"reply":"550 5.7.1 Too many errors '
        'from your IP [203.0.113.7], blocked until 2026-03-10T10:00:00Z"}\n')
    assert not house.database.exists()


def test_people_see_who_when_why_and_for_how_long(house):
    said = house.do("replay", "-", given=dictionary().text())
    assert ["ADDRESS", "REASON", "RULE", "STEP", "SINCE", "FOR",
            "REFUSED"] in rows(said)
    assert [BAD, "error", "dictionary", "1",
            local("2026-03-10T08:00:00Z")[:16], "2h", "0"] in rows(said)
    assert ["offences", "20: 20 recipient"] in rows(said)
    assert ["clients", "1 seen, 1 with offences, 1 banned, 0 of these"
            " suspects"] in rows(said)
    assert ["bans", "1: 1 for error"] in rows(said)
    assert ["read", "21 lines of 1 file"] in rows(said)
    assert "suspects:" not in said


def test_nobody_banned_is_no(house):
    log = dictionary(count=19)
    assert replay(house, log, status=1) == []
    assert house.do("replay", "-", given=log.text(), status=1).startswith(
        "nobody would have been banned\n")
    assert replay(house, Log(), status=1) == []


def test_steps_follow_each_other_by_the_lines_own_times(house):
    log = Log()
    for _ in range(3):
        log.unknown(BAD, 20).session(BAD, refused=20).wait(DAY)
    bans = replay(house, log)
    assert [(ban["step"], seconds(ban["ends"]) - seconds(ban["begins"]))
            for ban in bans] == [(1, 2 * HOUR), (2, 4 * HOUR), (3, 8 * HOUR)]
    assert [seconds(ban["begins"]) for ban in bans] == [
        epoch("2026-03-10 08:00:00") + n * DAY for n in range(3)]


def test_a_year_of_it_is_replayed_with_all_it_has_to_remember(house):
    log = Log("2026-01-01 00:00:00")
    for _ in range(200):
        log.unknown(BAD, 20).session(BAD, refused=20).noise(5).wait(DAY)
    bans = replay(house, log)
    assert len(bans) == 200
    # 24 h at the most, and no step is older than 90 days.
    assert [ban["step"] for ban in bans[:3]] == [1, 2, 3]
    assert bans[-1]["step"] == 90 and bans[150]["step"] == 90


@pytest.mark.parametrize("more", ['mode = "observe"',
                                  "sources { recipient = none }"])
def test_the_configuration_says_neither_mode_nor_source(house, more):
    house.configure(more)
    assert len(replay(house, dictionary())) == 1


@pytest.mark.parametrize("address", ["198.51.100.9", "10.0.0.1", "127.0.0.1"])
def test_who_is_allowed_or_never_banned_is_not(house, address):
    house.configure('allow = {"198.51.100.0/24"}')
    log = dictionary(address)
    assert replay(house, log, status=1) == []
    assert ("20 of them by clients allowed or never banned"
            in house.do("replay", "-", given=log.text(), status=1))


def test_what_a_client_sends_after_logging_in_does_not_count(house):
    log = Log()
    for _ in range(8):
        log.milter_finds_spam(log.message(BAD, user="joe"), BAD)
    assert replay(house, log, status=1) == []
    assert "8 more not counted: by clients that had logged in" in house.do(
        "replay", "-", given=log.text(), status=1)
    for _ in range(8):
        log.milter_finds_spam(log.message(OTHER), OTHER)
    assert [ban["client"] for ban in replay(house, log)] == [OTHER]


def test_a_good_login_clears_that_users_failures_only(house):
    log = Log()
    for address in (BAD, OTHER):
        for user in ["joe"] * 3 + list("abcdef"):
            log.login_fails(address, user).wait(1)
    log.message(BAD, user="joe")
    log.message(OTHER, user="ann")
    for address in (BAD, OTHER):
        log.login_fails(address, "g").wait(1)
    ban, = replay(house, log)
    assert (ban["client"], ban["reason"]) == (OTHER, "auth")


# ---- what a ban would have refused ----

def test_a_session_while_the_ban_holds_is_one_attempt(house):
    log = dictionary()
    log.wait(HOUR).unknown(BAD, 5).session(BAD, refused=5)
    log.wait(60).session(BAD)
    log.wait(2 * HOUR).session(BAD)          # the ban is over
    log.session(OTHER)
    assert [ban["refused"] for ban in replay(house, log)] == [2]


def test_the_session_that_set_it_off_counts_if_it_went_on(house):
    assert [ban["refused"] for ban in replay(house, dictionary(count=30))] == [
        1]


def test_offences_without_a_session_count_each(house):
    log = Log()
    for _ in range(20):
        log.add("postfix/postscreen",
                f"PREGREET 14 after 0.05 from [{BAD}]:4711: EHLO bot.test")
        log.wait(1)
    log.wait(HOUR)
    for _ in range(3):
        log.add("postfix/postscreen",
                f"PREGREET 14 after 0.05 from [{BAD}]:4711: EHLO bot.test")
    ban, = replay(house, log)
    assert (ban["rule"], ban["refused"]) == ("errors", 3)


def test_logins_to_read_mail_are_refused_by_no_ban(house):
    log = Log()
    for user in "abcdefghij":
        log.imap_fails(BAD, 1, user)
    log.wait(60).imap_fails(BAD, 3).wait(60)
    log.login_fails(BAD).session(BAD)
    ban, = replay(house, log)
    assert (ban["reason"], ban["refused"]) == ("auth", 1)
    assert "offences   14: 14 auth" in house.do("replay", "-",
                                               given=log.text())


def test_a_ban_for_auth_does_not_stop_strangers_mail(house):
    log = Log()
    for user in "abcdefghij":
        log.login_fails(BAD, user)
    log.wait(HOUR).session(BAD, messages=1, recipients=1)
    ban, = replay(house, log)
    assert (ban["refused"], ban["lost"], ban["accepted"]) == (0, 0, 1)


def test_a_ban_for_auth_stops_a_users_mail_and_no_other_does(house):
    log = Log()
    for user in "abcdefghij":
        log.login_fails(BAD, user)
    log.unknown(OTHER, 20).session(OTHER, refused=20).wait(HOUR)
    for address in (BAD, OTHER):
        log.message(address, user="joe")
    told = {ban["client"]: ban for ban in replay(house, log)}
    assert [(told[address]["reason"], told[address]["refused"],
             told[address]["lost"], told[address]["suspect"])
            for address in (BAD, OTHER)] == [
        ("auth", 1, 1, True), ("error", 0, 0, True)]


def test_what_would_have_been_refused_counts_for_no_other_ban(house):
    policy(house, "two", rule("first", "recipient", 2, "2h")
           + rule("second", "sender, relay", 2, "2h").replace("error", "spam"))
    log = Log().unknown(BAD, 2).session(BAD, refused=2).wait(60)
    for _ in range(5):
        log.smtpd(f"NOQUEUE: reject: RCPT from unknown[{BAD}]: 454 4.7.1"
                  " <a@b.test>: Relay access denied; from=<> to=<a@b.test>"
                  " proto=SMTP helo=<b.test>").session(BAD, refused=1).wait(1)
    ban, = replay(house, log, "--policy", "two")
    assert (ban["rule"], ban["refused"]) == ("first", 5)


# ---- who is spared ----

def test_it_tells_whom_fairness_spared(house):
    """One by what was accepted in the hour, one by its history; a third of
    that history is banned all the same, softly."""
    log = Log("2026-02-20 08:00:00")
    for _ in range(20):
        log.session(GOOD, messages=90, recipients=90)
        log.session(BAD, messages=90, recipients=90).wait(24 * 3600)
    log.session(OTHER, messages=30, recipients=30)
    log.unknown(OTHER, 25).session(OTHER, refused=25)
    log.unknown(GOOD, 40).session(GOOD, refused=40)
    log.unknown(BAD, 70).session(BAD, refused=70)
    said = flat(house.do("replay", "-", given=log.text()))
    assert ("spared 1 client by what was accepted beside it, 1 by 30 days of "
            "history, 0 for bounces of forged mail") in said
    assert "1 of the banned with 450 at first" in said
    ban, = replay(house, log)
    assert ban["client"] == BAD and ban["reply"].startswith("450 4.7.1")
    told = compared(house, log)["policies"][1]
    assert told["policy"] == "franceserv" and told["spared"] == {
        "accepted": 1, "history": 1, "bounces": 0, "soft": 1}


# ---- suspects ----

def suspects():
    """Three are banned; two of them also sent mail, one of these more."""
    log = Log()
    log.session(OTHER, messages=1, recipients=1)
    log.session(GOOD, messages=3, recipients=5)
    for address in (BAD, OTHER, GOOD):
        log.wait(1).unknown(address, 20).session(address, refused=20)
    log.wait(60).session(GOOD, messages=2, recipients=2)
    return log


def test_suspects_come_first_with_what_was_accepted(house):
    assert [(ban["client"], ban["suspect"], ban["accepted"],
             ban["recipients"], ban["lost"])
            for ban in replay(house, suspects())] == [
        (GOOD, True, 5, 7, 2), (OTHER, True, 1, 1, 0),
        (BAD, False, 0, 0, 0)]


def test_people_see_suspects_apart(house):
    said = house.do("replay", "-", given=suspects().text())
    first, second = said.split("bans\n", 1)
    assert first.startswith("suspects: ")
    at = [row[0] for row in rows(first)].index(GOOD)
    assert rows(first)[at][6:] == ["1"]
    assert rows(first)[at + 1] == [
        "accepted: 5 messages, 7 recipients; 2 lost to this ban"]
    assert max(map(len, said.splitlines())) <= 80
    assert [row for row in rows(first) if row[0] == OTHER]
    assert BAD in second and GOOD not in second and OTHER not in second
    assert "3 banned, 2 of these suspects" in second
    assert "2 messages that had been accepted" in second


def test_who_guessed_a_recipient_right_is_none(house):
    log = Log().unknown(BAD, 20).session(BAD, recipients=2, refused=20)
    ban, = replay(house, log)
    assert (ban["suspect"], ban["recipients"]) == (False, 2)


def test_a_virus_found_behind_the_queue_is_no_accepted_mail(house):
    log = Log()
    queue = log.message(BAD)
    log.session(BAD, messages=1, recipients=1)
    log.amavis_finds_virus(queue, BAD)
    ban, = replay(house, log)
    assert (ban["reason"], ban["suspect"], ban["accepted"]) == (
        "virus", False, 0)


def test_an_honest_sender_is_spared_by_the_ratio(house):
    """A list with old subscribers: 20 unknown of 60 recipients an hour."""
    log = Log()
    for _ in range(20):
        log.unknown(GOOD).session(GOOD, 1, 2, refused=1).wait(60)
        log.unknown(BAD).session(BAD, refused=1)
    assert [ban["client"] for ban in replay(house, log)] == [BAD]


def test_an_ipv6_client_is_its_64(house):
    log = Log().unknown("2001:db8:bad::1", 10).unknown("2001:db8:bad::2", 10)
    assert [ban["client"] for ban in replay(house, log)] == [
        "2001:db8:bad::/64"]


# ---- files ----

@pytest.mark.parametrize("stamp", [iso, trad])
def test_rotated_files_may_come_in_any_order(house, stamp):
    log = Log(stamp=stamp)
    names = []
    for day in range(3):
        part = Log(stamp=stamp)
        part.now = log.now + day * DAY
        part.unknown(BAD, 20).session(BAD, refused=20)
        names.append(part.write(house.folder / f"mail.log.{9 - day}",
                                packed=day < 2))
    bans = [json.loads(line) for line in house.do(
        "replay", "--json", names[1], names[2], names[0]).splitlines()]
    assert [ban["step"] for ban in bans] == [1, 2, 3]
    assert seconds(bans[0]["begins"]) == log.now


def test_logs_of_the_same_hours_run_side_by_side(house):
    """Five failures in each of two files, in turn, and a good login between
    the fifth and the sixth."""
    one, other = Log(), Log()
    for n in range(5):
        one.now = other.now = epoch("2026-03-10 08:00:00") + n * 60
        one.login_fails(BAD, "joe" if n < 3 else f"one{n}")
        other.wait(30).imap_fails(BAD, 1, f"other{n}")
    paths = [other.write(house.folder / "dovecot.log"),
             one.write(house.folder / "mail.log")]
    ban, = [json.loads(line) for line in house.do(
        "replay", "--json", *paths).splitlines()]
    assert seconds(ban["begins"]) == epoch("2026-03-10 08:04:30")
    login = Log("2026-03-10 08:02:00")
    login.message(BAD, user="joe")
    paths.append(login.write(house.folder / "late.log"))
    house.do("replay", *paths, status=1)


def test_more_files_than_may_be_open_at_once(house):
    log = Log()
    names = []
    for n in range(300):
        part = Log()
        part.now = log.now + n
        names.append(part.unknown(BAD).write(house.folder / f"part{n}"))
    command = " ".join(house.command("replay", "--json", *reversed(names)))
    done = subprocess.run(["sh", "-c", f"ulimit -n 20; exec {command}"],
                          text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    ban = json.loads(done.stdout)
    assert seconds(ban["begins"]) == log.now + 19


# ---- policies ----

def test_a_policy_beside_the_configuration_is_tried(house):
    policy(house, "strict", rule("any", "recipient", 2, "7d"))
    ban, = replay(house, dictionary(), "--policy", "strict")
    assert (ban["rule"], seconds(ban["ends"]) - seconds(ban["begins"])) == (
        "any", 7 * DAY)
    assert ban["reply"].startswith("550 5.7.1 No more of this [203.0.113.7],")


def test_the_configured_policy_is_the_default(house):
    policy(house, "strict", rule("any", "recipient", 2, "7d"))
    house.configure('policy = "strict"')
    assert replay(house, dictionary())[0]["rule"] == "any"
    assert replay(house, dictionary(), "--policy", "franceserv")[0][
        "rule"] == "dictionary"


def compared(house, log):
    policy(house, "strict", rule("any", "recipient, auth", 2, "7d"))
    return json.loads(house.do("replay", "--compare", "strict", "franceserv",
                               "--json", "-", given=log.text()))


def test_two_policies_side_by_side_as_json(house):
    log = suspects()
    log.wait(60).login_fails("203.0.113.9").login_fails("203.0.113.9")
    log.session("203.0.113.9")
    told = compared(house, log)
    none = {"spam": 0, "virus": 0, "auth": 0, "recipient": 0, "volume": 0}
    nobody = {"accepted": 0, "history": 0, "bounces": 0, "soft": 0}
    assert told == {"lines": len(log.lines), "policies": [
        {"policy": "strict", "bans": 4, "clients": 4, "suspects": 2,
         "refused": 4, "lost": 2, "reasons": {**none, "error": 4},
         "spared": nobody,
         "only": ["203.0.113.9"]},
        {"policy": "franceserv", "bans": 3, "clients": 3, "suspects": 2,
         "refused": 1, "lost": 2, "reasons": {**none, "error": 3},
         "spared": nobody,
         "only": []}]}


def test_two_policies_side_by_side_for_people(house):
    policy(house, "strict", rule("any", "recipient, auth", 2, "7d"))
    log = suspects().login_fails("203.0.113.9").login_fails("203.0.113.9")
    told = rows(house.do("replay", "--compare", "strict", "franceserv", "-",
                         given=log.text()))
    assert told[0] == ["strict", "franceserv"]
    assert ["bans", "4", "3"] in told
    assert ["suspects", "2", "2"] in told
    at = told.index(["banned by strict only: 1 client"])
    assert told[at + 1] == ["203.0.113.9"]
    assert ["banned by franceserv only: 0 clients"] in told


def test_comparing_where_neither_bans_is_no(house):
    policy(house, "strict", rule("any", "recipient", 2, "7d"))
    house.do("replay", "--compare", "strict", "franceserv", "-",
             given=Log().noise().text(), status=1)


# What is wrong, the words, and what the complaint names.
WRONG = [
    ("no file", ["replay"], "FILE is missing"),
    ("a policy that is no name", ["replay", "--policy", "../x", "-"],
     '--policy: "../x"'),
    ("a policy that is not there", ["replay", "--policy", "nowhere", "-"],
     '"nowhere"'),
    ("one policy to compare", ["replay", "-", "--compare", "franceserv"],
     "--compare needs two values"),
    ("a second policy that is not there",
     ["replay", "--compare", "franceserv", "nowhere", "-"], '"nowhere"'),
    ("a second policy that is no name",
     ["replay", "--compare", "franceserv", "A", "-"], '--compare: "A"'),
    ("both", ["replay", "--policy", "franceserv", "--compare", "franceserv",
              "franceserv", "-"], "exclude each other"),
    ("an option of rules test", ["replay", "--unmatched", "-"],
     "--unmatched"),
    ("no file to test", ["rules", "test"], "FILE is missing"),
    ("a list with a word", ["rules", "list", "x"], '"x"'),
    ("an unknown word", ["rules", "tset", "x"], '"rules tset"'),
]


@pytest.mark.parametrize("words, named", [row[1:] for row in WRONG],
                         ids=[row[0] for row in WRONG])
def test_it_is_refused_by_name(house, words, named):
    done = house.run(*words)
    assert done.returncode == 2 and done.stdout == ""
    assert named in done.stderr.splitlines()[0], done.stderr


def test_a_policy_that_is_wrong_is_named_with_its_line(house):
    policy(house, "odd", 'rule "x" {\n\tevents = {greed}\n}\n')
    done = house.run("replay", "--policy", "odd", "-")
    assert done.returncode == 2
    assert done.stderr.startswith(f"{house.folder}/policies/odd.conf:2:")
