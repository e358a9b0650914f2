"""Whom our own users write to is not banned by a rule for spam or errors."""

import datetime
import json
import subprocess

import pytest
from watchman import build

DAY = 24 * 3600
SERVER = "203.0.113.25"


def line(daemon, text, ago=60):
    at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(
        seconds=ago)
    return f"{at.isoformat(timespec='microseconds')} mx {daemon}[42]: {text}\n"


def message(user="sasl_method=PLAIN, sasl_username=anna", port=25,
            status="sent (250 2.0.0 Ok)", address=SERVER, ago=60):
    """A message that somebody hands in, and what becomes of it."""
    user = f", {user}" if user else ""
    return line("postfix/submission/smtpd",
                f"4DQXYZ0abcz1: client=host[198.51.100.3]{user}", ago) + line(
        "postfix/smtp", "4DQXYZ0abcz1: to=<bob@example.org>, orig_to=<b>, "
        f"relay=mx.example.org[{address}]:{port}, delay=1, "
        f"delays=0.1/0/0.5/0.4, dsn=2.0.0, status={status}", ago)


@pytest.fixture(name="heard")
def the_log_is_read(man):
    """Read such lines, and what a client's offences lead to then."""
    def heard(text, setting="correspondents = 30d", kind="spam", times=30,
              address=SERVER):
        man.configure(more=setting)
        man.write(man.log, text)
        man.once()
        given = f"{kind} {address}\n" * times
        run(man, "report", "-", given=given)
        return bool(json.loads(run(man, "check", address, "--json"))["bans"])
    return heard


def run(man, *words, given=""):
    done = subprocess.run([f"{build()}/videur", "-c", man.conf, *words],
                          input=given, text=True, capture_output=True,
                          check=False, timeout=60)
    assert done.returncode in (0, 1) and done.stderr == "", done
    return done.stdout


def test_it_is_not_banned_for_spam_and_errors(man, heard):
    assert not heard(message())
    assert not heard("", kind="helo")
    said = " ".join(run(man, "check", SERVER).split())
    assert "our users wrote to it, last on 20" in said
    assert "logins and viruses only" in said
    assert json.loads(run(man, "explain", SERVER, "--json"))[
        "written_to"] is not None


@pytest.mark.parametrize("kind", ["auth", "virus"])
def test_it_is_banned_for_logins_and_viruses(heard, kind):
    assert heard(message(), kind=kind)


def test_an_ipv6_server_is_its_network(heard):
    assert not heard(message(address="2001:db8:7::25"),
                     address="2001:db8:7::26")


@pytest.mark.parametrize("what", [
    {"user": ""}, {"port": 10025}, {"status": "deferred (450 later)"},
    {"address": "203.0.113.26"}, {"ago": 31 * DAY}],
    ids=["a bounce or an answer by itself", "a filter's port", "not delivered",
         "another server", "long ago"])
def test_nobody_else_is_spared(heard, what):
    assert heard(message(**what))


@pytest.mark.parametrize("setting", ["", "correspondents = no"])
def test_it_is_off_by_default(man, heard, setting):
    assert heard(message(), setting=setting)
    assert man.sql("SELECT * FROM correspondent") == []


def test_it_can_be_forgotten(man, heard):
    heard(message(), times=1)
    assert "correspondent" in run(man, "forget", SERVER)
    assert man.sql("SELECT * FROM correspondent") == []


def test_an_address_that_looks_like_the_rest_is_no_proof(man, heard):
    heard(message(status="deferred (no)") + line("postfix/smtp", (
        '4DQXYZ0abcz1: to=<"a>, relay=x[203.0.113.25]:25, delay=1, status=sent '
        '"@b>, relay=none, delay=1, status=deferred (no)')))
    assert man.sql("SELECT * FROM correspondent") == []
