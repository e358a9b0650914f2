"""Guessing that stays below every limit: from 200 clients of one network, and
all day from one.  The watcher that counts it is the real one."""

import sqlite3
import subprocess
import time
from datetime import datetime, timezone

import pytest
from watchman import build

HOUR = 3600
DAY = 24 * HOUR
# A clock hour, since what is counted by the hour lies in one: this one, once
# 40 minutes of it are there, else the one before.  A ban of two hours from its
# first minutes on holds for 20 more minutes at least.
BEGAN = (int(time.time()) - 40 * 60) // HOUR * HOUR


def line(at, text, service="postfix"):
    stamp = datetime.fromtimestamp(at, timezone.utc).isoformat()
    return f"{stamp} mx {service}/smtpd[77]: {text}\n"


def guess(address, at, number):
    name = f"guess{number}@example.org"
    return line(at, f"NOQUEUE: reject: RCPT from unknown[{address}]: 550 5.1.1 "
                f"<{name}>: Recipient address rejected: User unknown in local "
                f"recipient table; from=<a@example.net> to=<{name}> "
                "proto=ESMTP helo=<mx.example.net>")


def failure(address, at, user, service="postfix/smtps"):
    return line(at, f"warning: unknown[{address}]: SASL LOGIN authentication "
                f"failed: UGFzc3dvcmQ6, sasl_username={user}", service)


def failure_on_25(address, at, user):
    return failure(address, at, user, "postfix")


def login(address, at):
    return line(at, f"4bXyZ{at % 100000:05}z9Q: client=unknown[{address}], "
                "sasl_method=PLAIN, sasl_username=alice")


def accept(man, client, days):
    """A message of it was accepted so long ago."""
    hour = BEGAN - days * DAY
    base = sqlite3.connect(man.database)
    with base:
        base.execute("INSERT INTO tally (client, hour, messages, accepted)"
                     " VALUES (?, ?, 1, 1)", (client, hour))
    base.close()


def spread(clients, kind=guess, each=19):
    """So many guesses of each client, one client after the other."""
    return "".join(
        kind(f"{client}::9", BEGAN + place * 10 + n // 2, f"{place}x{n}")
        for place, client in enumerate(clients) for n in range(each))


def scattered(count=200):
    """As many /64 of 2001:db8:7::/48, each in a /56 of its own."""
    return [f"2001:db8:7:{number:x}01" for number in range(count)]


def checked(man, address):
    return subprocess.run(
        [f"{build()}/videur", "-c", man.conf, "check", address], check=False,
        capture_output=True, text=True, timeout=60)


def bans(man):
    return man.sql("SELECT client, rule, step FROM ban ORDER BY id")


@pytest.fixture
def watcher(man):
    """It counts recipients itself, since nothing else runs here."""
    man.configure(more="sources { recipient = watch }")
    man.append("")
    man.once()
    return man


def test_a_slash_48_of_guessers_is_banned(watcher):
    watcher.append(spread(scattered()))
    said = watcher.once()
    assert bans(watcher) == [("2001:db8:7::/48", "dictionary", 1)]
    assert "ban 2001:db8:7::/48 error step 1" in said
    # 200 were let through; of the rest nothing is kept.
    assert watcher.count() == 200
    one = checked(watcher, "2001:db8:7:ffff::1")
    assert one.returncode == 1
    assert "together with all of 2001:db8:7::/48" in " ".join(one.stdout.split())
    assert checked(watcher, "2001:db8:8::1").returncode == 0


@pytest.mark.parametrize("good", ["a letter", "a login"])
def test_its_twin_with_an_honest_client_is_not(watcher, good):
    if good == "a letter":
        accept(watcher, "2001:db8:7:fe00::/64", 29)
    else:
        watcher.append(login("2001:db8:7:fe00::1", BEGAN - HOUR))
    watcher.append(spread(scattered()))
    watcher.once()
    assert bans(watcher) == []
    assert watcher.count() == 3800
    # Those that go on are banned each by itself, and a /56 without it.
    watcher.append(spread(["2001:db8:7:fe01"], each=20))
    watcher.append(spread([f"2001:db8:7:d0{n:02x}" for n in range(6)]))
    watcher.once()
    assert bans(watcher) == [("2001:db8:7:fe01::/64", "dictionary", 1),
                             ("2001:db8:7:d000::/56", "dictionary", 1)]
    assert checked(watcher, "2001:db8:7:fe00::1").returncode == 0


@pytest.mark.parametrize("kind, service", [
    (failure, "submission"), (failure_on_25, "any")])
def test_guesses_at_passwords_from_a_slash_56(watcher, kind, service):
    watcher.append(spread([f"2001:db8:7:b{n:02x}" for n in range(200)],
                          kind, 9))
    watcher.once()
    assert bans(watcher) == [("2001:db8:7:b00::/56", "auth", 1)]
    assert watcher.sql("SELECT service FROM ban") == [(service,)]


def test_neighbours_of_an_ipv4_client_stay_apart(watcher):
    watcher.append("".join(
        guess(f"198.51.100.{host}", BEGAN + host * 10, n)
        for host in range(200) for n in range(19)))
    watcher.once()
    assert bans(watcher) == []
    assert watcher.sql("SELECT * FROM prefix") == []


@pytest.mark.parametrize("kind, each, reason", [
    (guess, 19, "dictionary-day"), (failure, 9, "auth-day")])
def test_a_slow_drip_is_banned_within_the_day(watcher, kind, each, reason):
    watcher.append("".join(
        kind("192.0.2.9", BEGAN - DAY + hour * HOUR + n * 180, f"{hour}x{n}")
        for hour in range(24) for n in range(each)))
    watcher.once()
    found = bans(watcher)
    # Longer each time, and never two for one fit.
    assert found[0] == ("192.0.2.9", reason, 1)
    assert [step for _, _, step in found] == list(range(1, len(found) + 1))
    assert len(found) <= 4
    spans = watcher.sql("SELECT begins, ends FROM ban ORDER BY begins")
    assert all(before[1] <= after[0]
               for before, after in zip(spans, spans[1:]))


def test_a_phone_with_an_old_password_is_not(watcher):
    watcher.append("".join(
        failure("192.0.2.9", BEGAN - DAY + n * 300, "alice")
        for n in range(288)))
    watcher.once()
    assert watcher.count() == 288
    assert bans(watcher) == []
