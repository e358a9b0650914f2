"""How much one client may do at a time, and what it hears from the second
refused session of a ban on."""

import concurrent.futures
import sqlite3
import time

import pytest
from conftest import SOON, wait_for

UNKNOWN = ("5.1.1", "Recipient address rejected: User unknown")
RULE = """
rule "guess" {{
    events = {{recipient}}
    limit = {limit}
    within = 1h
    reason = recipient
    ban = {{1h}}
    reply = "550 5.7.1 Guessing"
    {more}
}}
"""
AT_ONCE = """
limit "connections" {
    most = {3, 2, 1}
    reply = "421 4.7.1 Too many connections, slow down."
    code = "OFR004_104 [104]"
}
"""
MESSAGES = """
limit "messages" {
    most = 2
    reply = "450 4.7.1 Too many messages"
}
"""
HOURLY = """
limit "hourly" {
    most = 3
    reply = "421 4.7.0 Too many connections this hour"
}
"""
TOO_MANY = (
    "421 4.7.1 Too many connections, slow down. [203.0.113.9]. "
    "See https://postmaster.example/?ip=203.0.113.9 OFR004_104 [104]"
)
CLIENT = "203.0.113.9"


def policy(*parts, limit=20, more=""):
    return RULE.format(limit=limit, more=more) + "".join(parts)


def deliver(talk):
    assert talk.mail() == talk.rcpt() == talk.data() == "continue"
    assert talk.end() == "continue"


# ---- at once ----


def test_connections_at_once(house):
    house.policy(policy(AT_ONCE))
    house.start()
    first, second, third = (house.caller(CLIENT) for _ in range(3))
    assert first.mail() == second.mail() == "continue"
    assert third.mail() == TOO_MANY
    assert third.mail() == TOO_MANY, "it may try again, in vain"
    other = house.caller("203.0.113.10")
    assert other.mail() == "continue", "others are not touched"
    other.quit()
    first.quit()
    assert third.mail() == "continue", "one left"
    second.quit()
    third.quit()
    assert house.kinds(CLIENT) == ["volume"], "once a session"


@pytest.mark.parametrize("end", ["quit", "drop"])
def test_a_slot_is_given_back(house, end):
    """However a session ends: the MTA takes its leave, or it falls."""
    house.policy(policy(AT_ONCE))
    house.start()
    for _ in range(10):
        talks = [house.caller(CLIENT) for _ in range(2)]
        for talk in talks:
            wait_for("a slot", lambda t=talk: t.mail() == "continue")
        for talk in talks:
            getattr(talk, end)()
    talks = [house.caller(CLIENT) for _ in range(3)]
    for talk in talks[:2]:
        wait_for("a slot", lambda t=talk: t.mail() == "continue")
    assert talks[2].mail() == TOO_MANY, "nor is more given back than taken"
    for talk in talks:
        talk.quit()


def test_a_login_gives_the_slot_back(house):
    house.policy(policy(AT_ONCE))
    house.start()
    talks = [house.caller(CLIENT) for _ in range(3)]
    assert talks[0].mail() == talks[1].mail() == "continue"
    assert talks[2].mail() == TOO_MANY
    assert talks[0].mail(auth="joe") == "continue"
    assert talks[2].mail() == "continue"
    late = house.caller(CLIENT)
    assert late.mail(auth="joe") == "continue", "users know no limit"
    for talk in (*talks, late):
        talk.quit()


def test_submission_is_not_limited(house):
    house.policy(policy(AT_ONCE))
    house.start()
    talks = [house.caller(CLIENT, port="587") for _ in range(4)]
    assert {talk.mail() for talk in talks} == {"continue"}
    unknown = [house.caller(CLIENT, port=None) for _ in range(3)]
    assert [talk.mail() for talk in unknown] == [
        "continue", "continue", TOO_MANY,
    ]
    for talk in talks + unknown:
        talk.quit()


def test_who_is_allowed_is_not_limited(house):
    house.policy(policy(AT_ONCE))
    house.start()
    db = sqlite3.connect(house.database, timeout=SOON)
    db.execute(
        "INSERT INTO allow (network, family, bits, note) "
        "VALUES ('203.0.113.0/24', 4, 24, '')"
    )
    db.commit()
    db.close()
    talks = [house.caller(CLIENT) for _ in range(4)]
    assert {talk.mail() for talk in talks} == {"continue"}
    for talk in talks:
        talk.quit()


def test_forty_connections_at_the_same_time(house):
    house.policy(policy(AT_ONCE))
    house.start()
    talks = [house.caller("2001:db8:bad::7") for _ in range(40)]
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        said = list(pool.map(lambda talk: talk.mail(), talks))
    assert said.count("continue") == 2
    assert sum(text.startswith("421 4.7.1 Too many") for text in said) == 38
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        list(pool.map(lambda talk: talk.quit(), talks))
    wait_for(
        "38 of them",
        lambda: house.rows(
            "SELECT number FROM daily WHERE what = 'limited' "
            "AND name = 'connections'"
        )
        == [(38,)],
    )
    assert house.kinds("2001:db8:bad::/64") == ["volume"] * 38


# ---- messages and hours ----


def test_messages_in_a_connection(house):
    house.policy(policy(MESSAGES))
    house.start()
    talk = house.caller(CLIENT)
    deliver(talk)
    talk.mail()
    talk.rcpt()
    talk.abort()
    deliver(talk)
    said = "450 4.7.1 Too many messages [203.0.113.9]. See " \
        "https://postmaster.example/?ip=203.0.113.9"
    assert talk.mail() == said
    assert talk.mail() == said
    again = house.caller(CLIENT)
    deliver(again)
    again.quit()
    talk.quit()
    assert house.kinds(CLIENT) == ["volume"]


def come(house, times, ip=CLIENT):
    """So many sessions one after another; what their MAIL heard."""
    said = []
    for _ in range(times):
        talk = house.caller(ip)
        said.append(talk.mail().split(" [")[0])
        talk.quit()
    return said


THIS_HOUR = "421 4.7.0 Too many connections this hour"


def test_connections_in_an_hour(house):
    house.policy(policy(HOURLY))
    house.start()
    stays = house.caller(CLIENT)
    assert stays.mail() == "continue"
    assert come(house, 4) == ["continue"] * 2 + [THIS_HOUR] * 2
    assert stays.mail() == "continue", "who was let in stays"
    stays.quit()
    assert come(house, 1, "203.0.113.10") == ["continue"]


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_restart_keeps_the_hourly_count(house, how):
    house.policy(policy(HOURLY))
    house.start()
    # More than the limit, so that a new clock hour makes no difference.
    come(house, 6)
    if how == "stop":
        assert house.stop() == 0
    else:
        wait_for(
            "the tally",
            lambda: house.rows("SELECT sum(sessions) FROM tally") == [(6,)],
        )
        house.process.kill()
        house.process.wait()
    house.start()
    assert come(house, 2) == [THIS_HOUR] * 2


# ---- reputation ----


def put_tally(house, hour, **numbers):
    db = sqlite3.connect(house.database, timeout=SOON)
    db.execute(
        f"INSERT INTO tally (client, hour, {', '.join(numbers)}) "
        f"VALUES (?, ?, {', '.join('?' * len(numbers))})",
        (CLIENT, hour, *numbers.values()),
    )
    db.commit()
    db.close()


@pytest.mark.parametrize(
    "numbers, days, slots",
    [
        ({"recipient": 30}, 2, 1),
        ({"recipient": 30}, 31, 2),
        ({"recipient": 30, "accepted": 300}, 2, 2),
        ({"accepted": 30}, 2, 3),
        ({"volume": 300}, 2, 2),
    ],
    ids=["poor", "long ago", "much good mail", "good", "volume alone"],
)
def test_reputation_decides(house, numbers, days, slots):
    house.policy(policy(AT_ONCE))
    house.start()
    hour = int(time.time()) // 3600 * 3600 - days * 86400
    put_tally(house, hour, **numbers)
    talks = [house.caller(CLIENT) for _ in range(4)]
    said = [talk.mail() for talk in talks]
    assert said == ["continue"] * slots + [TOO_MANY] * (4 - slots)
    for talk in talks:
        talk.quit()


def test_a_ban_makes_it_poor(house):
    house.policy(policy(AT_ONCE, "reputation { poor-bans = 1 }\n", limit=3))
    house.start()
    talks = [house.caller(CLIENT) for _ in range(4)]
    assert talks[0].mail() == "continue"
    for _ in range(3):
        talks[0].rcpt("<x@example.test>", UNKNOWN)
    assert talks[1].mail() == TOO_MANY, "one slot for a poor client"
    talks[0].quit()
    wait_for("the slot", lambda: talks[2].mail() == "continue")
    assert talks[3].mail() == TOO_MANY
    for talk in talks[1:]:
        talk.quit()


def test_a_locked_database_makes_nobody_wait(house):
    """Reading goes on, and a poor client stays one."""
    house.policy(policy(AT_ONCE, HOURLY))
    house.start()
    put_tally(house, int(time.time()) // 3600 * 3600 - 7200, recipient=30)
    db = sqlite3.connect(house.database, timeout=SOON, isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    busy = house.caller(CLIENT)
    busy.unknown()  # waits as long as it may
    assert busy.mail() == "continue"
    second = house.caller(CLIENT)
    assert second.mail() == TOO_MANY
    assert time.monotonic() - began < SOON / 2
    db.execute("ROLLBACK")
    db.close()
    busy.quit()
    second.quit()


# ---- what it leads to ----


def test_a_rule_makes_it_a_ban(house):
    house.policy(
        policy(
            AT_ONCE,
            """
rule "volume" {
    events = {volume}
    limit = 2
    within = 1h
    reason = volume
    service = mx
    ban = {2h}
    reply = "421 4.7.0 Too much"
}
""",
        )
    )
    house.start()
    talks = [house.caller(CLIENT) for _ in range(4)]
    assert talks[0].mail() == talks[1].mail() == "continue"
    assert talks[2].mail() == talks[3].mail() == TOO_MANY
    assert talks[0].rcpt().startswith("421 4.7.0 Too much [203.0.113.9], ")
    assert house.rows("SELECT reason, step FROM ban") == [("volume", 1)]
    for talk in talks:
        talk.quit()


def test_sums_by_day(house):
    house.policy(policy(MESSAGES, limit=3))
    house.start()
    talk = house.caller(CLIENT)
    deliver(talk)
    deliver(talk)
    talk.mail()
    talk.quit()
    house.dictionary("203.0.113.10", 3).quit()
    for _ in range(2):
        talk = house.caller("203.0.113.10")
        talk.mail()
        assert talk.rcpt().startswith("550 5.7.1 Guessing")
        talk.quit()
    assert house.stop() == 0
    want = {
        ("accepted", ""): 2,
        ("ban", "recipient"): 1,
        ("event", "recipient"): 3,
        ("event", "volume"): 1,
        ("limited", "messages"): 1,
        ("messages", ""): 2,
        ("recipients", ""): 1,
        ("refused", "recipient"): 2,
        ("seen", "message-ends"): 1,
        ("seen", "rejections"): 1,
        ("seen", "sessions"): 4,
        ("sessions", ""): 4,
    }
    # Whether a client is looked up depends on how soon it comes.
    got = house.rows("SELECT what, name, sum(number) FROM daily"
                     " WHERE name <> 'asked' GROUP BY 1, 2")
    assert {(what, name): number for what, name, number in got} == want


# ---- a policy that changes ----


def test_a_reload_with_sessions_open(house):
    house.policy(policy())
    house.start()
    old = [house.caller(CLIENT) for _ in range(3)]
    assert {talk.mail() for talk in old} == {"continue"}
    house.policy(policy(AT_ONCE))
    house.reload()
    assert {talk.mail() for talk in old} == {"continue"}, "they keep theirs"
    new = [house.caller(CLIENT) for _ in range(3)]
    assert [talk.mail() for talk in new] == ["continue"] * 2 + [TOO_MANY]
    house.policy(policy())
    house.reload()
    late = house.caller(CLIENT)
    assert late.mail() == "continue"
    assert new[2].mail() == TOO_MANY
    for talk in (*old, *new, late):
        talk.quit()
    house.policy(policy(AT_ONCE))
    house.reload()
    new = [house.caller(CLIENT) for _ in range(3)]
    assert [talk.mail() for talk in new] == ["continue"] * 2 + [TOO_MANY]
    for talk in new:
        talk.quit()


# ---- one recipient many times ----


def test_the_same_recipient(house):
    house.policy(policy(limit=3, more="same-recipient = 1"))
    house.start()
    talk = house.caller(CLIENT)
    talk.mail()
    for path in ("<x@example.test>", "<X@Example.Test>", "x@example.test"):
        for _ in range(4):
            talk.rcpt(path, UNKNOWN)
    assert talk.rcpt() == "continue", "twelve guesses at one recipient"
    keys = house.rows("SELECT DISTINCT key FROM event")
    assert len(keys) == 1
    assert len(keys[0][0]) == 16
    dump = house.database.read_bytes() + (
        house.database.with_name("videur.db-wal").read_bytes()
    )
    assert b"x@example" not in dump.lower()
    talk.rcpt("<y@example.test>", UNKNOWN)
    talk.rcpt("<z@example.test>", UNKNOWN)
    assert talk.rcpt().startswith("550 5.7.1 Guessing"), "three of them"
    talk.quit()


def test_no_keys_where_no_rule_asks(house):
    house.policy(policy(limit=30))
    house.start()
    house.dictionary(CLIENT, 3).quit()
    assert house.rows("SELECT DISTINCT key FROM event") == [(None,)]


# ---- the second reply ----

AGAIN = 'reply-again = "421 4.7.0 Still guessing"\ncode-again = "OFR_999 [999]"'


def heard(talk):
    """What a session that writes to somebody hears, in short."""
    assert talk.mail() == "continue"
    said = talk.rcpt().split(" [")[0]
    talk.abort()
    return said


def test_the_second_reply(house):
    house.policy(policy(limit=3, more=AGAIN))
    house.start()
    first = house.dictionary(CLIENT, 3)
    assert first.rcpt().startswith("550 5.7.1 Guessing [203.0.113.9], ")
    wait_for(
        "its hit", lambda: house.rows("SELECT hits FROM ban") == [(1,)]
    )
    for _ in range(3):
        assert heard(first) == "550 5.7.1 Guessing", "to its end"
    second = house.caller(CLIENT)
    for _ in range(2):
        assert heard(second) == "421 4.7.0 Still guessing"
    second.mail()
    said = second.rcpt()
    assert said.endswith(" OFR_999 [999]")
    [(ref,)] = house.rows("SELECT ref FROM ban")
    assert f"ref={ref} " in said
    assert heard(first) == "550 5.7.1 Guessing"
    first.quit()
    second.quit()
    assert house.stop() == 0
    house.start()
    third = house.caller(CLIENT)
    assert heard(third) == "421 4.7.0 Still guessing", "after a restart, too"
    third.quit()


def test_a_ban_keeps_its_second_reply(house):
    """Whatever the policy says by then."""
    house.policy(policy(limit=3, more=AGAIN))
    house.start()
    first = house.dictionary(CLIENT, 3)
    assert heard(first) == "550 5.7.1 Guessing"
    first.quit()
    house.policy(policy(limit=3))
    house.reload()
    second = house.caller(CLIENT)
    assert heard(second) == "421 4.7.0 Still guessing"
    second.quit()
