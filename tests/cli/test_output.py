"""Shapes: text of 80 columns, JSON and CSV tell the same."""

import csv
import io
import json
import os
import subprocess

import pytest
from conftest import PROGRAM

LONG = "a note that goes on and on, \"quoted\", until no line can hold it " * 2
WHO = ["203.0.113.7", "2001:db8:1234:5678::/64",
       "2001:db8:1234:5678:9abc:def0:1234:5678/128"]


@pytest.fixture
def busy(house):
    for who in WHO:
        house.do("ban", who, "3h", "--reason", "recipient", "--note", LONG)
        house.do("allow", "add", who, "--note", LONG, "--for", "2h")
        house.do("allow", "remove", who)
        house.do("ban", who, "3h", "--note", LONG)
    house.do("ban", "203.0.113.0/24", "1h")
    house.do("allow", "add", "198.51.100.0/24", "--note", LONG)
    for _ in range(5):
        house.do("report", "spam", "203.0.113.7")
    return house


def table(text):
    return list(csv.reader(io.StringIO(text, newline="")))


def field(value):
    """How CSV writes a value that JSON has."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def flatten(value, name=""):
    """Lines of "name,value" for one object."""
    if isinstance(value, dict):
        return [line for key, inner in value.items()
                for line in flatten(inner, f"{name}{key}.")]
    if isinstance(value, list):
        return [line for at, inner in enumerate(value)
                for line in flatten(inner, f"{name}{at}.")]
    return [[name[:-1], field(value)]]


SCREENS = [["list"], ["list", "--all"], ["allow"], ["check", WHO[0]],
           ["check", WHO[1][:-3] + "1"], ["explain", WHO[0]],
           ["explain", WHO[2][:-4]], ["status"], ["brake"]]


@pytest.mark.parametrize("words", SCREENS, ids=" ".join)
def test_a_screen_has_80_columns(busy, words):
    """But for a path or a link that cannot be broken."""
    lines = busy.run(*words).stdout.splitlines()
    assert lines and [line for line in lines
                      if len(line) > 80 and len(line.split()) > 2] == []
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize("words", [["list"], ["list", "--all"], ["allow"]],
                         ids=" ".join)
def test_csv_of_a_table_has_a_heading_and_what_json_has(busy, words):
    head, *lines = table(busy.do(*words, "--csv"))
    wanted = busy.json(*words)
    assert head == list(wanted[0])
    assert lines == [[field(value) for value in row.values()]
                     for row in wanted]


@pytest.mark.parametrize("words", [["status"], ["brake"], ["check", WHO[0]],
                                   ["explain", WHO[0]]], ids=" ".join)
def test_csv_of_an_object_has_a_line_for_each_value(busy, words):
    status = 1 if words[0] == "check" else 0
    head, *lines = table(busy.do(*words, "--csv", status=status))
    wanted = flatten(busy.json(*words, status=status))
    assert head == ["name", "value"]
    assert [line for line in lines if line[0] != "checked_at"] == [
        line for line in wanted if line[0] != "checked_at"]


def test_csv_of_nothing_is_its_heading(house):
    house.do("clear", "203.0.113.7", status=1)
    assert house.do("allow", "--csv", status=1) == "network,until,note,named\n"


@pytest.mark.parametrize("journal, begins", [
    (True, "<2>fatal: "), (False, "videur-milter: fatal: ")])
def test_the_journal_has_a_line_with_its_priority_and_without_a_second_name(
        tmp_path, journal, begins):
    with open(tmp_path / "stderr", "w+", encoding="utf-8") as stderr:
        at = os.fstat(stderr.fileno())
        stream = f"{at.st_dev}:{at.st_ino if journal else at.st_ino + 1}"
        subprocess.run([f"{PROGRAM}-milter", "-c", tmp_path / "missing"],
                       stderr=stderr, check=False, timeout=30,
                       env={**os.environ, "JOURNAL_STREAM": stream})
        stderr.seek(0)
        assert stderr.read().startswith(begins)
