"""The three files of a database are one thing: whatever happens to one of
them, the services go on within a second with what can be read, the files lie
aside, and the administrator is told until it is seen."""

import collections
import contextlib
import glob
import http.client
import json
import os
import shutil
import sqlite3
import struct
import subprocess
import sys
import time

import pytest
from process import NotReady, Process, Stack, wait_for
from watchman import build, number_of, offence

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "milter"))

from talk import Talk  # noqa: E402

BANNED = "203.0.113.7"
ALLOWED = "198.51.100.7"
SOON = 1.0  # seconds, as promised


class Host:
    """Milter, watcher and page with one database, and bans in it."""

    def __init__(self, folder):
        self.folder = folder
        self.lib = f"{folder}/lib"
        self.database = f"{self.lib}/videur.db"
        self.log = f"{folder}/mail.log"
        self.socket = f"{folder}/milter.sock"
        self.conf = f"{folder}/videur.conf"
        self.processes = {}
        self.stack = Stack()
        self.number = 0
        os.mkdir(self.lib)
        with open(self.conf, "w", encoding="ascii") as file:
            file.write(f"""
                database = "{self.database}"
                milter {{ listen = "unix:{self.socket}" }}
                web {{ listen = "unix:{folder}/web.sock"
                       metrics-listen = "unix:{folder}/metrics.sock" }}
                watch {{ journal = no  files = {{"{self.log}"}}
                         start = backfill }}
                """)
        open(self.log, "w", encoding="ascii").close()
        self.videur("allow", "add", "198.51.100.0/24")
        self.videur("ban", BANNED, "7d")
        self.fill(3000)

    def fill(self, count):
        with sqlite3.connect(self.database) as base:
            base.executemany(
                "INSERT INTO event (client, address, kind, at, source) VALUES"
                " (:a, :a, 'spam', :at, 'report')",
                [{"a": f"192.0.2.{n % 250}", "at": int(time.time()) - n}
                 for n in range(count)])
        base.close()

    def start(self, *names):
        for name in names or ("milter", "watch", "web"):
            process = Process([f"{build()}/videur-{name}", "-c", self.conf],
                              f"{self.folder}/{name}.out")
            self.processes[name] = process
            self.stack.add(process.kill)
            process.ready(lambda: any(
                "listening on" in line or "following" in line
                for line in process.lines()))
        return self

    def kill(self):
        for process in self.processes.values():
            process.kill()

    # ---- what is asked ----

    def videur(self, *words, status=0):
        done = subprocess.run([f"{build()}/videur", "-c", self.conf, *words],
                              check=False, capture_output=True, text=True,
                              timeout=60)
        assert status is None or done.returncode == status, done
        return done.stdout

    def rows(self, sql, *values):
        base = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True,
                               timeout=10)
        try:
            return base.execute(sql, values).fetchall()
        finally:
            base.close()

    def get(self, path, where="web"):
        """Status and text."""
        connection = http.client.HTTPConnection("localhost", timeout=10)
        connection.sock = Talk(f"{self.folder}/{where}.sock",
                               negotiate=False).sock
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def listed(self, address):
        """What the page says; None where it cannot tell."""
        status, text = self.get(f"/api/v1/ip/{address}")
        return json.loads(text)["listed"] if status == 200 else None

    def refused(self, address):
        """Whether the milter refuses it; guesses where it does not."""
        talk = Talk(self.socket)
        talk.connect(address)
        talk.helo()
        talk.mail()
        said = talk.rcpt()
        talk.quit()
        return said.startswith("550")

    def offend(self, address):
        talk = Talk(self.socket)
        talk.connect(address)
        talk.helo()
        talk.mail()
        for number in range(20):
            talk.rcpt(f"<x{number}@example.test>", (
                "5.1.1", "Recipient address rejected: User unknown"))
        talk.quit()

    def counts(self):
        """Whether the watcher writes: something new is counted."""
        self.number += 1
        with open(self.log, "a", encoding="ascii") as file:
            file.write(offence(self.number))
        number = self.number

        def counted():
            try:
                return number in {number_of(row[0]) for row in self.rows(
                    "SELECT address FROM event WHERE kind = 'auth'")}
            except sqlite3.DatabaseError:
                return False  # it is still the damaged one
        return counted

    def said(self):
        """The loud lines of all services."""
        return [line for process in self.processes.values()
                for line in process.lines() if ": error: " in line]

    def aside(self):
        """Names of the files that lie aside, without the date."""
        return {name.rsplit("Z", 1)[1] for name in glob.glob(
            f"{self.database}.damaged-*T*Z*")}

    def told(self):
        """Whether doctor, status, metrics and /healthz tell of damage."""
        doctor = json.loads(self.videur("doctor", "--json", status=None))
        return {
            "doctor": any(row["finding"] == "database-was-damaged"
                          for row in doctor),
            "status": "DAMAGED" in self.videur("status"),
            "metrics": "\nvideur_database_damaged 1\n" in self.get(
                "/metrics", "metrics")[1],
            "healthz": self.get("/healthz")[0] == 503
            and "damaged" in self.get("/healthz")[1]}

    # ---- what is done to it ----

    def files(self, ends):
        return [self.database + end for end in ends]

    def page_of(self, name):
        return self.rows("SELECT rootpage FROM sqlite_master WHERE name = ?",
                         name)[0][0]

    def spoil(self, page):
        with open(self.database, "r+b") as file:
            file.seek((page - 1) * 4096)
            file.write(b"\xa5" * 4096)

    def settle(self):
        """Until both wrote that they live, and for some seconds will write
        nothing, and all is in the main file."""
        def settled():
            lives = [since for since, in self.rows(
                "SELECT since FROM state WHERE key IN ('milter', 'watch')")]
            with open(f"{self.database}-shm", "rb") as file:
                index = file.read(136)
            frames, moved = (struct.unpack_from("I", index, place)[0]
                             for place in (16, 96))
            return (frames == moved > 0 and len(lives) == 2
                    and self.rows("SELECT 1 FROM ban WHERE hits = 1")
                    and all(1 < time.time() - life < 5 for life in lives))
        wait_for(settled, 40, "the log is moved")


@pytest.fixture
def house(tmp_path):
    one = Host(str(tmp_path))
    yield one
    one.stack.close()


def delete(*ends):
    def act(host):
        for path in host.files(ends):
            os.unlink(path)
    return act


def cut(share, *ends):
    def act(host):
        for path in host.files(ends):
            os.truncate(path, int(os.path.getsize(path) * share))
    return act


def spoil(name):
    def act(host):
        host.spoil(1 if name == "header" else host.page_of(name))
    return act


def restore(way):
    """A backup from before the ban of 192.0.2.99, by cp or by mv."""
    def act(host):
        with sqlite3.connect(host.database) as base:
            base.execute("VACUUM INTO ?", (f"{host.folder}/backup",))
        base.close()
        host.videur("ban", "192.0.2.99", "7d")
        wait_for(lambda: host.refused("192.0.2.99"), 5, "the ban is met")
        if way == "cp":
            shutil.copyfile(f"{host.folder}/backup", host.database)
        else:
            os.rename(f"{host.folder}/backup", host.database)
    return act


ALL = {"", "-wal", "-shm"}
SIDES = {"-wal", "-shm"}
# What happens, how, whether the ban is kept (None: where its page still stands
# in the log), and what lies aside.
CASES = [
    ("all files deleted", delete("", "-wal", "-shm"), False, set()),
    ("main deleted", delete(""), True, SIDES),
    ("log deleted", delete("-wal"), True, {"", "-shm"}),
    ("index deleted", delete("-shm"), True, {"", "-wal"}),
    ("log and index deleted", delete("-wal", "-shm"), True, {""}),
    ("main emptied", cut(0, ""), None, ALL),
    ("log emptied", cut(0, "-wal"), True, ALL),
    ("all emptied", cut(0, "", "-wal", "-shm"), None, ALL),
    ("main cut in half", cut(.5, ""), True, ALL),
    ("log cut in half", cut(.5, "-wal"), True, ALL),
    ("header page spoiled", spoil("header"), True, ALL),
    ("page of bans spoiled", spoil("ban"), None, ALL),
    ("page of events spoiled", spoil("event"), True, ALL),
    ("page of an index spoiled", spoil("ban_by_client"), True, ALL),
    ("restored by cp", restore("cp"), True, ALL),
    ("restored by mv", restore("mv"), True, SIDES),
    ("index emptied", cut(0, "-shm"), True, None),
    ("index cut in half", cut(.5, "-shm"), True, None),
]


@pytest.mark.parametrize("act, kept, aside", [case[1:] for case in CASES],
                         ids=[case[0] for case in CASES])
def test_the_services_go_on_within_a_second(house, act, kept, aside):
    house.start()
    assert house.refused(BANNED) and house.listed(BANNED)
    assert house.get("/healthz") == (200, "ok\n")
    house.settle()
    act(house)
    counted = house.counts()
    began = time.monotonic()

    def back():
        return (house.said() and house.listed(ALLOWED) is False
                and (kept is None or house.listed(BANNED) is kept)
                and (kept is None or house.refused(BANNED) is kept)
                and counted())
    try:
        wait_for(back, 10, "the services are back")
    except NotReady:
        # Its page stood in the log, which took the spoiled one's place before
        # anybody met that.
        if kept is None and counted() and not house.said() and house.rows(
                "PRAGMA integrity_check") == [("ok",)]:
            return
        raise
    took = time.monotonic() - began
    house.offend("203.0.113.66")
    wait_for(lambda: house.refused("203.0.113.66"), 5, "a new ban")
    assert house.listed("203.0.113.66")
    assert len(house.said()) == 1, house.said()
    assert took < SOON * (5 if "asan" in build() else 1), (took, house.said())
    assert aside is None or house.aside() == aside
    assert house.rows("PRAGMA integrity_check") == [("ok",)]
    assert all(process.running() for process in house.processes.values())
    if kept:
        assert house.listed("192.0.2.99") is False
    wait_for(lambda: all(house.told().values()), 10, "all tell")
    house.videur("rescue", "seen")
    wait_for(lambda: not any(house.told().values()), 10, "it was seen")
    assert house.get("/healthz") == (200, "ok\n")
    house.videur("rescue", "seen", status=1)


# ---- by the command ----

def offences(house, numbers):
    with open(house.log, "a", encoding="ascii") as file:
        file.writelines(map(offence, numbers))


def counted(house):
    """How often each offence of the log is counted."""
    return collections.Counter(number_of(row[0]) for row in house.rows(
        "SELECT address FROM event WHERE kind = 'auth'"))


def test_a_backup_is_put_back_while_all_run(house):
    """Of the log nothing is lost and nothing counted twice: what came since the
    copy is read again, and what comes meanwhile once."""
    house.start()
    offences(house, range(1, 41))
    wait_for(lambda: len(counted(house)) == 40, 10, "the first are counted")
    copy = f"{house.folder}/copy.db"
    house.videur("backup", copy)
    offences(house, range(41, 81))
    wait_for(lambda: len(counted(house)) == 80, 10, "the next are counted")
    house.videur("ban", "192.0.2.99", "7d")
    wait_for(lambda: house.refused("192.0.2.99"), 5, "the ban is met")
    offences(house, range(81, 101))
    house.videur("restore", copy, "--note", "the day before")
    offences(house, range(101, 121))
    wait_for(lambda: len(counted(house)) == 120, 10, "all are counted again")
    assert set(counted(house).values()) == {1}
    wait_for(lambda: not house.refused("192.0.2.99"), 5, "the old bans")
    assert house.refused(BANNED) and house.listed(BANNED)
    assert not house.listed("192.0.2.99")
    assert house.said() == []
    assert not any(house.told().values())
    kept, = glob.glob(f"{house.database}.replaced-*Z")
    with sqlite3.connect(kept) as base:
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert base.execute("SELECT 1 FROM ban WHERE client = '192.0.2.99'"
                            ).fetchall()
    base.close()
    assert house.rows("SELECT note FROM audit WHERE what = 'restore'") == [
        ("the day before",)]


def test_whatever_interrupts_a_restore_one_of_both_is_there_whole(house):
    house.start()
    copy = f"{house.folder}/copy.db"
    house.videur("backup", copy)
    house.videur("ban", "192.0.2.99", "7d")
    seen = set()
    for turn in range(30):
        command = subprocess.Popen(
            [f"{build()}/videur", "-c", house.conf, "restore", copy],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            command.wait(turn * .004)
        command.kill()
        command.wait()
        assert house.rows("PRAGMA integrity_check") == [("ok",)]
        bans = {row[0] for row in house.rows("SELECT client FROM ban")}
        assert BANNED in bans
        seen.add("192.0.2.99" in bans)
        wait_for(house.counts(), 10, "the watcher goes on")
        wait_for(lambda: house.listed(BANNED), 10, "the page goes on")
    wait_for(lambda: house.refused(BANNED), 10, "the milter goes on")
    assert True in seen
