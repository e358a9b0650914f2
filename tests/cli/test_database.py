"""A database that is not there, not ours, or in use."""

import os
import sqlite3
import subprocess
import time

import pytest

READING = [["status"], ["list"], ["check", "203.0.113.7"],
           ["explain", "203.0.113.7"], ["allow"], ["allow", "list"]]
WRITING = [["ban", "203.0.113.7", "2h"], ["clear", "203.0.113.7"],
           ["clear", "all"], ["allow", "add", "203.0.113.7"],
           ["allow", "remove", "203.0.113.7"], ["report", "spam", "203.0.113.7"],
           ["report", "-"]]


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_reading_does_not_make_a_database(house, words):
    done = house.run(*words)
    assert done.returncode == 3 and done.stdout == ""
    assert done.stderr == f"videur: no database yet at {house.database}\n"
    assert not house.database.exists()


@pytest.mark.parametrize("words", WRITING, ids=" ".join)
def test_writing_makes_one(house, words):
    assert house.run(*words).returncode in (0, 1)
    assert house.database.exists()


@pytest.mark.parametrize("words", READING + WRITING, ids=" ".join)
def test_what_is_no_database_is_left_alone(house, words):
    house.database.write_text("my shopping list, 100 bytes and more" * 9)
    before = house.database.read_bytes()
    done = house.run(*words)
    assert done.returncode == 3
    assert done.stderr.startswith(f"videur: {house.database}")
    assert house.database.read_bytes() == before
    assert set(os.listdir(house.folder)) == {"videur.conf", "videur.db"}


@pytest.mark.parametrize("words", [["list"], ["ban", "203.0.113.7", "2h"]],
                         ids=" ".join)
def test_a_database_of_a_newer_program_is_refused(house, words):
    house.do("ban", "203.0.113.8", "2h")
    house.sql("PRAGMA user_version = 9999")
    assert house.run(*words).returncode == 3
    assert house.sql("SELECT count(*) FROM ban") == [(1,)]


@pytest.mark.parametrize("words", READING + WRITING, ids=" ".join)
def test_a_folder_is_no_database(house, words):
    house.database.mkdir()
    assert house.run(*words).returncode == 3


def test_a_folder_that_is_not_there(house):
    house.database = house.folder / "nowhere" / "videur.db"
    house.configure()
    assert house.run("ban", "203.0.113.7", "2h").returncode == 3


@pytest.fixture
def locked(house):
    """The database, held by somebody else."""
    house.do("ban", "203.0.113.8", "2h")
    other = sqlite3.connect(house.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.close()


def test_a_database_in_use_can_still_be_read(house, locked):
    assert locked.in_transaction
    house.do("list")
    house.do("check", "203.0.113.8", status=1)


def test_writing_gives_up_after_five_seconds_and_changes_nothing(house,
                                                                 locked):
    begun = time.monotonic()
    done = house.run("ban", "203.0.113.7", "2h")
    waited = time.monotonic() - begun
    assert done.returncode == 3 and done.stdout == ""
    assert "the database is busy" in done.stderr
    assert 4 < waited < 10
    locked.execute("ROLLBACK")
    assert len(house.json("list")) == 1


def opened(pid, path):
    """Whether a process holds a file open."""
    folder = f"/proc/{pid}/fd"
    try:
        return any(os.path.realpath(f"{folder}/{fd}") == os.path.realpath(path)
                   for fd in os.listdir(folder))
    except FileNotFoundError:
        return False


def test_writing_waits_for_its_turn(house, locked):
    with subprocess.Popen(house.command("ban", "203.0.113.7", "2h"),
                          stdout=subprocess.PIPE, text=True) as waiting:
        until = time.monotonic() + 4
        while not opened(waiting.pid, house.database):
            assert time.monotonic() < until and waiting.poll() is None
        locked.execute("ROLLBACK")
        said, _ = waiting.communicate(timeout=10)
    assert waiting.returncode == 0 and said.startswith("banned 203.0.113.7")


def test_a_chunk_that_fails_tells_from_which_line_on(house):
    house.do("ban", "203.0.113.8", "2h")
    house.sql("CREATE TRIGGER stop BEFORE INSERT ON event"
              " WHEN (SELECT count(*) FROM event) >= 2400"
              " BEGIN SELECT raise(ABORT, 'the disk is full'); END")
    done = house.run("report", "-", given="".join(
        f"helo 203.0.113.{9 + number % 180}\n" for number in range(4000)))
    assert done.returncode == 3
    assert "from line 2049 on nothing is stored" in done.stderr
    assert "the disk is full" in done.stderr
    assert "2048 events stored" in done.stdout
    assert house.sql("SELECT count(*) FROM event") == [(2048,)]


def test_a_change_and_its_audit_stand_or_fall_together(house):
    house.do("ban", "203.0.113.8", "2h")
    house.sql("CREATE TRIGGER stop BEFORE INSERT ON audit"
              " BEGIN SELECT raise(ABORT, 'no room'); END")
    for words in (["ban", "203.0.113.7", "2h"], ["clear", "all"],
                  ["allow", "add", "203.0.113.0/24"],
                  ["report", "virus", "203.0.113.9"]):
        assert house.run(*words).returncode == 3
    assert [ban["client"] for ban in house.json("list", "--all")] == [
        "203.0.113.8"]
    assert house.json("allow", status=1) == []
    assert house.sql("SELECT count(*) FROM event") == [(0,)]


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_made_by_root_the_files_belong_to_the_owner_of_the_folder(house):
    os.chown(house.folder, 65534, 65534)
    house.do("ban", "203.0.113.7", "2h")
    for name in os.listdir(house.folder):
        if name.startswith("videur.db"):
            assert os.stat(house.folder / name).st_uid == 65534, name


# ---- what can be read of a damaged one ----

def fill(house):
    """Rows in every table that matters; 3000 events."""
    house.do("ban", "203.0.113.7", "2h", "--note", "the first ban")
    house.do("ban", "203.0.113.0/24", "20h")
    house.do("allow", "add", "198.51.100.0/24", "--note", "friends")
    with sqlite3.connect(house.database) as base:
        base.executemany(
            "INSERT INTO event (client, address, kind, at, source, detail)"
            " VALUES ('203.0.113.9', '203.0.113.9', 'spam', ?, 'report', ?)",
            [(1700000000 + n, f"needle {n:04}") for n in range(3000)])
    base.close()
    house.sql("PRAGMA wal_checkpoint(TRUNCATE)")


def damage(house, needle):
    """Spoil the page that a text stands on; a page is 4096 bytes."""
    data = bytearray(house.database.read_bytes())
    page = data.index(needle) // 4096 * 4096
    data[page:page + 4096] = b"\xa5" * 4096
    house.database.write_bytes(data)


def test_rescue_saves_all_but_what_stood_on_a_damaged_page(house):
    fill(house)
    damage(house, b"needle 1500")
    house.do("ban", "192.0.2.77", "1h", "--note", "still in the log")
    before = {path.name: path.read_bytes() for path in house.folder.iterdir()
              if path.suffix != ".db-shm"}
    new = house.folder / "new.db"
    saved = {row["table"]: row for row in house.json(
        "rescue", str(new), status=1)}
    assert [saved[table]["rows"] for table in ("allow", "ban", "audit")] == [
        1, 3, 4]
    assert saved["event"]["gaps"] == 1
    assert 2850 < saved["event"]["rows"] < 3000
    after = {path.name: path.read_bytes() for path in house.folder.iterdir()
             if path.name in before}
    assert after == before, "the source was touched"
    assert {path.name for path in house.folder.iterdir()} - set(before) <= {
        "videur.db-shm", "new.db", "new.db-wal", "new.db-shm"}
    house.database = new
    house.configure()
    assert "the first ban" in house.do("list", "--all")
    assert house.json("check", "192.0.2.77", status=1)["listed"] is True
    assert "friends" in house.do("allow")
    assert house.sql("PRAGMA integrity_check") == [("ok",)]
    assert house.sql("SELECT count(*) FROM event WHERE detail IN"
                     " ('needle 0000', 'needle 2999')") == [(2,)]


@pytest.mark.parametrize("needle", [b"the first ban", b"friends"])
def test_rescue_goes_on_past_a_table_that_is_gone(house, needle):
    fill(house)
    damage(house, needle)
    new = house.folder / "new.db"
    saved = {row["table"]: row for row in house.json(
        "rescue", str(new), status=1)}
    assert saved["event"]["rows"] == 3000
    assert saved["audit"]["rows"] == 3


def test_rescue_of_a_sound_one_is_a_copy(house):
    fill(house)
    house.do("rescue", str(house.folder / "new.db"))
    for table in ("allow", "ban", "audit", "event", "tally", "daily", "mark"):
        rows = house.sql(f"SELECT * FROM {table}")
        with sqlite3.connect(house.folder / "new.db") as base:
            assert base.execute(f"SELECT * FROM {table}").fetchall() == rows
        base.close()


def test_rescue_takes_the_place_of_nothing(house):
    fill(house)
    new = house.folder / "new.db"
    new.write_text("mine")
    assert "exists already" in house.run("rescue", str(new)).stderr
    assert new.read_text() == "mine"


def test_rescue_of_what_is_no_database_makes_none(house):
    house.database.write_text("my shopping list, 100 bytes and more" * 9)
    done = house.run("rescue", str(house.folder / "new.db"))
    assert done.returncode == 3 and "not an SQLite database" in done.stderr
    assert set(os.listdir(house.folder)) == {"videur.conf", "videur.db"}
