"""Dovecot asks videur-web who may log in: IMAP and POP3 are closed to who guesses
passwords, without a firewall."""

import os
import re
import signal
import subprocess
import sys

import pytest

from dovecot import PASSWORDS, Imap, Pop3
from house import build
from process import listens, wait_for, write
from smtp import Session
from truth import LOGINS
from world import World

USERS = [f"guess{number}" for number in range(10)]


@pytest.fixture(name="guarded", scope="module")
def guarded_fixture():
    """Dovecot, the watcher and videur-web; Postfix has no part in it."""
    world = World(scanners=None, with_house=False, asks=True)
    world.move_in("house")
    yield world
    world.close()


@pytest.fixture(name="guard")
def guard_fixture(guarded):
    """All of it at work, and clients of IMAP and POP3."""
    for name in ("web", "watch"):
        if not getattr(guarded.house, name):
            getattr(guarded.house, f"start_{name}")()
    wait_for(lambda: listens(guarded.policy), 10, "Dovecot is answered")
    return guarded


def login(guard, protocol, address, user, password=None):
    """What a client hears to its password; without one, to the right one."""
    kind, port = {"imap": (Imap, guard.imap),
                  "pop3": (Pop3, guard.dovecot.pop3)}[protocol]
    with kind(port, address) as client:
        return client.login(user, password or PASSWORDS[user])


def is_in(answer):
    return answer.startswith(("OK ", "+OK "))


def refusal(guard, address):
    """The reply that SMTP gives."""
    (ban,) = guard.house.list(address)
    (told,) = guard.house.api(address, ban["ref"])["bans"]
    return told["reply"]


def guess(guard, protocol, address):
    for user in USERS:
        answer = login(guard, protocol, address, user, "12345")
        assert not is_in(answer) and "530" not in answer, answer
    wait_for(lambda: guard.house.bans(address), 10, "the ban")


def read_so_far(guard, fresh):
    """Wait until the watcher has read what is logged by now."""
    marker = fresh()
    login(guard, "imap", marker, "joe", "12345")
    wait_for(lambda: guard.house.events(marker) == {"auth": 1}, 10,
             "the log is read")


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_a_guesser_is_stopped_by_its_ban_and_a_stranger_is_not(
        guard, fresh, protocol):
    guesser, stranger = fresh(), fresh()
    guess(guard, protocol, guesser)
    reply = refusal(guard, guesser)
    assert reply.startswith(LOGINS) and f"[{guesser}]" in reply
    for door in ("imap", "pop3"):
        # The right password, too.
        for password in (PASSWORDS["joe"], "12345"):
            answer = login(guard, door, guesser, "joe", password)
            assert not is_in(answer) and answer.endswith(f"] {reply}"), answer
        assert is_in(login(guard, door, stranger, "joe"))
    read_so_far(guard, fresh)
    assert guard.house.events(guesser) == {"auth": 10}
    guard.house.videur("clear", guesser)
    assert is_in(login(guard, protocol, guesser, "ann"))


def test_neighbours_in_a_banned_ipv6_network_are_refused(guard):
    guard.house.videur("ban", "2001:db8:77::/64", "1h", "--reason", "auth")
    answer = login(guard, "imap", "2001:db8:77::5", "joe")
    assert "[2001:db8:77::5], blocked until" in answer, answer
    assert is_in(login(guard, "imap", "2001:db8:78::5", "joe"))


def test_a_ban_for_other_reasons_shuts_nobody_out(guard, address):
    guard.house.videur("ban", address, "1h")
    assert is_in(login(guard, "imap", address, "joe"))
    assert is_in(login(guard, "pop3", address, "joe"))


def test_who_is_allowed_gets_in_whatever_network_is_banned(guard, fresh):
    address = fresh()
    guard.house.videur("allow", "add", address)
    guard.house.videur("ban", re.sub(r"\d+$", "0/24", address), "1h",
                       "--reason", "auth")
    try:
        assert is_in(login(guard, "imap", address, "joe"))
        assert not is_in(login(guard, "imap", fresh(), "joe"))
    finally:
        guard.house.videur("clear", "all")


def test_bans_of_observe_mode_refuse_nobody_and_are_told(guard, fresh):
    """And what was banned before is refused on, as by the milter."""
    address, before = fresh(), fresh()
    guard.house.videur("ban", before, "1h", "--reason", "auth")
    guard.house.configure(mode="observe")
    try:
        guard.house.videur("ban", address, "1h", "--reason", "auth")
        guard.house.web.signal(signal.SIGHUP)
        assert is_in(login(guard, "imap", address, "joe"))
        assert not is_in(login(guard, "imap", before, "joe"))
        with open(guard.house.web.log, encoding="utf-8") as log:
            assert f"{address} (imap) may log in, its ban " in log.read()
    finally:
        guard.house.configure()
        guard.house.stop("web")


def test_without_videur_web_dovecot_lets_in(guard, address):
    guard.house.videur("ban", address, "1h", "--reason", "auth")
    assert not is_in(login(guard, "imap", address, "joe"))
    guard.house.stop("web")
    assert is_in(login(guard, "imap", address, "joe"))


def test_where_videur_web_hangs_dovecot_lets_in(guard, address):
    guard.house.videur("ban", address, "1h", "--reason", "auth")
    worker = guard.house.web.worker
    os.kill(worker, signal.SIGSTOP)
    try:
        assert is_in(login(guard, "imap", address, "joe"))
    finally:
        os.kill(worker, signal.SIGCONT)
    wait_for(lambda: not is_in(login(guard, "imap", address, "joe")), 10,
             "it answers again")


def test_postfix_asks_dovecot_and_so_it_is_refused_there_without_a_milter(
        guard, address):
    guard.house.videur("ban", address, "1h", "--reason", "auth")
    for port in (guard.submission, guard.mx):
        with Session(port, address) as session:
            assert session.auth("joe", PASSWORDS["joe"]).code == 535
    guard.house.videur("clear", address)
    with Session(guard.submission, address) as session:
        assert session.auth("joe", PASSWORDS["joe"]).code == 235


# ---- the doctor ----

# A program, where another file is the host's dovecot.conf.
INSIDE = """import os, sys
from nameserver import MS_BIND, mount
mount(sys.argv[1], "/etc/dovecot/dovecot.conf", "", MS_BIND)
os.execv(sys.argv[2], sys.argv[2:])
"""


def reach(guard, *changes):
    """What the doctor finds of Dovecot, with its settings changed."""
    with open(guard.dovecot.conf, encoding="utf-8") as file:
        conf = file.read()
    for pattern, setting in changes:
        conf, count = re.subn(f"(?m)^{pattern}.*$", setting, conf)
        assert count == 1, pattern
    path = f"{guard.folder}/dovecot.conf"
    write(path, conf)
    told = subprocess.run(
        ["unshare", "-m", sys.executable, "-B", "-c", INSIDE, path,
         f"{build()}/videur", "-c", guard.house.conf, "doctor", "--csv"],
        check=False, capture_output=True, text=True, timeout=120,
        cwd=os.path.dirname(os.path.abspath(__file__)))
    assert told.returncode in (0, 1), told.stderr
    return [line for line in told.stdout.splitlines() if ",reach,dovecot" in line]


@pytest.mark.parametrize("change, finding, words", [
    ((), "dovecot-asks", "Dovecot (imap pop3) asks videur-web at 127.0.0.1:"),
    (("auth_policy_server_url", ""), "dovecot-asks-not",
     "auth_policy_server_url is empty"),
    (("auth_policy_server_url", "auth_policy_server_url = http://127.0.0.1:9/"),
     "dovecot-asks-not", "auth_policy_server_url is http://127.0.0.1:9/"),
    (("auth_policy_server_api_header", ""), "dovecot-header", "the header"),
    (("auth_policy_check_after_auth", "auth_policy_check_before_auth = no"),
     "dovecot-asks-late", "only after a good password"),
    (("auth_policy_report_after_auth", "auth_policy_log_only = yes"),
     "dovecot-logs-only", "lets everybody in"),
    (("protocols", "protocol ="), "dovecot-elsewhere", "there is none here"),
])
def test_the_doctor_knows_whether_dovecot_asks(guard, change, finding, words):
    (line,) = reach(guard, *([change] if change else []))
    assert f",{finding}," in line and words in line, line
