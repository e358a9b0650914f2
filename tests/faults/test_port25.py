"""A ban for failed logins, and passwords that are tried on port 25: whom it
follows there, by the log alone."""

import os
import subprocess
import time
from datetime import datetime, timezone

from watchman import build

NOTE = "also on port 25, where passwords were tried"


def failures(address, daemon, count=1):
    """So many failed logins of an address, until now."""
    now = int(time.time())
    return "".join(
        f"{datetime.fromtimestamp(now - count + n + 1, timezone.utc).isoformat()}"
        f" mx postfix/{daemon}[77]: warning: unknown[{address}]: SASL LOGIN "
        f"authentication failed: x, sasl_username=user{n}\n"
        for n in range(count))


def bans(man):
    return man.sql("SELECT client, service, step, note FROM ban ORDER BY id")


def videur(man, *words):
    subprocess.run([os.path.join(build(), "videur"), "-c", man.conf, *words],
                   check=True, stdout=subprocess.DEVNULL)


def test_failures_on_port_25_make_a_ban_that_holds_there(man):
    man.append(failures("203.0.113.9", "smtpd", 10))
    assert NOTE in man.once()
    assert bans(man) == [("203.0.113.9", "any", 1, NOTE)]


def test_a_ban_follows_to_port_25_once(man):
    man.append(failures("203.0.113.9", "smtps/smtpd", 10)
               + failures("203.0.113.8", "submission/smtpd", 10))
    man.once()
    assert [ban[1] for ban in bans(man)] == ["submission"] * 2
    man.append(failures("203.0.113.9", "smtpd"))
    assert man.once().count(NOTE) == 1
    man.append(failures("203.0.113.9", "smtpd"))
    man.append(failures("203.0.113.8", "submission/smtpd"))
    assert NOTE not in man.once()
    assert bans(man) == [("203.0.113.9", "any", 1, NOTE),
                         ("203.0.113.8", "submission", 1, "")]


def test_of_a_network_only_who_tries_is_banned_there(man):
    man.append(failures("192.0.2.7", "smtpd"))
    man.once()
    videur(man, "ban", "203.0.113.0/24", "2h", "--reason", "auth")
    man.append(failures("203.0.113.9", "smtpd"))
    assert NOTE in man.once()
    assert bans(man) == [("203.0.113.0/24", "submission", 0, ""),
                         ("203.0.113.9", "any", 0, NOTE)]
    man.append(failures("203.0.113.9", "smtpd"))
    man.once()
    assert len(bans(man)) == 2
