"""Killed at any moment, with a database that is locked, full or gone."""

import collections
import os
import random
import signal
import sqlite3
import subprocess
import threading
import time

import pytest

from process import Process, wait_for
from watchman import offence

KILLS = 200


class Writer(threading.Thread):
    """Appends numbered offences, now and then half a line, until it is told
    to end; holds `pen` while it writes."""

    def __init__(self, man, seed):
        super().__init__()
        self.man = man
        self.dice = random.Random(seed)
        self.pen = threading.Lock()
        self.enough = threading.Event()
        self.written = 0

    def run(self):
        while not self.enough.wait(self.dice.random() / 200):
            with self.pen:
                self.write(self.dice.randrange(1, 30))

    def write(self, count):
        text = "".join(offence(self.written + number)
                       for number in range(count))
        cut = self.dice.randrange(len(text))
        with open(self.man.log, "ab", buffering=0) as file:
            file.write(text[:cut].encode())
            file.write(text[cut:].encode())
        self.written += count


def rotate(man, writer, dice):
    """A rename hits the writer at any moment; a copy waits for him, and so
    does compressing what was renamed before: he may be writing to it."""
    if dice.random() < 0.5:
        with writer.pen:
            man.copy_truncate()
    else:
        with writer.pen:
            man.shift()
        man.turn()


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_200_times_and_rotated_in_between(man, seed):
    dice = random.Random(seed)
    man.append("")
    life = 3 * man.begin()
    writer = Writer(man, seed)
    writer.start()
    try:
        for _ in range(KILLS):
            time.sleep(dice.random() * life)
            man.kill()
            if dice.random() < 0.4:
                rotate(man, writer, dice)
            man.start()
            if dice.random() < 0.2:
                rotate(man, writer, dice)
    finally:
        writer.enough.set()
        writer.join()
    man.wait_expect(range(writer.written))
    assert undisturbed(man, writer.written) == events(man)


def events(man):
    return collections.Counter(man.sql(
        "SELECT client, address, kind, at, source, detail, key IS NULL"
        " FROM event"))


def undisturbed(man, count):
    """The same from one run over everything, in a database of its own."""
    whole = f"{man.folder}/whole.log"
    names = sorted((name for name in os.listdir(man.folder)
                    if name.startswith("mail.log")),
                   key=lambda name: os.stat(f"{man.folder}/{name}").st_mtime)
    for name in names:
        path = f"{man.folder}/{name}"
        if name.endswith(".gz"):
            subprocess.run(f"zcat {path} >>{whole}", shell=True, check=True)
        else:
            subprocess.run(f"cat {path} >>{whole}", shell=True, check=True)
    man.stop()
    man.database = f"{man.folder}/lib/other.db"
    man.configure(files=[whole])
    man.once()
    found = events(man)
    man.database = f"{man.folder}/lib/videur.db"
    assert sum(found.values()) == count
    return found


def test_killed_while_it_catches_up(man):
    man.offend(range(20000))
    dice = random.Random(3)
    for _ in range(20):
        man.start()
        time.sleep(dice.random() / 20)
        man.kill()
    man.start()
    man.wait_expect(range(20000))


def test_a_database_locked_for_ten_seconds(man):
    man.offend(range(5))
    man.start()
    man.wait_expect(range(5))
    other = sqlite3.connect(man.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    until = time.monotonic() + 10
    number = 5
    while time.monotonic() < until:
        man.offend([number])
        number += 1
        time.sleep(0.05)
    assert man.count() == 5
    assert man.said("database is locked") == 1
    other.execute("ROLLBACK")
    other.close()
    man.wait_expect(range(number))
    man.wait_said("works again")


def test_a_database_that_is_locked_at_the_start(man):
    man.once()
    man.offend(range(5))
    other = sqlite3.connect(man.database, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    man.start()
    man.wait_said("database is locked")
    other.execute("ROLLBACK")
    other.close()
    man.wait_expect(range(5))


@pytest.fixture(name="small")
def small_fixture(man):
    """A file system of 2 MB for the database."""
    lib = f"{man.folder}/lib"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=755", "tmpfs",
                    lib], check=True)
    yield lib
    man.close()
    subprocess.run(["umount", "-l", lib], check=True)


def fill(path):
    """Leave no byte free; gives back the file to be removed."""
    ballast = f"{path}/ballast"
    with open(ballast, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return ballast


def test_a_disk_that_is_full_while_it_commits(man, small):
    man.offend(range(300))
    man.start()
    man.wait_expect(range(300))
    ballast = fill(small)
    for number in range(300, 3000, 100):
        man.offend(range(number, number + 100))
    man.wait_said("is full")
    assert man.process.running()
    os.unlink(ballast)
    man.wait_expect(range(3000))
    assert man.said("is full") == 1
    man.wait_said("works again")


def test_killed_while_the_disk_is_full(man, small):
    man.offend(range(300))
    man.start()
    man.wait_expect(range(300))
    ballast = fill(small)
    man.offend(range(300, 2000))
    man.wait_said("is full")
    man.kill()
    os.unlink(ballast)
    man.start()
    man.wait_expect(range(2000))


def test_a_database_that_is_deleted_and_made_anew(man):
    man.offend(range(5))
    man.start()
    man.wait_expect(range(5))
    for name in os.listdir(f"{man.folder}/lib"):
        os.unlink(f"{man.folder}/lib/{name}")
    man.offend(range(5, 10))
    man.wait_expect(range(5, 10))
    man.kill()
    man.start()
    man.offend(range(10, 15))
    man.wait_expect(range(5, 15))


def test_a_database_of_somebody_else_is_refused(man):
    man.write(man.database, "a letter, not a database\n" * 100)
    assert "not an SQLite database" in man.once(status=3)


def test_its_worker_crashes_and_another_goes_on(man):
    man.offend(range(5))
    man.start()
    man.wait_expect(range(5))
    for crash, number in enumerate((signal.SIGBUS, signal.SIGKILL)):
        os.kill(man.process.worker, number)
        man.offend(range(5 + crash * 5, 10 + crash * 5))
        man.wait_expect(range(10 + crash * 5))
    assert man.said("crashed (") == 2


def test_it_can_gain_nothing(man):
    man.offend(range(5))
    man.start()
    man.wait_expect(range(5))
    for pid in man.process.pid, man.process.worker:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            status = dict(line.split(":", 1) for line in file)
        assert status["NoNewPrivs"].strip() == "1"
        assert status["Seccomp"].strip() == "2"


def test_another_database_takes_a_restart(man):
    man.start()
    wait_for(man.following, 30, "it is up")
    first = man.database
    man.database = f"{man.folder}/lib/other.db"
    man.configure()
    os.kill(man.process.pid, signal.SIGHUP)
    man.wait_said("configuration reloaded")
    assert man.said(f"the database stays {first}") == 1
    assert not os.path.exists(man.database)
    man.database = first


def test_a_second_watcher_is_refused(man):
    man.offend(range(5))
    man.start()
    man.wait_expect(range(5))
    assert "another videur-watch" in man.once(status=3)
    man.kill()
    man.once()
    man.expect(range(5))


def test_ends_cleanly_and_stores_where_it_stands(man):
    man.offend(range(5))
    man.start()
    man.wait_expect(range(5))
    before = man.bytes_read()
    man.append("nothing of note\n" * 100)
    wait_for(lambda: man.bytes_read() >= before + 1600, 30, "it has read on")
    man.stop()
    offset, = man.sql("SELECT offset FROM position")[0]
    assert offset == os.path.getsize(man.log)
    assert man.state("watch")


def test_stopped_with_a_locked_database_nothing_is_lost(man):
    man.offend(range(5))
    man.start()
    man.wait_expect(range(5))
    other = sqlite3.connect(man.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    man.offend(range(5, 10))
    man.wait_said("database is locked")
    man.stop()
    other.execute("ROLLBACK")
    other.close()
    man.once()
    man.expect(range(10))


def test_a_life_sign_while_nothing_happens(man):
    man.append("")
    man.begin()
    before = man.sql("SELECT since FROM state WHERE key = 'watch'")[0][0]
    wait_for(lambda: man.sql(
        "SELECT since FROM state WHERE key = 'watch'")[0][0] > before, 15,
        "a sign of life every ten seconds")


def test_signals_from_the_first_moment(man):
    man.offend(range(50))
    for number in range(20):
        process = Process(man.argv(), man.out)
        time.sleep(number / 2000)
        process.signal(signal.SIGTERM)
        assert process.stop() in (0, -signal.SIGTERM)
    man.once()
    man.expect(range(50))


def test_what_comes_after_damage_is_counted(man):
    """Of the offences of a page that is gone none is counted again."""
    man.offend(range(300))
    man.once()
    page, = man.sql("SELECT rootpage FROM sqlite_master WHERE name = 'event'")
    size, = man.sql("PRAGMA page_size")
    with open(man.database, "r+b") as file:
        file.seek((page[0] - 1) * size[0])
        file.write(b"\xff" * size[0])
    man.start()
    man.offend(range(300, 310))
    man.wait_said("IT IS DAMAGED")
    man.wait_expect(range(300, 310))


def test_damage_on_a_full_disk_waits_for_room(man, small):
    """Nothing is put aside before what can be read has a place."""
    man.offend(range(300))
    man.once()
    page, = man.sql("SELECT rootpage FROM sqlite_master WHERE name = 'event'")
    with open(man.database, "r+b") as file:
        file.seek((page[0] - 1) * 4096)
        file.write(b"\xff" * 4096)
    ballast = fill(small)
    man.start()
    man.offend(range(300, 310))
    man.wait_said("reading waits until it can be written")
    assert man.said("IT IS DAMAGED") == 0
    assert not [name for name in os.listdir(small) if "damaged" in name]
    os.unlink(ballast)
    man.wait_said("IT IS DAMAGED")
    man.wait_expect(range(300, 310))
