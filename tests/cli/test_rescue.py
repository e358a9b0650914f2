"""rescue: what a damaged database still holds goes into a new one."""

import hashlib
import os

import pytest
from conftest import House


@pytest.fixture
def full(house):
    house.do("allow", "add", "198.51.100.0/24", "--note", "our office")
    house.do("ban", "203.0.113.0/24", "7d", "--note", "snowshoe")
    house.do("clear", "203.0.113.0/24", "--note", "they called")
    house.do("ban", "203.0.113.7", "2h", "--reason", "spam")
    house.do("report", "-", given="".join(
        f"recipient 192.0.2.{i % 250 + 1} --at @{1764200000 + i}\n"
        for i in range(3000)))
    return house


def again(house, file):
    """The same host with the rescued database."""
    other = House(house.folder)
    other.database = file
    other.configure()
    return other


def sums(house):
    """What the old database holds, in all its files."""
    whole = {name: (house.folder / name).read_bytes()
             for name in sorted(os.listdir(house.folder))
             if name.startswith("videur.db") and not name.endswith("-shm")}
    return {name: hashlib.sha256(text).digest()
            for name, text in whole.items() if text}


def told(said):
    """TABLE SAVED GAPS, by table."""
    rows = [line.split() for line in said.splitlines()[1:]]
    return {row[0]: (int(row[1]), int(row[2])) for row in rows
            if len(row) == 3 and row[1].isdigit()}


def test_a_damaged_page_of_events_costs_its_events_and_nothing_else(full):
    before = {words: full.json(*words.split(), status=0)
              for words in ("list --all", "allow")}
    audit = full.audit()
    events = full.sql("SELECT count(*) FROM event")[0][0]
    full.damage("event")
    old = sums(full)
    saved = told(full.do("rescue", str(full.folder / "new.db"), status=1))
    assert sums(full) == old, "the old database was touched"
    assert saved["event"][1] > 0 and 0 < events - saved["event"][0] < 200
    assert all(gaps == 0 for table, (_, gaps) in saved.items()
               if table != "event"), saved
    assert saved["ban"][0] == 2 and saved["allow"][0] == 1
    new = again(full, full.folder / "new.db")
    assert {words: new.json(*words.split()) for words in before} == before
    assert new.audit() == audit
    assert new.sql("PRAGMA integrity_check") == [("ok",)]
    assert new.sql("SELECT count(*) FROM event")[0][0] == saved["event"][0]
    new.do("check", "203.0.113.7", status=1)
    new.do("report", "spam", "192.0.2.1")


def test_json_tells_each_table(full):
    full.damage("event")
    rows = full.json("rescue", str(full.folder / "new.db"), status=1)
    assert all(list(row) == ["table", "rows", "gaps"] for row in rows)
    assert [row["table"] for row in rows][:3] == ["allow", "ban", "audit"]
    assert [row["table"] for row in rows if row["gaps"]] == ["event"]


def test_a_sound_database_is_saved_whole(full):
    said = full.do("rescue", str(full.folder / "new.db"))
    assert all(gaps == 0 for _, gaps in told(said).values())
    assert again(full, full.folder / "new.db").json("list") == (
        full.json("list"))


def test_no_file_is_ever_written_over(full):
    file = full.folder / "new.db"
    file.write_text("precious")
    done = full.run("rescue", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{file} exists already" in done.stderr
    assert file.read_text() == "precious"


def test_what_is_no_database_leaves_nothing_behind(house):
    house.database.write_text("not a database, but long enough " * 200)
    file = house.folder / "new.db"
    done = house.run("rescue", str(file))
    assert (done.returncode, done.stdout) == (3, "")
    assert str(house.database) in done.stderr
    assert not [name for name in os.listdir(house.folder) if "new" in name]


def test_no_database_at_all_is_named(house):
    done = house.run("rescue", str(house.folder / "new.db"))
    assert (done.returncode, done.stdout) == (3, "")
    assert str(house.database) in done.stderr
    assert not house.database.exists()
