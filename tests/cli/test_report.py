"""report: one deed, or lines of them."""

import random

import pytest
from conftest import DAY, HOUR, at, flat, local, now, seconds


def stored(house):
    return house.sql("SELECT count(*) FROM event")[0][0]


# ---- one ----

def test_a_report_is_stored_with_its_source_and_time(house):
    assert house.do("report", "spam", "203.0.113.7", "--detail",
                    "score 14.2") == "1 event stored\n"
    (client, kind, when, source, detail), = house.sql(
        "SELECT client, kind, at, source, detail FROM event")
    assert (client, kind, source, detail) == ("203.0.113.7", "spam", "report",
                                              "score 14.2")
    assert abs(when - now()) < 60


TIMES = [
    ("ISO 8601 in UTC", "2026-01-02T03:04:05Z", 1767323045),
    ("with another zone", "2026-01-02T04:04:05+01:00", 1767323045),
    ("seconds", "@1767323045", 1767323045),
]


@pytest.mark.parametrize("text, when", [row[1:] for row in TIMES],
                         ids=[row[0] for row in TIMES])
def test_a_time_may_be_given_as(house, text, when):
    house.do("report", "spam", "203.0.113.7", "--at", text)
    assert house.sql("SELECT at FROM event") == [(min(when, now()),)]


def test_a_time_in_the_future_is_now(house):
    house.do("report", "spam", "203.0.113.7", "--at", at(-DAY))
    assert abs(house.sql("SELECT at FROM event")[0][0] - now()) < 60


def test_a_ban_that_begins_is_told(house):
    said = house.do("report", "virus", "203.0.113.7")
    ban, = house.json("list")
    assert flat(said).startswith(
        "1 event stored "
        f"banned 203.0.113.7 until {local(ban['ends'])}: reason virus")
    assert f"(ref {ban['ref']})" in flat(said)
    assert seconds(ban["ends"]) - seconds(ban["begins"]) == 24 * HOUR


def test_an_observed_ban_is_told_as_such(house):
    house.configure('mode = "observe"')
    assert "\nobserved 203.0.113.7 until " in house.do("report", "virus",
                                                     "203.0.113.7")


def test_a_ban_that_is_over_when_it_is_told_of(house):
    assert "over already" in house.do("report", "virus", "203.0.113.7", "--at",
                                      at(3 * DAY))
    house.do("check", "203.0.113.7")


def test_the_fifth_spam_within_an_hour_bans_for_three(house):
    for _ in range(4):
        assert house.do("report", "spam", "203.0.113.7") == "1 event stored\n"
    assert "banned 203.0.113.7" in house.do("report", "spam", "203.0.113.7")
    ban, = house.json("list")
    assert seconds(ban["ends"]) - seconds(ban["begins"]) == 3 * HOUR


@pytest.mark.parametrize("address", ["10.0.0.1", "198.51.100.7", "::1"])
def test_what_is_allowed_is_not_counted(house, address):
    house.do("allow", "add", "198.51.100.0/24")
    assert house.do("report", "virus", address).startswith("0 events stored")
    assert stored(house) == 0


def test_a_report_is_audited(house):
    house.do("report", "spam", "203.0.113.7")
    assert house.audit() == [("report", "203.0.113.7", "1 event")]


# ---- lines ----

def test_lines_are_stored_and_summed_up(house):
    house.do("allow", "add", "198.51.100.0/24")
    said = house.do("report", "-", given="""\
# KIND IP [--at TIME]
spam 203.0.113.7

  helo\t203.0.113.8   --at 2026-01-02T03:04:05Z
   # indented
virus 203.0.113.9 --at=@1767323045\r
spam 198.51.100.1
--at @1767323046 relay 2001:db8::1
spam 203.0.113.7""")
    assert said.splitlines()[-1] == (
        "5 events stored, 1 not counted since allowed or never banned,"
        " 1 ban began")
    assert "banned 203.0.113.9" in said
    assert house.sql("SELECT client, kind, at FROM event WHERE at < ?"
                     " ORDER BY at, client", now() - DAY) == [
        ("203.0.113.8", "helo", 1767323045), ("203.0.113.9", "virus", 1767323045),
        ("2001:db8::/64", "relay", 1767323046)]


def test_no_lines_store_nothing_and_are_fine(house):
    for given in ("", "\n\n", "# nothing\n"):
        assert house.do("report", "-", given=given).startswith(
            "0 events stored")


# What is wrong, the lines, and what is said of it.
BAD_LINES = [
    ("an unknown kind", "spam 203.0.113.7\nspma 203.0.113.7\n",
     'stdin:2: "spma" is not a kind'),
    ("no address", "spam\n", "stdin:1: IP is missing"),
    ("a network", "\n\nspam 203.0.113.0/24\n", "stdin:3: "),
    ("a word too many", "spam 203.0.113.7 203.0.113.8\n",
     'stdin:1: unexpected argument "203.0.113.8"'),
    ("nine words", "spam 203.0.113.7 a b c d e f g\n", "stdin:1: "),
    ("a bad time", "spam 203.0.113.7 --at noon\n", "stdin:1: --at: \"noon\""),
    ("a time missing", "spam 203.0.113.7 --at\n", "stdin:1: --at needs"),
    ("two times", "spam 203.0.113.7 --at @1 --at @2\n", "stdin:1: --at is"),
    ("another option", "spam 203.0.113.7 --detail x\n", 'stdin:1: "report" has no option --detail'),
    ("help", "--help\n", 'stdin:1: "report" has no option --help'),
    ("the last line, without its end", "spam 203.0.113.7\nspam x",
     'stdin:2: "x"'),
    ("a NUL byte", "spam 203.0.113.7\nspam \x00203.0.113.7\n",
     "stdin:2: a NUL byte"),
    ("a line of 2048 bytes", "#\n#" + "x" * 2047 + "\n", "stdin:2: longer"),
    ("a line without end", "spam 203.0.113.7\n" + "x" * 3000000,
     "stdin:2: longer"),
    ("an escape", "spam \x1b[31m\n", 'stdin:1: "?[31m"'),
]


@pytest.mark.parametrize("given, said", [row[1:] for row in BAD_LINES],
                         ids=[row[0] for row in BAD_LINES])
def test_where_one_line_is_bad_nothing_is_stored(house, given, said):
    done = house.run("report", "-", given=given)
    assert done.returncode == 2
    assert done.stderr.startswith(said)
    assert done.stdout == "" and not house.database.exists()


def test_a_line_of_2047_bytes_is_read(house):
    house.do("report", "-", given="#" + "x" * 2046 + "\nspam 203.0.113.7\n")
    assert stored(house) == 1


def test_a_bad_last_line_undoes_ten_thousand_good_ones(house):
    house.do("report", "spam", "203.0.113.1")
    done = house.run("report", "-",
                     given="helo 203.0.113.7\n" * 10000 + "helo\n")
    assert done.returncode == 2
    assert done.stderr.startswith("stdin:10001: ")
    assert stored(house) == 1


@pytest.mark.parametrize("count", [2047, 2048, 2050, 5000])
def test_lines_are_stored_in_chunks_of_2048(house, count):
    house.do("report", "-", given="helo 203.0.113.7\n" * count)
    assert house.sql("SELECT sum(helo) FROM tally") == [(count,)]
    assert stored(house) == 20, "its ban answers the others"
    notes = [note for _, _, note in house.audit()]
    chunks, rest = divmod(count, 2048)
    assert notes == ["2048 events"] * chunks + [f"{rest} events"] * (rest > 0)


def test_the_order_of_lines_does_not_matter(house):
    base = now() - 3 * DAY
    lines = [f"recipient 203.0.113.7 --at @{base + i}\n" for i in range(20)]
    random.Random(7).shuffle(lines)
    house.do("report", "-", given="".join(lines))
    ban, = house.json("list", "--all")
    assert seconds(ban["begins"]) == base + 19
    assert seconds(ban["ends"]) == base + 19 + 2 * HOUR


def test_a_line_with_a_network_that_is_also_an_address_stores_nothing(house):
    done = house.run("report", "-", given="spam 203.0.113.7\n"
                     "spam 203.0.113.7/24\n")
    assert done.returncode == 2
    assert done.stderr.startswith('stdin:2: "203.0.113.7/24" has bits set')
    assert not house.database.exists()
