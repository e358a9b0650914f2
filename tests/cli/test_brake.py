"""brake: what puts it on, how it is told, and its release."""

import json

import pytest

from conftest import DAY, HOUR, flat, local, now, seconds


def accept(house, client, days=(2, 5, 9), recipients=1):
    """Tally a message of a client that was accepted on each of these days
    ago, and its recipients."""
    for day in days:
        hour = now() - day * DAY
        house.sql("INSERT INTO tally (client, hour, messages, accepted,"
                  " recipients) VALUES (?, ?, 1, 1, ?)", client,
                  hour - hour % HOUR, recipients)


def move_time(house, passed):
    """Let so many seconds pass."""
    house.sql("UPDATE state SET since = since - ?", passed)
    house.sql("UPDATE ban SET begins = begins - ?1, ends = ends - ?1", passed)
    house.sql("UPDATE event SET at = at - ?", passed)


def honest(number):
    return f"203.0.113.{number}"


@pytest.fixture
def braked(house):
    """Six clients whose mail was accepted before sent a virus."""
    house.do("clear", "198.51.100.1", status=1)
    for number in range(1, 7):
        accept(house, honest(number))
    for number in range(1, 7):
        house.run("report", "virus", honest(number))
    return house


def test_it_is_off_where_nothing_happened(house):
    house.do("clear", "198.51.100.1", status=1)
    said = house.do("brake")
    assert said.startswith("the brake is off\n")
    assert ("logged in well in the last 30 d, or had 3 or more messages "
            "accepted, on 3 days or more, 7 d from the first to the last, for "
            "3 recipients or more") in flat(said)
    assert ("goes on for 5 of them with a new ban within 10 min, and is "
            "released after 1 h without one") in flat(said)
    assert "0 clients count now" in said
    answer = house.json("brake")
    assert (answer["on"], answer["since"]) == (False, None)
    assert [answer[name] for name in (
        "bans", "within", "accepted", "days", "span", "recipients", "quiet"
    )] == [5, 600, 3, 3, 7 * DAY, 3, HOUR]
    assert answer["clients"] == answer["held"] == 0


def test_it_counts_who_was_trusted_and_nobody_else(house):
    house.do("clear", "198.51.100.1", status=1)
    for number in (1, 2):
        accept(house, honest(number))
        house.do("report", "virus", honest(number))
    house.do("report", "virus", honest(3))
    assert house.json("brake")["clients"] == 2
    assert "2 clients count now" in house.do("brake")


def test_report_says_that_it_puts_it_on(house):
    house.do("clear", "198.51.100.1", status=1)
    for number in range(1, 6):
        accept(house, honest(number))
    for number in range(1, 5):
        assert house.run("report", "virus", honest(number)).stderr == ""
    done = house.run("report", "virus", honest(5))
    assert done.returncode == 0
    assert "BRAKE ON" in done.stderr and "brake release" in done.stderr
    assert "observed 203.0.113.5 " in done.stdout
    accept(house, honest(6))
    assert house.run("report", "virus", honest(6)).stderr == ""


def test_lines_of_reports_put_it_on_as_well(house):
    house.do("clear", "198.51.100.1", status=1)
    for number in range(1, 7):
        accept(house, honest(number))
    done = house.run("report", "-", given="".join(
        f"virus {honest(number)}\n" for number in range(1, 7)))
    assert done.stderr.count("BRAKE ON") == 1
    assert [ban["observed"] for ban in house.json("list")].count(True) == 2


def test_while_it_is_on_all_say_so(braked):
    said = braked.do("brake", status=1)
    answer = braked.json("brake", status=1)
    assert answer["on"] is True and answer["held"] == 2
    assert said.startswith(f"THE BRAKE IS ON since {local(answer['since'])}")
    assert "held back that would hold now: 2" in said
    assert "videur brake release" in said
    assert braked.do("status").startswith("BRAKE ON ")
    assert braked.json("status")["brake"]["value"] == "on"


def test_the_first_four_stay_and_the_others_are_clear(braked):
    for number in range(1, 5):
        braked.do("check", honest(number), status=1)
    for number in (5, 6):
        braked.do("check", honest(number))
    braked.do("report", "virus", "198.51.100.9")
    braked.do("check", "198.51.100.9", status=1)
    braked.do("ban", honest(6), "2h")
    braked.do("check", honest(6), status=1)


def test_explain_says_that_the_brake_held_it(braked):
    said = braked.do("explain", honest(5))
    assert " held  " in said
    assert "would be refused until" in said
    assert "the brake holds it back" in said
    story = braked.json("explain", honest(5))
    assert story["held"] == [story["bans"][0]["ref"]]
    assert story["bans"][0]["observed"] is True
    assert braked.json("explain", honest(1))["held"] == []
    assert "held by" not in braked.do("explain", honest(1))
    braked.sql("UPDATE ban SET begins = begins - 200000, ends = ends - 200000")
    assert " held  " in braked.do("explain", honest(5))


def test_its_release(braked):
    since = braked.json("brake", status=1)["since"]
    said = braked.do("brake", "release", "--note", "the scanner is fixed")
    assert said == f"released the brake, which was on since {local(since)}\n"
    assert braked.audit()[-1] == ("brake release", "all",
                                  "the scanner is fixed")
    said = braked.do("brake")
    assert said.startswith("the brake is off, since its release at ")
    assert "held back that would hold now: 2" in said
    answer = braked.json("brake")
    assert answer["on"] is False and answer["clients"] == 0
    assert abs(seconds(answer["since"]) - now()) < 30
    braked.do("check", honest(5))


# ---- whom it is for ----

@pytest.mark.parametrize("sentence, days, recipients, on", [
    ("three days, over a week, for three", (2, 5, 9), 1, True),
    ("as long ago as it may be", (2, 21, 29), 1, True),
    ("two days only", (2, 9), 4, False),
    ("three days in six", (2, 5, 8), 4, False),
    ("nobody received it", (2, 5, 9), 0, False),
    ("fifteen letters of today", [0] * 15, 3, False),
    ("too long ago", (31, 33, 40), 3, False),
])
def test_what_a_good_history_is(house, sentence, days, recipients, on):
    house.do("clear", "198.51.100.1", status=1)
    for number in range(1, 6):
        for day in sorted(set(days)):
            accept(house, honest(number), [day], recipients)
        house.run("report", "virus", honest(number))
    assert house.json("brake", status=int(on))["on"] is on, sentence


def test_a_good_login_is_enough(house):
    house.do("clear", "198.51.100.1", status=1)
    hour = now() - now() % HOUR
    for number in range(1, 6):
        house.sql("INSERT INTO tally (client, hour, logins) VALUES (?, ?, 1)",
                  honest(number), hour - (number - 1) * 7 * DAY)
        house.run("report", "virus", honest(number))
    assert house.json("brake", status=1)["on"] is True


def test_what_was_bought_since_its_cause_spares_nothing(braked):
    """Two days of mail before; the third, once others were banned."""
    late, early = honest(20), honest(21)
    accept(braked, late, days=(5, 9), recipients=9)
    accept(braked, late, days=(0,), recipients=9)
    accept(braked, early, days=(1, 5, 9))
    braked.do("report", "virus", late)
    braked.do("report", "virus", early)
    braked.do("check", late, status=1)
    braked.do("check", early)


# ---- it releases itself ----

def test_it_is_released_after_a_quiet_hour(braked):
    move_time(braked, HOUR - 60)
    assert braked.json("brake", status=1)["on"] is True
    accept(braked, honest(7))
    braked.do("report", "virus", honest(7))
    braked.do("check", honest(7))
    move_time(braked, HOUR - 60)
    assert braked.json("brake", status=1)["on"] is True, "it was not quiet"
    move_time(braked, 120)
    answer = braked.json("brake")
    assert (answer["on"], answer["clients"]) == (False, 0)
    assert 0 <= now() - seconds(answer["since"]) < 90
    assert "BRAKE" not in braked.do("status")
    assert braked.json("status")["brake"]["value"] == "off"
    accept(braked, honest(8))
    done = braked.run("report", "virus", honest(8))
    assert done.stderr.count("BRAKE RELEASED") == 1
    braked.do("check", honest(8), status=1)
    assert "BRAKE" not in braked.run("report", "spam", honest(8)).stderr


def test_its_own_release_forgives(braked):
    """Nineteen unknown recipients before it and one after are no ban."""
    accept(braked, honest(9))
    for number in (9, 10):
        braked.run("report", "-", given=f"helo {honest(number)}\n" * 19)
    # All of it within the hour of the rule.
    braked.configure("brake { quiet = 10m }")
    move_time(braked, 11 * 60)
    braked.do("report", "helo", honest(9))
    braked.do("check", honest(9))
    braked.run("report", "helo", honest(10))
    braked.do("check", honest(10), status=1)


def test_where_it_is_not_on_there_is_nothing_to_release(house):
    assert house.do("brake", "release", status=1) == "the brake is not on\n"
    answer = house.json("brake", "release", status=1)
    assert answer["released"] is False
    assert house.audit() == []


def test_its_release_as_json(braked):
    since = braked.json("brake", status=1)["since"]
    answer = braked.json("brake", "release")
    assert (answer["released"], answer["since"]) == (True, since)


@pytest.mark.parametrize("sentence, setting, mode, word", [
    ("none is wanted", "brake { bans = 0 }", "", "bans = 0"),
    ("nothing is enforced", "", 'mode = "observe"', "nothing to brake"),
])
def test_where_there_is_none(house, sentence, setting, mode, word):
    house.configure(f"{setting}\n{mode}")
    house.do("clear", "198.51.100.1", status=1)
    for number in range(1, 7):
        accept(house, honest(number))
        assert house.run("report", "virus", honest(number)).stderr == ""
    assert word in house.do("brake"), sentence
    observed = [ban["observed"] for ban in house.json("list")]
    assert observed == [mode != ""] * 6


def test_settings_are_those_of_the_configuration(house):
    house.configure("brake { bans = 2 within = 1h accepted = 1 days = 1"
                    " recipients = 1 }")
    house.do("clear", "198.51.100.1", status=1)
    for number in (1, 2):
        accept(house, honest(number), days=[2])
        house.run("report", "virus", honest(number))
    answer = house.json("brake", status=1)
    assert (answer["bans"], answer["within"], answer["accepted"]) == (
        2, HOUR, 1)
    assert "goes on for 2 of them with a new ban within 1 h" in flat(
        house.do("brake", status=1))


def test_a_database_that_is_not_there(house):
    assert "no database yet" in house.run("brake").stderr
    house.do("brake", status=3)


def test_a_replay_knows_no_brake(house, tmp_path):
    """Who was trusted guesses at logins on two days: the second ban is the
    second step, as it would not be had the first been held back."""
    lines = [
        f"2026-11-20T09:{number:02}:00.000000+00:00 mx postfix/smtpd[77]: "
        f"disconnect from unknown[203.0.113.{number}] "
        "ehlo=1 mail=3 rcpt=3 data=3 quit=1 commands=11"
        for number in range(1, 11)]
    lines += [
        f"2026-11-{day}T10:{number:02}:{second:02}.000000+00:00 mx "
        f"postfix/smtpd[77]: warning: unknown[203.0.113.{number}]: "
        "SASL LOGIN authentication failed: UGFzc3dvcmQ6"
        for day in (20, 21) for number in range(1, 11)
        for second in range(10)]
    log = tmp_path / "mail.log"
    log.write_text("\n".join(lines) + "\n")
    house.configure("brake { bans = 1 accepted = 1 days = 1 }")
    told = house.do("replay", "--json", str(log)).splitlines()
    steps = [json.loads(line)["step"] for line in told]
    assert sorted(steps) == [1] * 10 + [2] * 10
