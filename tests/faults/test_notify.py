"""What the administrator is told at once: a command with JSON on its standard
input."""

import glob
import json
import os
import sqlite3
import subprocess
import time

import pytest
from process import wait_for
from watchman import build

HOUR = 3600


class Told:
    """A watchman whose notices are kept in a file."""

    def __init__(self, man):
        self.man = man
        self.file = f"{man.folder}/told"
        self.use(f"cat >>{self.file}")

    def use(self, script, more=""):
        self.man.configure(
            more=f'notify = {{"sh", "-c", "{script}"}}\n{more}')

    def __call__(self, kind=None):
        if not os.path.exists(self.file):
            return []
        with open(self.file, encoding="utf-8") as file:
            rows = [json.loads(line) for line in file if line.endswith("\n")]
        return [row for row in rows if kind in (None, row["kind"])]

    def wait(self, kind, count=1):
        wait_for(lambda: len(self(kind)) >= count, 30, f"{count} of {kind}")
        return self(kind)[-1]

    def sql(self, *queries):
        base = sqlite3.connect(self.man.database, timeout=30)
        with base:
            for query in queries:
                base.execute(query)
        base.close()

    def suspect(self, address):
        """A client whose mail was accepted, and that is banned."""
        hour = int(time.time()) // HOUR * HOUR - HOUR
        self.sql("INSERT INTO tally (client, hour, sessions, messages, accepted)"
                 f" VALUES ('{address}', {hour}, 1, 1, 1)")
        self.ban(address)

    def ban(self, address):
        self.do("report", "-", given=f"virus {address}\n" * 30)
        assert self.do("check", address, status=1)

    def do(self, *words, given="", status=0):
        done = subprocess.run([f"{build()}/videur", "-c", self.man.conf,
                               *words], input=given, text=True,
                              capture_output=True, timeout=60, check=False)
        assert done.returncode == status, done
        return done.stdout

    def ready(self, before=()):
        """It runs, and has looked once."""
        self.do("report", "spam", "203.0.113.99")
        self.man.start(before=before)
        self.ban("203.0.113.98")
        wait_for(lambda: self.man.state("notified"), 30, "it has looked")


@pytest.fixture(name="told")
def told_of(man):
    return Told(man)


def test_a_ban_of_a_suspect(man, told):
    told.do("report", "spam", "203.0.113.99")
    told.suspect("203.0.113.5")
    told.ready()
    told.suspect("203.0.113.7")
    told.ban("203.0.113.8")
    told.do("ban", "203.0.113.9", "2h")
    row = told.wait("suspect")
    assert row["client"] == "203.0.113.7" and row["accepted"] == 1
    assert row["reason"] == row["rule"] == "virus" and row["step"] == 1
    assert row["ref"] in row["text"] and row["left_out"] == 0
    assert row["at"] == row["begins"] < row["ends"]
    assert told.man.sql("SELECT 1 FROM ban WHERE ref = ?", row["ref"])
    man.stop()
    man.start()
    told.suspect("203.0.113.10")
    assert told.wait("suspect", 2)["client"] == "203.0.113.10"
    assert len(told()) == 2


def moved(man, *more):
    """What is put before a command whose time the file "shift" moves."""
    library = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")[0]
    man.write(f"{man.folder}/shift", "+0")
    # It is loaded before the library of a sanitizer.
    options = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    return ("env", f"ASAN_OPTIONS={options}", f"LD_PRELOAD={library}",
            "FAKETIME_NO_CACHE=1",
            f"FAKETIME_TIMESTAMP_FILE={man.folder}/shift", *more)


def test_one_a_minute_of_a_kind_and_the_others_counted(man, told):
    told.ready(before=moved(man))
    told.suspect("203.0.113.7")
    told.wait("suspect")
    for number in range(10, 20):
        told.suspect(f"203.0.113.{number}")
    told.sql("UPDATE state SET value = 'on', since = since + 1"
             " WHERE key = 'brake'",
             "INSERT OR IGNORE INTO state VALUES ('brake', 'on', "
             f"{int(time.time())})")
    told.wait("brake")
    assert len(told("suspect")) == 1
    man.write(f"{man.folder}/shift", "+70s")
    assert told.wait("suspect", 2)["left_out"] == 9


def test_the_brake_once(man, told):
    told.ready()
    told.sql("INSERT INTO state VALUES ('brake', 'on', "
             f"{int(time.time())})")
    assert "the brake is on" in told.wait("brake")["text"]
    man.stop()
    man.start()
    told.suspect("203.0.113.7")
    told.wait("suspect")
    assert len(told("brake")) == 1


def test_a_service_that_falls_silent(man, told):
    told.ready()
    alive = "REPLACE INTO state VALUES ('milter', '0.1.0', {})"
    told.sql(alive.format(int(time.time())))
    told.suspect("203.0.113.7")
    told.wait("suspect")
    told.sql(alive.format(int(time.time()) - HOUR))
    assert "videur-milter gives no sign" in told.wait("service")["text"]


def test_a_database_that_cannot_be_used(man, told):
    told.ready()
    os.rename(man.database, man.database + ".away")
    os.mkdir(man.database)
    assert man.database in told.wait("database")["text"]
    man.kill()
    os.rmdir(man.database)
    os.rename(man.database + ".away", man.database)


def test_damage_that_was_put_right(man, told):
    told.ready()
    told.sql("REPLACE INTO state VALUES ('damaged', 'videur.db.damaged-x', "
             f"{int(time.time())})")
    assert "videur.db.damaged-x" in told.wait("database")["text"]


def test_a_log_that_falls_silent(man, told):
    man.offend(range(5))
    told.ready(before=moved(man, "FAKETIME_DONT_FAKE_MONOTONIC=1"))
    man.wait_count(5)
    told.suspect("203.0.113.7")
    told.wait("suspect")
    day = int(time.time()) // 86400 * 86400
    told.sql("INSERT INTO daily VALUES "
             f"({day}, 'seen', 'sessions', 1000)")
    man.write(f"{man.folder}/shift", "+2h")
    row = told.wait("source")
    assert row["text"].startswith(f"{man.log}: no line came for 2 hours")


def test_a_command_that_hangs_is_killed(man, told):
    told.use(f"sleep 600 & echo $! >{man.folder}/pid; wait")
    told.ready()
    told.suspect("203.0.113.7")
    pid = wait_for(lambda: os.path.exists(f"{man.folder}/pid") and
                   open(f"{man.folder}/pid", encoding="ascii").read(), 30,
                   "it runs")
    before = man.count()
    man.offend(range(20))
    man.wait_count(before + 20)
    man.wait_said("as it took too long")
    wait_for(lambda: not os.path.exists(f"/proc/{pid.strip()}"), 10,
             "what it started is gone, too")


@pytest.mark.parametrize("script, said", [
    ("exit 3", "notify: the command ended with status 3"),
    ("kill -9 $$", "notify: the command ended with signal 9")])
def test_a_command_that_fails_is_said_once(man, told, script, said):
    told.use(script)
    told.ready()
    told.suspect("203.0.113.7")
    told.sql("INSERT INTO state VALUES ('brake', 'on', "
             f"{int(time.time())})")
    man.wait_said(said)


def test_a_command_that_is_not_there(man, told):
    man.configure(more='notify = {"/nowhere/at/all"}')
    told.ready()
    told.suspect("203.0.113.7")
    man.wait_said("/nowhere/at/all: No such file or directory")


def test_a_reload_takes_another_command(man, told):
    told.use("exit 0")
    told.ready()
    told.use(f"cat >>{told.file}")
    os.kill(man.process.pid, 1)
    man.wait_said("configuration reloaded")
    told.suspect("203.0.113.7")
    told.wait("suspect")
