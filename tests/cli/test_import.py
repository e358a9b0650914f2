"""Bans from files: DROP lists, what `export` wrote, fail2ban's database."""

import itertools
import json
import os
import sqlite3
import subprocess
import sys

import pytest
from conftest import DAY, House, at, now, seconds

TEXT = """; Spamhaus DROP List 2026/11/27
203.0.113.0/24 ; SBL1
198.51.100.0/25;SBL2
2001:db8:7::/48 ; SBL3
"""
JSON = """{"cidr":"203.0.113.0/24","sblid":"SBL1","rir":"ripencc"}
{"cidr":"198.51.100.0/25","sblid":"SBL2","rir":"arin"}
{"cidr":"2001:db8:7::/48","sblid":"SBL3","rir":"apnic"}
{"type":"metadata","timestamp":1790000000,"records":3}
"""


@pytest.mark.parametrize("given", [TEXT, JSON], ids=["text", "JSON lines"])
def test_a_list_is_banned_once(house, tmp_path, given):
    file = tmp_path / "drop.list"
    file.write_text(given)
    assert house.json("import", "drop", str(file), "--for", "2d") == {
        "read": 3, "banned": 3, "prolonged": 0, "already": 0, "left_out": 0,
        "over": 0}
    bans = house.json("list")
    assert {(ban["client"], ban["reason"], ban["note"]) for ban in bans} == {
        (net, "spam", "DROP list drop.list")
        for net in ("203.0.113.0/24", "198.51.100.0/25", "2001:db8:7::/48")}
    house.do("import", "drop", "-", "--for", "1d", given=given)
    assert house.json("list") == bans
    assert house.json("import", "drop", str(file), "--for", "3d")[
        "prolonged"] == 3
    assert [row[0] for row in house.sql(
        "SELECT count(*) FROM audit WHERE what = 'import drop'")] == [3]


def test_what_is_ours_or_allowed_is_left_out(house):
    house.do("allow", "add", "198.51.100.0/24")
    done = house.run("import", "drop", "-", given="127.0.0.0/8\n"
                     "198.51.100.0/25\n0.0.0.0/0\n203.0.113.0/24\n")
    assert done.returncode == 0
    for why in ("127.0.0.0/8 is left out: it is private or reserved",
                "198.51.100.0/25 is left out: it is allowed",
                "0.0.0.0/0 is left out: it is too wide"):
        assert why in done.stderr
    assert [ban["client"] for ban in house.json("list")] == ["203.0.113.0/24"]


@pytest.mark.parametrize("given, line, what", [
    ("203.0.113.0/24\nnonsense\n", 2, "is not a network"),
    ("203.0.113.7/24\n", 1, "is not a network"),
    ('203.0.113.0/24\n{"cidr":\n', 2, "is no JSON"),
    ('{"cidr":7}\n', 1, "has no cidr"),
    ("203.0.113.0/24\n\0\n", 2, "a NUL byte"),
    ("203.0.113.0/24\n" + "x" * 3000, 2, "longer than 2047 bytes"),
], ids=["no network", "bits behind it", "no JSON", "no text", "NUL", "long"])
def test_a_bad_line_changes_nothing(house, given, line, what):
    done = house.run("import", "drop", "-", given=given)
    assert done.returncode == 2
    assert f"stdin:{line}: {what}" in done.stderr
    house.do("list", status=1)


def test_a_dry_run_changes_nothing(house):
    assert "1 banned" in house.do("import", "drop", "-", "--dry-run",
                                  given="203.0.113.0/24\n")
    house.do("list", status=1)


# ---- what `export` and `list` wrote ----

@pytest.fixture
def filled(house):
    house.do("ban", "203.0.113.9", "2h", "--note", 'a "quoted", one')
    house.do("ban", "198.51.100.0/24", "forever", "--reason", "virus",
             "--note", "née à l’été")
    house.do("ban", "2001:db8:5::1", "3d", "--reason", "auth")
    house.do("ban", "203.0.113.10", "1w", "--note", '"' * 200)
    for _ in range(5):
        house.do("report", "spam", "203.0.113.11")
    return house


@pytest.fixture
def other(tmp_path):
    (tmp_path / "other").mkdir()
    return House(tmp_path / "other")


def whole(house):
    return {(ban["client"], ban["reason"], ban["ends"], ban["note"])
            for ban in house.json("list")}


@pytest.mark.parametrize("form, words", [
    ("csv", ["export", "csv"]), ("csv", ["list", "--csv"]),
    ("json", ["export", "json"]), ("json", ["list", "--json"])])
def test_bans_go_out_and_come_in(filled, other, form, words):
    given = filled.do(*words)
    assert "5 banned" in other.do("import", form, "-", "--dry-run",
                                  given=given)
    other.do("list", status=1)
    assert "5 networks read: 5 banned" in other.do("import", form, "-",
                                                   given=given)
    assert whole(other) == whole(filled) and len(whole(other)) == 5
    assert "0 banned, 0 prolonged, 5 banned already" in other.do(
        "import", form, "-", given=given)
    assert (f"import {form}", "stdin", "0 networks banned, 0 prolonged") in \
        other.audit()


def test_what_everybody_may_read_comes_in_too(house, other):
    house.do("ban", "203.0.113.9", "2h", "--say", "call us")
    other.do("import", "json", "-", given=house.do("export", "json"))
    assert other.json("list")[0]["say"] == "call us"


def test_json_may_stand_on_lines(filled, other):
    lines = "\n".join(map(json.dumps, filled.json("list")))
    other.do("import", "json", "-", given=lines)
    assert whole(other) == whole(filled)


def test_only_what_holds_comes_in(house, other):
    house.do("ban", "203.0.113.9", "2h")
    house.do("clear", "203.0.113.9")
    house.do("ban", "203.0.113.10", "1h")
    house.configure("mode = observe")
    house.do("ban", "203.0.113.11", "1h")
    for _ in range(5):
        house.do("report", "spam", "203.0.113.12", "--at", at(DAY))
    rows = house.json("list", "--all")
    assert len(rows) == 4
    other.do("allow", "add", "203.0.113.10")
    done = other.run("import", "json", "-", "--json", given=json.dumps(rows))
    assert json.loads(done.stdout) == {
        "read": 4, "banned": 0, "prolonged": 0, "already": 0, "left_out": 1,
        "over": 3}
    assert "203.0.113.10 is left out: it is allowed" in done.stderr


HEAD = "client,reason,ends,note\n"
GOOD = "203.0.113.9,spam,2999-01-01T00:00:00Z,\n"


@pytest.mark.parametrize("form, given, line, what", [
    ("csv", "", 1, "there is no line that names the columns"),
    ("csv", "client,reason\n", 1, 'has no column "ends"'),
    ("csv", HEAD + GOOD + "x,spam,2999-01-01T00:00:00Z,\n", 3, "client is"),
    ("csv", HEAD + GOOD + "203.0.113.9/24,spam,,\n", 3, "client is"),
    ("csv", HEAD + GOOD + "\n203.0.113.8,bad,,\n", 4, "reason is not"),
    ("csv", HEAD + "203.0.113.8,spam,tomorrow,\n", 2, "ends is not a time"),
    ("csv", HEAD + GOOD + "203.0.113.8,spam\n", 3, "has too few fields"),
    ("csv", HEAD + GOOD[:-1] + '"x\n', 2, "has a quote that does not end"),
    ("csv", HEAD + GOOD[:-1] + "x" * 201 + "\n", 2, "note or say"),
    ("csv", HEAD + GOOD[:-1] + "\x1b[2J\n", 2, "note or say"),
    ("csv", HEAD + GOOD + "\0\n", 3, "a NUL byte"),
    ("json", "", 1, "is no JSON list of bans"),
    ("json", "nonsense", 1, "is no JSON list of bans"),
    ("json", '[\n{"client": "203.0.113.9"}]', 2, 'has no "reason"'),
    ("json", '[{"client":"203.0.113.9","reason":"spam","ends":7}]', 1,
     'has no "ends"'),
    ("json", '[\n\n{"client": nonsense}]', 3, "is no JSON"),
    ("json", '[{"client":"203.0.113.9","reason":"spam",'
     '"ends":"2999-01-01T00:00:00Z"},', 1, "ends within the list"),
    ("json", '[{"client":"203.0.113.9"', 1, "ends within a ban"),
    ("json", '[{"client":"' + "x" * 9000 + '"}]', 1, "a ban is longer than 8191"),
    ("json", '{"client":"203.0.113.9","reason":"spam","ends":'
     '"2999-01-01T00:00:00Z"}\n]', 2, "is no JSON list of bans"),
], ids=itertools.count())
def test_a_bad_ban_imports_nothing(house, form, given, line, what):
    done = house.run("import", form, "-", given=given)
    assert done.returncode == 2
    assert f"stdin:{line}: {what}" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    house.do("list", status=1)


# ---- fail2ban ----

DATA = os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "data")


def own_packages():
    """Where fail2ban's own code is, if anywhere."""
    for root in ("", os.environ.get("VIDEUR_FAIL2BAN", "")):
        folder = f"{root}/usr/lib/python3/dist-packages"
        if os.path.isdir(f"{folder}/fail2ban"):
            return folder
    return None


@pytest.fixture(params=["its own code", "a copy"])
def fail2ban(request, tmp_path):
    path = tmp_path / "fail2ban.sqlite3"
    if request.param == "a copy":
        with open(f"{DATA}/fail2ban.sql", encoding="utf-8") as file:
            change(path, file.read() + "".join(
                f"UPDATE {table} SET timeofban = timeofban - 2000000000 +"
                f" {now()};" for table in ("bans", "bips")))
    elif own_packages() is None:
        pytest.skip("there is no fail2ban (VIDEUR_FAIL2BAN)")
    else:
        subprocess.run([sys.executable, "-W", "ignore", f"{DATA}/fail2ban.py",
                        own_packages(), str(path), str(now())], check=True,
                       capture_output=True, timeout=60)
    return path


def change(path, script):
    with sqlite3.connect(path) as base:
        base.executescript(script)
    base.close()


def bans(house):
    """Client and reason with what is left in days, and the note."""
    return {ban["client"]: (ban["reason"],
                            round((seconds(ban["ends"]) - now()) / DAY),
                            ban["note"]) for ban in house.json("list")}


def test_fail2bans_bans_come_in(house, fail2ban):
    before = fail2ban.read_bytes()
    done = house.run("import", "fail2ban", str(fail2ban))
    assert "8 networks read: 5 banned, 0 prolonged, 0 banned already, 2 left" \
        " out, 1 over" in done.stdout
    assert '"nobody" is left out: it is no address' in done.stderr
    assert bans(house) == {
        "203.0.113.51": ("auth", 2, "fail2ban postfix-sasl"),
        "2001:db8:0:52::/64": ("auth", 36500, "fail2ban dovecot"),
        "203.0.113.53": ("error", 1, "fail2ban postfix"),
        "203.0.113.54": ("auth", 1, "fail2ban sshd"),
        "203.0.113.56": ("error", 7, "fail2ban recidive")}
    assert fail2ban.read_bytes() == before
    assert os.listdir(fail2ban.parent).count("fail2ban.sqlite3-journal") == 0


def test_a_jail_may_be_for_another_reason(house, fail2ban):
    house.run("import", "fail2ban", str(fail2ban), "--jail",
              "recidive=spam,postfix=virus", "--note", "moved")
    found = bans(house)
    assert found["203.0.113.56"] == ("spam", 7, "moved")
    assert found["203.0.113.53"] == ("virus", 1, "moved")
    for wrong in ("recidive", "recidive=", "=spam", "recidive=bad",
                  "recidive=spam,", "a=spam;b=spam"):
        assert house.run("import", "fail2ban", str(fail2ban), "--jail",
                         wrong).returncode == 2


def test_older_databases_are_read(house, fail2ban):
    change(fail2ban, "DROP TABLE bips")
    done = house.run("import", "fail2ban", str(fail2ban), "--dry-run")
    assert "8 networks read: 5 banned" in done.stdout
    change(fail2ban, "ALTER TABLE bans DROP COLUMN bantime")
    done = house.run("import", "fail2ban", str(fail2ban))
    assert done.returncode == 2 and "give --for" in done.stderr
    assert "8 networks read: 5 banned" in house.run(
        "import", "fail2ban", str(fail2ban), "--for", "1d").stdout


def test_another_file_is_no_database_of_fail2bans(house, tmp_path):
    house.do("ban", "203.0.113.9", "1h")
    (tmp_path / "text").write_text("nonsense" * 1000)
    for file, what in ((house.database, "is no database of fail2ban"),
                       (tmp_path / "text", "file is not a database"),
                       (tmp_path / "none", "No such file"),
                       (tmp_path, "cannot be opened")):
        done = house.run("import", "fail2ban", str(file))
        assert done.returncode == 2 and what in done.stderr
    assert len(house.json("list")) == 1
