"""share: what several hosts share, as one of them knows it without the server."""

import json
import os
import subprocess

import pytest

from conftest import PROGRAM, flat, now

SERVICE = f"{os.path.dirname(PROGRAM)}/videur-share"
SHARE = 'share { database = "host=127.0.0.1 port=1 connect_timeout=1" name = mx1 }'
SELF = "00112233445566778899aabbccddeeff"


def note(house, key, value, ago=1):
    house.sql("INSERT OR REPLACE INTO state VALUES (?, ?, ?)", key, value,
              now() - ago)


def peer(house, name, **more):
    row = {"name": name, "seen": now() - 2, "version": "0.1.0",
           "policy": "", **more}
    house.sql(f"INSERT OR REPLACE INTO peer ({', '.join(row)})"
              f" VALUES ({', '.join('?' * len(row))})", *row.values())


@pytest.fixture(name="joined")
def joined_house(house):
    """A host that is connected, and has read up to entry 90."""
    house.configure(SHARE)
    house.run("clear", "198.51.100.1")
    house.sql("INSERT INTO share (id, name, instance, joined, sent, read,"
              " keep_events, keep_tallies, keep_bans, keep_audit)"
              " VALUES (1, 'mx1', ?, ?, 7, 90, 1, 1, 1, 1)", SELF, now() - 99)
    note(house, "share", "0.1.0")
    note(house, "share-lost", "", ago=60)
    return house


def test_without_a_section_share_it_says_so(house):
    house.run("clear", "198.51.100.1")
    done = house.run("share", "status")
    assert done.returncode == 2
    assert "has no section share" in done.stderr
    assert house.json("status")["sharing"] is None
    done = subprocess.run([SERVICE, "-c", house.conf], text=True, check=False,
                          capture_output=True, timeout=30)
    assert done.returncode == 2
    assert "has no section share" in done.stderr


def test_what_never_ran_is_told(house):
    house.configure(SHARE)
    house.run("clear", "198.51.100.1")
    assert "videur-share has not run yet" in flat(
        house.do("share", "status", status=1))
    assert house.json("status")["sharing"]["joined"] is False
    assert "videur-share has never given a sign of life" in flat(
        house.run("doctor").stdout)


def test_all_is_well(joined):
    peer(joined, "mx2", position=88, pending=3, clock=-400)
    status = joined.json("share", "status")
    assert (status["name"], status["connected"], status["pending"],
            status["sent"], status["read"]) == ("mx1", True, 0, 7, 90)
    row, = status["hosts"]
    assert (row["name"], row["behind"], row["pending"], row["clock_ms"],
            row["differs"]) == ("mx2", 2, 3, -400, [])
    assert "as mx1, connected since" in flat(joined.do("share", "status"))
    assert "1 other host" in joined.do("status")


@pytest.mark.parametrize("more, word, finding", [
    ({"seen": now() - 500}, "away", "was heard of last"),
    ({"version": "0.0.1"}, "version", "runs version 0.0.1"),
    ({"policy": "beef"}, "policy", "runs another policy"),
    ({"clock": 2001}, "clock", "2001 ms ahead"),
    ({"clock": -2001}, "clock", "-2001 ms ahead"),
])
def test_what_differs_is_told(joined, more, word, finding):
    peer(joined, "mx2", **more)
    status = joined.json("share", "status", status=1)
    assert status["hosts"][0]["differs"] == [word]
    assert "1 of them away or different" in flat(joined.do("status"))
    assert finding in flat(joined.run("doctor").stdout)


def test_a_long_reason_is_told_to_its_end(joined):
    why = ('connection to server at "db.example.org" (203.0.113.9), port 5432'
           ' failed: FATAL: password authentication failed for user "mx1"')
    note(joined, "share-lost", why)
    assert why in flat(joined.do("share", "status", status=1))
    assert why in flat(joined.run("doctor").stdout)


def test_one_of_whom_only_entries_came_has_not_left(joined):
    peer(joined, "mx2", seen=0, version="")
    assert "left" not in joined.do("share", "status")


def test_a_long_name_fits_the_screen(joined):
    peer(joined, "a-host.with.a.long.name.example.org", seen=now() - 9999,
         version="0.0.9", clock=-123456, pending=123456)
    said = joined.do("share", "status", status=1)
    assert max(map(len, said.splitlines())) <= 80
    assert "away version clock" in flat(said)


def test_a_host_that_left_is_not_missed(joined):
    peer(joined, "mx2", seen=0)
    assert joined.json("share", "status")["hosts"][0]["differs"] == []
    assert "left" in joined.do("share", "status")


@pytest.mark.parametrize("key, value, ago, said", [
    ("share-lost", "no route to host", 60, "no route to host; 0 entries wait"),
    ("share", "0.1.0", 600, "its last sign of life was 10 min"),
    ("share-missed", "88", 60, "entries up to 88 had expired in part"),
])
def test_trouble_is_told(joined, key, value, ago, said):
    note(joined, key, value, ago)
    assert said in flat(joined.run("share", "status").stdout)
    assert said in flat(joined.do("status"))
    assert joined.run("doctor").returncode == 1


def test_a_host_leaves_without_the_server_too(joined):
    done = joined.run("share", "leave")
    assert done.returncode == 0, done
    assert "the server could not be told" in done.stderr
    assert "mx1 has left" in done.stdout
    assert joined.sql("SELECT * FROM share") == []
    assert joined.run("share", "leave").returncode == 1


def test_a_server_that_is_not_there_is_one_line(joined):
    done = joined.run("share", "init")
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert "Connection refused" in done.stderr


@pytest.mark.parametrize("setting, said", [
    ('database = "postgresql://mx1:secret@db/videur" name = mx1', "passfile"),
    ('database = "host=db password=secret" name = mx1', "passfile"),
    ('database = "host=db" name = "mx 1"', "must be the name of a host"),
    ('database = "host=db" name = "mx1."', "must be the name of a host"),
    ("name = mx1", "name stands without a database"),
    ('database = "host=db"', "database stands without the name"),
])
def test_a_section_that_is_wrong_is_refused(house, setting, said):
    house.configure(f"share {{ {setting} }}")
    done = house.run("config", "check")
    assert done.returncode == 2
    assert said in flat(done.stdout + done.stderr)


def test_json_is_the_same_without_hosts(joined):
    assert json.loads(joined.do("share", "status", "--json"))["hosts"] == []
