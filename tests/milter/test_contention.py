"""The milter while another process holds the database, and what it loses."""

import json
import sqlite3
import subprocess
import threading
import time

from conftest import build, wait_for

OWN = 0.25  # s that a session may wait in all
ROOM = 4096  # events that may wait


class Held:
    """The database, held by another process's transaction."""

    def __init__(self, milter):
        self.db = sqlite3.connect(
            milter.database, isolation_level=None, check_same_thread=False
        )
        self.db.execute("BEGIN IMMEDIATE")

    def free(self):
        self.db.execute("ROLLBACK")
        self.db.close()


def videur(milter, *arguments):
    return subprocess.run(
        [str(build() / "videur"), "-c", str(milter.conf), *arguments],
        capture_output=True, text=True, check=False,
    ).stdout


def lost(milter):
    return json.loads(videur(milter, "status", "--json"))["lost"]


def judged_at_once(milter, number):
    """Whether a client that comes 50 ms before the lock goes is, though the
    one before it waited in vain."""
    first = milter.caller(f"203.0.113.{number}")
    last = milter.dictionary(f"203.0.113.{number + 1}", 19)
    held = Held(milter)
    first.mail()
    first.unknown()
    timer = threading.Timer(0.05, held.free)
    timer.start()
    last.rcpt("<x@example.test>", ("5.1.1", "User unknown"))
    timer.join()
    said = last.rcpt()
    first.quit()
    last.quit()
    return said.startswith("550 5.7.1 ")


def test_each_session_waits_its_own_time(milter):
    """What one met is not the next one's fault; a slow machine has three
    tries."""
    assert any(judged_at_once(milter, number) for number in (10, 20, 30))


def test_nobody_waits_for_others(milter):
    """A hundred sessions at once wait together, not one behind another."""
    talks = [milter.caller(f"198.51.100.{n}") for n in range(100)]
    held = Held(milter)
    began = time.monotonic()
    threads = [threading.Thread(target=talk.unknown) for talk in talks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    assert OWN * 0.9 < took < OWN * 8, took
    held.free()
    for talk in talks:
        talk.quit()
    wait_for("the events", lambda: len(milter.rows(
        "SELECT 1 FROM event WHERE kind = 'command'")) == 100)
    assert lost(milter)["total"] == 0


def guess(milter, ip, heard):
    """A session of 20 unknown recipients, and what the next one hears."""
    talk = milter.dictionary(ip)
    heard[ip] = talk.rcpt().startswith("550 5.7.1 ")
    talk.quit()


def test_of_a_flood_nothing_is_missed(milter):
    """Few wait in it for what they do to be written: those whom that bans, and
    on a slow machine not all of them in time. All is counted once."""
    heard = {}
    threads = [threading.Thread(target=guess, args=(
        milter, f"198.51.100.{n}", heard)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert any(heard.values())
    wait_for("the events", lambda: milter.rows(
        "SELECT count(*), min(n), max(n) FROM (SELECT sum(recipient) AS n"
        " FROM tally GROUP BY client)") == [(50, 20, 20)])
    assert milter.rows("SELECT count(*), count(DISTINCT client) FROM ban") == [
        (50, 50)]


def test_what_finds_no_room_is_counted(milter):
    talk = milter.caller("203.0.113.9")
    held = Held(milter)
    for _ in range(ROOM + 9):
        talk.unknown()
    held.free()
    wait_for("the sum", lambda: lost(milter)["total"] == 9)
    assert lost(milter)["events"] == 9
    assert milter.log().count(" not stored: ") == 1
    assert "9 events not stored: " in milter.log()
    assert "9 things seen could not be stored" in videur(milter, "status")
    assert "lost-events" in videur(milter, "doctor", "--json")
    talk.quit()

    # It is still known after a restart, and goes on from there.
    assert milter.stop() == 0
    milter.start()
    talk = milter.caller("203.0.113.10")
    talk.mail()
    for number in range(1024 + 5):
        talk.rcpt(f"<user{number}@example.test>")
    talk.quit()
    wait_for("the recipients", lambda: lost(milter)["recipients"] == 5)
    assert lost(milter)["total"] == 14


def test_what_is_lost_at_the_end_is_told(milter):
    talk = milter.caller("203.0.113.9")
    held = Held(milter)
    talk.unknown()
    talk.unknown()
    assert milter.stop() == 0
    assert "2 events, 1 count not stored: " in milter.log()
    held.free()
    talk.sock.close()
