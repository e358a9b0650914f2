"""More than there is room for: the write-ahead log stays short whatever is
written and read, a full disk heals, and forgetting keeps up."""

import os
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "milter"))

from process import Process, wait_for
from talk import Talk
from watchman import address, build, offence

MOST = 64_000_000  # bytes of the log
ENOUGH = 25_000    # offences: more than there is room for then


class Peak(threading.Thread):
    """How long the log was at its longest."""

    def __init__(self, man):
        super().__init__(daemon=True)
        self.path = f"{man.database}-wal"
        self.enough = threading.Event()
        self.bytes = 0
        self.start()

    def run(self):
        while not self.enough.wait(0.005):
            self.bytes = max(self.bytes, self.now())

    def now(self):
        return os.path.getsize(self.path) if os.path.exists(self.path) else 0

    def stop(self):
        self.enough.set()
        self.join()
        return self.bytes


class Shell:
    """The administrator's `sqlite3`, left in the middle of a transaction
    while so many megabytes were written."""

    def __init__(self, man, written):
        self.child = subprocess.Popen(
            ["sqlite3", man.database], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.child.stdin.write("BEGIN; SELECT count(*) FROM event;\n")
        self.child.stdin.flush()
        assert self.child.stdout.readline().strip().isdigit()
        base = sqlite3.connect(man.database)
        with base:
            base.execute(
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1"
                " FROM n WHERE i < ?) INSERT INTO audit (at, who, what,"
                " subject, note) SELECT strftime('%s'), 'root', 'test', 'all',"
                " hex(randomblob(950)) FROM n", (written * 500,))
        base.close()

    def end(self):
        self.child.stdin.close()
        self.child.wait(10)
        self.child.stdout.close()


@pytest.fixture(name="shell")
def shell_fixture(man):
    man.offend([0])
    man.once()
    one = Shell(man, 46)
    yield one
    if not one.child.stdin.closed:
        one.end()


def videur(man, *words, **how):
    return subprocess.run([f"{build()}/videur", "-c", man.conf, *words],
                          capture_output=True, text=True, timeout=120,
                          check=False, **how)


def report(man, count):
    """As many events as that, by the administrator's command."""
    return videur(man, "report", "-", input="".join(
        f"auth {address(number)}\n" for number in range(1, count)))


def test_a_log_that_a_reader_holds_stays_short_and_is_caught_up_with(
        man, shell):
    peak = Peak(man)
    stamp = offence(0)[:32]
    man.append("".join(offence(number, stamp)
                       for number in range(1, ENOUGH)))
    man.start()
    man.wait_said(f"its log is full and cannot be emptied: sqlite3, process "
                  f"{shell.child.pid} reads an old state")
    assert f"sqlite3, process {shell.child.pid}" in man.status()
    assert (f"full and nothing is written: sqlite3, process "
            f"{shell.child.pid}") in " ".join(
                videur(man, "doctor").stdout.split())
    # It may meet the watcher, which tries again and again, before that.
    for _ in range(20):
        refused = videur(man, "ban", "192.0.2.1", "1h")
        assert refused.returncode == 3
        assert "the database is busy" in refused.stderr
        if "database is locked" not in refused.stderr:
            break
    assert "sqlite3" in refused.stderr
    shell.end()
    man.wait_expect(range(ENOUGH))
    man.wait_said("works again")
    assert videur(man, "ban", "192.0.2.1", "1h").returncode == 0
    assert "LOG FULL" not in man.status()
    assert peak.stop() < MOST
    assert man.said("is full") == 1


def test_mail_flows_while_a_reader_holds_the_log(man, shell):
    peak = Peak(man)
    assert report(man, ENOUGH).returncode == 3, "the log is full"
    door = f"{man.folder}/milter.sock"
    man.configure(more=f'milter {{ listen = "unix:{door}" }}')
    milter = Process([f"{build()}/videur-milter", "-c", man.conf],
                     f"{man.folder}/milter.out")
    milter.ready(lambda: os.path.exists(door))
    stored = man.count()
    for number in range(50):
        began = time.monotonic()
        talk = Talk(door)
        assert talk.connect(f"198.51.100.{number}") == "continue"
        assert talk.helo() == talk.mail() == "continue"
        talk.rcpt("<nobody@example.test>", ("5.1.1", "User unknown"))
        talk.quit()
        assert time.monotonic() - began < 2
    assert man.count() == stored
    shell.end()
    wait_for(lambda: man.count() == stored + 50, 30, "what waited is written")
    wait_for(lambda: peak.now() <= 16 << 20, 30, "the log is short again")
    assert milter.stop() == 0
    assert peak.stop() < MOST


# ---- a full disk ----

@pytest.fixture(name="small")
def small_fixture(man):
    """A file system of 40 MB for the database."""
    lib = f"{man.folder}/lib"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m,mode=755",
                    "tmpfs", lib], check=True)
    yield lib
    man.close()
    subprocess.run(["umount", "-l", lib], check=True)


def test_the_log_leaves_the_disk_room_to_be_moved_to(man, small):
    """A reader holds it, and more is written than there is room for: once
    the reader goes, all of it is moved, and nothing had to be deleted."""
    man.offend([0])
    man.once()
    shell = Shell(man, 17)
    done = report(man, ENOUGH)
    assert done.returncode == 3
    assert "its log is full" in done.stderr
    free = os.statvfs(small)
    assert free.f_bavail * free.f_frsize > 12 << 20
    stored = man.count()
    shell.end()
    man.offend(range(ENOUGH, ENOUGH + 10))
    man.once()
    assert man.count() == stored + 10
    assert os.path.getsize(f"{man.database}-wal") <= 16 << 20


# ---- forgetting ----

MONTH = 31 * 86400
HEAVY = 20_000


def test_what_is_old_goes_faster_than_anything_comes(man):
    """Two heaviest hours a month apart: what the first one left is gone when
    the second one is counted, and nobody waits for it meanwhile."""
    man.append("".join(offence(number) for number in range(HEAVY)))
    man.once()
    base = sqlite3.connect(man.database, timeout=10, isolation_level=None)
    base.execute("UPDATE event SET at = at - ?", (MONTH,))
    base.execute("UPDATE state SET since = since - ? WHERE key = 'clock'",
                 (60,))
    man.append("".join(offence(number)
                       for number in range(HEAVY, 2 * HEAVY)))
    man.start()
    longest = 0
    while man.count() < HEAVY or man.sql(
            "SELECT 1 FROM event WHERE at < ? LIMIT 1",
            time.time() - MONTH / 2):
        began = time.monotonic()
        base.execute("BEGIN IMMEDIATE")
        base.execute("ROLLBACK")
        longest = max(longest, time.monotonic() - began)
    man.wait_expect(range(HEAVY, 2 * HEAVY), 5)
    assert longest < 5
    base.close()


def test_a_database_that_was_big_shrinks(man):
    man.append("".join(offence(number) for number in range(HEAVY)))
    man.once()
    big = os.path.getsize(man.database)
    base = sqlite3.connect(man.database)
    with base:
        base.execute("UPDATE event SET at = at - ?", (MONTH,))
        base.execute("UPDATE tally SET hour = hour - 86400 * 40")
    base.close()
    man.start()
    wait_for(lambda: man.count() == 0, 60, "all is forgotten")
    wait_for(lambda: man.sql("PRAGMA page_count")[0][0] * 4096 < big / 2, 30,
             "the file shrinks")


def test_all_bans_are_lifted_in_many_transactions(man):
    """One for all of 20,000 clients would be as long in the log as they are
    in the database, and others would wait for its end."""
    man.offend([0])
    man.once()
    base = sqlite3.connect(man.database, isolation_level=None, timeout=10)
    assert videur(man, "ban", "203.0.113.1", "1h").returncode == 0
    names = ", ".join(row[1] for row in base.execute("PRAGMA table_info(ban)")
                      if row[1] not in ("id", "client", "ref"))
    base.execute(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
        f" WHERE i < 20000) INSERT INTO ban (client, ref, {names})"
        " SELECT '198.18.' || (i / 250) || '.' || (i % 250), 'T' || i,"
        f" {names} FROM n, ban")
    with subprocess.Popen([f"{build()}/videur", "-c", man.conf, "clear", "all"],
                          stdout=subprocess.PIPE, text=True) as child:
        seen = set()
        while child.poll() is None:
            seen.add(base.execute("SELECT count(*) FROM ban WHERE cleared"
                                  " IS NULL").fetchone()[0])
        assert child.stdout.read() == "lifted 20001 bans\n"
    assert len(seen - {0, 20001}) > 0
    base.close()
