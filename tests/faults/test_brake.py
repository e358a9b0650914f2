"""Everybody's logins fail, as where the table of users is gone: the watcher
stops banning whom everybody trusted, and says so."""

import sqlite3
import time
from datetime import datetime, timezone

HOUR = 3600


def failures(address, at, count=10):
    """So many failed logins of an address, a second apart."""
    return "".join(
        f"{datetime.fromtimestamp(at + n, timezone.utc).isoformat()} mx "
        f"postfix/smtps/smtpd[77]: warning: unknown[{address}]: "
        "SASL LOGIN authentication failed: UGFzc3dvcmQ6\n"
        for n in range(count))


def trust(man, address):
    """Messages of it were accepted on three days in the last two weeks."""
    base = sqlite3.connect(man.database)
    with base:
        for days in (2, 6, 13):
            hour = int(time.time()) - days * 24 * HOUR
            base.execute(
                "INSERT INTO tally (client, hour, messages, accepted,"
                " recipients) VALUES (?, ?, 1, 1, 1)",
                (address, hour - hour % HOUR))
    base.close()


def test_the_watcher_brakes_and_says_so(man):
    honest = [f"203.0.113.{number}" for number in range(1, 7)]
    stranger = "198.51.100.9"
    man.append("")
    man.once()
    for address in honest:
        trust(man, address)
    began = int(time.time()) - 300
    for place, address in enumerate([*honest, stranger]):
        man.append(failures(address, began + 20 * place))
    said = man.once()
    assert said.count("BRAKE ON: bans of 5 clients with a good history") == 1, said
    assert said.count(", held back by the brake") == 2
    assert dict(man.sql("SELECT client, observed FROM ban")) == {
        **dict.fromkeys(honest[:4], 0), **dict.fromkeys(honest[4:], 1),
        stranger: 0}
    assert man.status().startswith("BRAKE ON ")
    assert "BRAKE" not in man.once(), "it is said once"
    base = sqlite3.connect(man.database)
    with base:
        base.execute("UPDATE state SET since = since - 3700")
        base.execute("UPDATE ban SET begins = begins - 3700")
    base.close()
    assert man.once().count("BRAKE RELEASED") == 1
    assert not man.status().startswith("BRAKE ON ")
    assert "BRAKE" not in man.once()


# ---- the password server is down ----

def line(at, program, text):
    stamp = datetime.fromtimestamp(at, timezone.utc).isoformat()
    return f"{stamp} mx {program}[77]: {text}\n"


def login(address, user, at):
    return line(at, "postfix/smtps/smtpd", f"4bXyZ{at % 100000:05}z9Q: client="
                f"unknown[{address}], sasl_method=PLAIN, sasl_username={user}")


def refused(address, user, at):
    return line(at, "postfix/smtps/smtpd",
                f"warning: unknown[{address}]: SASL PLAIN authentication "
                f"failed: (reason unavailable), sasl_username={user}")


def test_no_phone_is_banned_while_the_password_server_is_down(man):
    phones = [f"203.0.113.{number}" for number in range(1, 8)]
    guesser = "198.51.100.9"
    began = int(time.time()) - 1000
    for place, phone in enumerate(phones):
        man.append(login(phone, f"user{place}", began - 7200 + place))
    # Each has several accounts and tries them all again and again.
    for turn in range(60):
        for place, phone in enumerate(phones):
            man.append(refused(phone, f"user{place}-{turn % 12}",
                               began + 10 * turn + place))
        man.append(refused(guesser, f"guess{turn}", began + 10 * turn + 8))
    said = man.once()
    assert said.count("STORM OF LOGINS") == 1, said
    assert [row for row in man.sql("SELECT client FROM ban WHERE NOT observed")
            ] == [(guesser,)]
    man.append(login(phones[0], "user0", began + 700))
    for n in range(10):
        man.append(refused(phones[1], f"other{n}", began + 710 + n))
    said = man.once()
    assert "STORM" not in said
    assert set(man.sql("SELECT client FROM ban WHERE NOT observed")) == {
        (guesser,), (phones[1],)}, "it works again, and all counts"
