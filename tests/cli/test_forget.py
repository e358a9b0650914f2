"""forget: nothing of a client is left, and nothing of others goes."""

import time

import pytest

from conftest import at, flat

MINE, OTHER = "198.51.100.77", "198.51.100.7"


@pytest.fixture
def known(house):
    for address in MINE, OTHER:
        house.do("report", "-", given="".join(
            f"spam {address} --at {at(60 * i)}\n" for i in range(5)))
        house.do("ban", address, "2h", "--note", f"of {address}.")
    house.sql("INSERT INTO queue (queue, address, login, at)"
              " VALUES ('4F1', ?, 0, 1), ('4F2', ?, 0, 1)", MINE, OTHER)
    house.sql("INSERT INTO mark (client, reason, key, at)"
              " VALUES (?, 'auth', '', 1)", MINE)
    return house


def traces(house, word):
    """Where all tables and files still have a text."""
    tables = [name for name, in house.sql(
        "SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = {name for name in tables
             for row in house.sql(f"SELECT * FROM {name}")
             if any(word == str(cell).split("/")[0].split(" ")[-1]
                    for cell in row)}
    return found


def test_all_of_a_client_goes_and_nothing_of_others(known):
    before = traces(known, OTHER)
    assert traces(known, MINE) == before | {"mark"}
    told = known.json("forget", MINE)
    assert {row["table"]: row["rows"] for row in told} == {
        "event": 5, "ban": 2, "tally": len({int(time.time() - 60 * i) // 3600
                                            for i in range(5)}),
        "mark": told_of(told, "mark"), "queue": 1, "correspondent": 0,
        "audit": told_of(told, "audit")}
    assert traces(known, MINE) == set()
    assert traces(known, OTHER) == before
    assert known.do("check", MINE, status=0).startswith(f"{MINE} is clear")


def told_of(told, table):
    rows, = [row["rows"] for row in told if row["table"] == table]
    assert rows > 0
    return rows


def test_the_audit_keeps_that_it_was_done_and_not_of_whom(known):
    known.do("forget", MINE, "--note", "asked by letter")
    assert known.audit()[-1] == ("forget", "forgotten", "asked by letter")
    assert ("ban", "forgotten", None) in known.audit()
    assert ("ban", OTHER, f"of {OTHER}.") in known.audit()


def test_its_bytes_are_gone_from_the_file(known):
    known.do("forget", MINE)
    known.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert MINE.encode() not in known.database.read_bytes()
    assert OTHER.encode() in known.database.read_bytes()


def test_a_dry_run_says_what_would_go(known):
    said = known.do("forget", MINE, "--dry-run")
    assert said.startswith("dry run: ") and "event 5" in flat(said)
    assert traces(known, MINE) >= {"event", "ban", "tally", "audit"}


def test_an_ipv6_client_is_its_network(house):
    house.do("report", "spam", "2001:db8:1:2::25")
    house.do("report", "spam", "2001:db8:1:2::26")
    house.do("report", "spam", "2001:db8:1:3::25")
    assert "rows went of 2001:db8:1:2::/64" in house.do(
        "forget", "2001:db8:1:2::99")
    assert house.sql("SELECT address FROM event") == [("2001:db8:1:3::25",)]


def test_of_nobody_nothing_goes(known):
    assert "0 rows went of 192.0.2.1" in known.do("forget", "192.0.2.1",
                                                  status=1)


def test_what_still_says_something_of_it_is_named(known):
    known.do("ban", "198.51.100.0/25", "2h")
    assert "a ban of a network around it stays" in known.do("forget", MINE)
    known.do("allow", "add", MINE)
    assert f"the allow list has {MINE}" in known.do("forget", MINE)
