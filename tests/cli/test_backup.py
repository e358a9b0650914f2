"""backup and restore: what they refuse, and what they leave."""

import os
import sqlite3
import stat

import pytest
from conftest import House


@pytest.fixture
def kept(house):
    """A house with a copy of its database, and a ban since."""
    house.do("ban", "203.0.113.7", "2h", "--note", "before")
    house.do("report", "spam", "192.0.2.7")
    house.do("backup", str(house.folder / "copy.db"))
    house.do("ban", "203.0.113.8", "2h", "--note", "since")
    return house


def copy_of(house):
    return str(house.folder / "copy.db")


def clients(house):
    return {ban["client"] for ban in house.json("list")}


def test_a_copy_is_whole_by_itself_and_nobody_elses(kept):
    copy = copy_of(kept)
    assert stat.S_IMODE(os.stat(copy).st_mode) == 0o600
    assert sorted(name for name in os.listdir(kept.folder)
                  if name.startswith("copy.db")) == ["copy.db"]
    other = House(kept.folder)
    other.database = copy
    other.configure()
    assert clients(other) == {"203.0.113.7"}
    assert other.sql("PRAGMA integrity_check") == [("ok",)]


def test_what_is_there_is_kept_without_force(kept):
    copy = copy_of(kept)
    done = kept.run("backup", copy)
    assert (done.returncode, done.stderr) == (
        2, f"videur: {copy} exists already; --force replaces it\n")
    told = kept.json("backup", copy, "--force")
    assert told["file"] == copy and told["bytes"] == os.path.getsize(copy)


def test_where_it_cannot_be_written_nothing_is_left(kept):
    done = kept.run("backup", str(kept.folder / "none" / "copy.db"))
    assert done.returncode == 3 and "No such file" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_copy_takes_the_place_of_the_database(kept):
    assert clients(kept) == {"203.0.113.7", "203.0.113.8"}
    told = kept.json("restore", copy_of(kept), "--note", "a wrong ban")
    assert clients(kept) == {"203.0.113.7"}
    assert told["restored"] and told["database"] == str(kept.database)
    assert kept.audit()[-1] == ("restore", copy_of(kept), "a wrong ban")
    old = House(kept.folder)
    old.database = told["kept"]
    old.configure()
    assert clients(old) == {"203.0.113.7", "203.0.113.8"}


def test_a_dry_run_changes_nothing(kept):
    before = sorted(os.listdir(kept.folder))
    assert "would take the place" in kept.do(
        "restore", copy_of(kept), "--dry-run")
    assert clients(kept) == {"203.0.113.7", "203.0.113.8"}
    assert sorted(os.listdir(kept.folder)) == before


def test_where_there_is_no_database_the_copy_becomes_it(kept):
    for end in "", "-wal", "-shm":
        if os.path.exists(f"{kept.database}{end}"):
            os.unlink(f"{kept.database}{end}")
    kept.do("restore", copy_of(kept))
    assert clients(kept) == {"203.0.113.7"}


def spoil(path):
    with open(path, "r+b") as file:
        file.seek(3 * 4096)
        file.write(b"\xa5" * 4096)


def newer(path):
    base = sqlite3.connect(path)
    base.execute("PRAGMA user_version = 9999")
    base.close()


def foreign(path):
    os.unlink(path)
    base = sqlite3.connect(path)
    base.execute("CREATE TABLE event (id INTEGER)")
    base.close()


@pytest.mark.parametrize("change, why", [
    (spoil, "it is damaged"),
    (newer, "newer version"),
    (foreign, ""),
    (os.unlink, "cannot be opened"),
    (lambda path: os.truncate(path, 100), ""),
], ids=["damaged", "newer", "another program's", "not there", "cut"])
def test_what_is_no_sound_copy_is_refused(kept, change, why):
    change(copy_of(kept))
    done = kept.run("restore", copy_of(kept))
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done
    assert copy_of(kept) in done.stderr and why in done.stderr
    assert clients(kept) == {"203.0.113.7", "203.0.113.8"}


def test_an_older_copy_is_brought_up_to_date(kept):
    """As far as its tables say: the newest change is undone first."""
    base = sqlite3.connect(copy_of(kept))
    version, = base.execute("PRAGMA user_version").fetchone()
    assert version == 13, "undo the newest change of the schema here"
    base.execute("DROP INDEX ban_by_length")
    base.execute("CREATE INDEX ban_by_length ON ban (family, bits)")
    base.execute(f"PRAGMA user_version = {version - 1}")
    base.commit()
    base.close()
    kept.do("restore", copy_of(kept))
    assert clients(kept) == {"203.0.113.7"}
    assert kept.sql("PRAGMA user_version") == [(version,)]
