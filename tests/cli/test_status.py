"""status: what reaches videur, so that silence is seen; and whole answers."""

import json
import os
import subprocess
import time

import pytest
from conftest import DAY, PROGRAM, now


def seen(house, what, name, number, days_ago=0):
    """A sum by day, as the services write it."""
    day = now() - now() % DAY - days_ago * DAY
    house.sql("INSERT INTO daily (day, what, name, number)"
              " VALUES (?, ?, ?, ?)", day, what, name, number)


@pytest.fixture
def fed(house):
    house.do("clear", "203.0.113.7", status=1)
    for days_ago, factor in ((0, 1), (1, 1), (2, 1000)):
        for log, lines in (("/var/log/mail.log", 400), ("journal", 7)):
            seen(house, "lines", log, lines * factor, days_ago)
        seen(house, "understood", "journal", 5 * factor, days_ago)
        seen(house, "findings", "journal", 3 * factor, days_ago)
        seen(house, "dropped", "journal", 2 * factor, days_ago)
        seen(house, "seen", "sessions", 10 * factor, days_ago)
        seen(house, "seen", "message-ends", 4 * factor, days_ago)
    seen(house, "seen", "rejections", 1)
    seen(house, "seen", "asked", 3)
    return house


def test_a_log_that_nothing_is_understood_of_is_seen_in_status(fed):
    assert fed.json("status")["sources"] == [
        {"source": "/var/log/mail.log", "lines": 800, "understood": 0,
         "findings": 0, "dropped": 0},
        {"source": "journal", "lines": 14, "understood": 10, "findings": 6,
         "dropped": 4}]
    rows = [line.split() for line in fed.do("status").splitlines()]
    assert ["LOG", "LINES", "UNDERSTOOD", "FINDINGS", "DROPPED"] in rows
    assert ["/var/log/mail.log", "800", "0", "0", "0"] in rows
    assert ["journal", "14", "10", "6", "4"] in rows


def test_a_scanner_whose_headers_never_come_is_seen_in_status(fed):
    assert fed.json("status")["seen"] == {
        "sessions": 20, "message_ends": 8, "verdict_headers": 0,
        "rejections": 1, "asked": 3}
    assert ("  20 sessions, 8 ends of messages, 0 headers of scanners, "
            "1 rejection\n") in fed.do("status")


def test_a_host_where_nothing_is_read_says_so(house):
    house.do("clear", "203.0.113.7", status=1)
    assert "Read by videur-watch today and yesterday:\n  nothing\n" in (
        house.do("status"))
    assert house.json("status")["sources"] == []


def test_a_long_path_still_fits_into_80_columns(fed):
    seen(fed, "lines", "/srv/containers/mail/volumes/logs/_data/mail.log",
         123456789)
    table = fed.do("status").split("yesterday:")[-1]
    assert "123456789" in table and max(map(len, table.splitlines())) <= 80


# ---- whole answers or none ----

def many(house, count):
    """So many bans of one address, each of another end."""
    house.do("ban", "203.0.113.7", "2h")
    columns = ("client, family, bits, reason, rule, step, begins, observed,"
               " stage, service, code, enhanced, phrase, own, note")
    house.sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
              f" WHERE i < ?) INSERT INTO ban ({columns}, ends, ref)"
              f" SELECT {columns}, ends + i, printf('%06d', i)"
              " FROM ban, n WHERE ban.id = 1", count)


@pytest.mark.parametrize("words", [["list"], ["list", "--json"],
                                   ["explain", "203.0.113.7"]], ids=" ".join)
def test_a_pager_left_open_does_not_hold_the_database(house, words):
    many(house, 5000)
    with subprocess.Popen(house.command(*words), stdout=subprocess.PIPE,
                          env=house.environment()) as pager:
        assert pager.stdout.read(1)
        # It is blocked now: the pipe holds 64 KB, the answer is longer.
        deadline = time.monotonic() + 10
        while True:
            house.do("ban", "198.51.100.9", "2h")
            busy, log, moved = house.sql("PRAGMA wal_checkpoint(TRUNCATE)")[0]
            if (busy, log) == (0, 0):
                break
            assert time.monotonic() < deadline, (busy, log, moved)
        assert pager.poll() is None
        rest = pager.stdout.read()
    assert pager.returncode == 0 and len(rest) > 65536


@pytest.mark.parametrize("shape", [[], ["--json"], ["--csv"]], ids=str)
def test_a_database_that_fails_half_way_gives_no_half_answer(house, shape):
    many(house, 2000)
    house.damage("ban")
    done = house.run("explain", "203.0.113.7", *shape)
    assert (done.stdout, done.returncode) == ("", 3)
    assert str(house.database) in done.stderr


@pytest.mark.parametrize("shape", [[], ["--json"], ["--csv"]], ids=str)
def test_a_list_that_fails_half_way_has_no_end(house, shape):
    """It comes row by row: what is read is no JSON, and not summed up."""
    many(house, 2000)
    house.damage("ban")
    done = house.run("list", *shape)
    assert done.returncode == 3 and str(house.database) in done.stderr
    assert not done.stdout.endswith("]\n") and "active" not in done.stdout


def test_a_list_comes_row_by_row(house):
    """Its memory does not grow with it."""
    if "asan" in PROGRAM:
        pytest.skip("a sanitizer's memory is not bounded so")
    many(house, 80000)
    command = ["bash", "-c", 'ulimit -d 16384; exec "$@"', "-",
               *house.command("list", "--json")]
    said = subprocess.run(command, check=True, capture_output=True,
                          timeout=120, env=house.environment()).stdout
    assert len(json.loads(said)) == 80001 and len(said) > 16384 * 1024


def test_how_long_each_table_is_kept_is_seen_in_status(house):
    house.configure("keep { events = 1w tallies = 31d bans = 1d12h audit = 1y\n"
                    "  daily = 2y }")
    house.do("ban", "203.0.113.7", "2h")
    kept = house.json("status")["keep"]
    assert {name: seconds / DAY for name, seconds in kept.items()} == {
        "events": 7, "tallies": 31, "bans": 90 + 1.5, "audit": 365,
        "daily": 730}
    lines = [" ".join(line.split())
             for line in house.do("status").splitlines()]
    assert "kept events 7d, tallies 31d, bans 91d12h" in lines
    assert "audit 365d, sums by day 730d" in lines


def test_what_is_older_than_its_table_keeps_goes_and_nothing_else(
        house, tmp_path):
    """The watcher's upkeep, table by table, each by its own time."""
    house.do("ban", "203.0.113.7", "2h")
    for days in (8, 6):
        at = now() - days * DAY
        house.sql("INSERT INTO event (client, address, kind, at, source)"
                  " VALUES ('192.0.2.1', '192.0.2.1', 'spam', ?, 't')", at)
        house.sql("INSERT INTO audit (at, who, what, subject)"
                  " VALUES (?, 't', 'test', ?)", at - 10 * DAY, str(days))
        seen(house, "seen", "sessions", days, days + 30)
    log = tmp_path / "mail.log"
    log.touch()
    house.configure(f'keep {{ events = 1w audit = 17d daily = 37d }}\n'
                    f'watch {{ journal = no files = {{"{log}"}} }}')
    with subprocess.Popen(
            [f"{os.path.dirname(PROGRAM)}/videur-watch", "-c",
             str(house.conf)], stderr=subprocess.DEVNULL) as watcher:
        end = time.monotonic() + 60
        while (len(house.sql("SELECT 1 FROM event")) > 1 or
               len(house.sql("SELECT 1 FROM audit WHERE what = 'test'")) > 1):
            assert time.monotonic() < end and watcher.poll() is None
            time.sleep(0.05)
        watcher.terminate()
    assert house.sql("SELECT number FROM daily WHERE name = 'sessions'") == [
        (6,)]
    assert house.sql("SELECT subject FROM audit WHERE what = 'test'") == [
        ("6",)]
