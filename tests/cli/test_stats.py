"""stats: the sums by day, as bars, as rows and as a picture."""

import time
import xml.dom.minidom

import pytest

from conftest import DAY

TODAY = int(time.time()) // DAY * DAY
# What, name, and how many days ago; the number.
SUMS = [
    ("sessions", "", 0, 100), ("accepted", "", 0, 80), ("messages", "", 0, 90),
    ("event", "spam", 0, 7), ("event", "auth", 0, 3), ("ban", "spam", 0, 2),
    ("refused", "spam", 0, 50), ("refused", "auth", 0, 1),
    ("ban", "auth", 3, 1), ("refused", "auth", 3, 200),
    ("event", "auth", 29, 5), ("event", "auth", 40, 1000),
]


@pytest.fixture
def counted(house):
    house.do("clear", "all", status=1)
    for what, name, ago, number in SUMS:
        house.sql("INSERT INTO daily VALUES (?, ?, ?, ?)",
                  TODAY - ago * DAY, what, name, number)
    return house


def date(ago):
    return time.strftime("%Y-%m-%d", time.gmtime(TODAY - ago * DAY))


def test_a_row_a_day_the_newest_first(counted):
    told = counted.json("stats", "--days", "4")
    assert [row["day"] for row in told["days"]] == [date(i) for i in range(4)]
    assert told["days"][0] == {
        "day": date(0), "sessions": 100, "messages": 90, "accepted": 80,
        "events": 10, "bans": 2, "refused": 51, "limited": 0, "lost": 0}
    assert told["days"][3]["refused"] == 200
    assert told["reasons"] == [
        {"reason": "spam", "bans": 2, "refused": 50},
        {"reason": "auth", "bans": 1, "refused": 201}]
    assert told["kinds"] == [{"kind": "spam", "events": 7},
                             {"kind": "auth", "events": 3}]


def test_thirty_days_unless_said_otherwise(counted):
    told = counted.json("stats")
    assert len(told["days"]) == 30
    assert sum(row["events"] for row in told["days"]) == 15


def test_bars_are_as_long_as_what_was_refused(counted):
    lines = counted.do("stats", "--days", "4").splitlines()
    bars = {line.split()[0]: line.count("#") for line in lines[1:5]}
    assert bars == {date(0): 7, date(1): 0, date(2): 0, date(3): 25}
    assert all(len(line) <= 80 for line in lines)


def test_bars_are_finer_where_the_terminal_has_utf_8(counted):
    done = counted.run("stats", "--days", "4", env={"LC_ALL": "C.UTF-8"})
    lines = done.stdout.splitlines()
    bars = {line.split()[0]: line.split()[6:] for line in lines[1:5]}
    assert bars == {date(0): ["█" * 6 + "▍"], date(1): [], date(2): [],
                    date(3): ["█" * 25]}
    assert all(len(line) <= 80 for line in lines)


@pytest.mark.parametrize("locale", ["C", "POSIX", "no_SUCH.UTF-8"])
def test_where_it_has_not_or_nobody_knows_bars_are_ascii(counted, locale):
    assert counted.run("stats", env={"LC_ALL": locale}).stdout.isascii()


def test_a_picture_has_a_column_a_day(counted):
    picture = xml.dom.minidom.parseString(counted.do("stats", "--svg"))
    titles = [title.firstChild.data
              for title in picture.getElementsByTagName("title")]
    assert f"{date(0)}: 51" in titles and f"{date(3)}: 200" in titles
    assert len(titles) == 1 + 30


@pytest.mark.parametrize("words", [
    ["--days", "0"], ["--days", "401"], ["--days", "x"],
    ["--svg", "--json"], ["--svg", "--csv"], ["--svg", "--days", "65"],
])
def test_what_cannot_be_shown_is_refused(counted, words):
    done = counted.run("stats", *words)
    assert done.returncode == 2 and done.stderr.startswith("videur: "), done
    assert done.stdout == ""


def test_where_nothing_was_counted_it_is_all_zero(house):
    house.do("clear", "all", status=1)
    assert {row["refused"] for row in house.json("stats")["days"]} == {0}
