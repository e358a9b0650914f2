"""tail: what happened, and what happens, each once."""

import json
import subprocess

import pytest

# What would never say the line that a test waits for says no more then.
ENDED = ["timeout", "120"]


@pytest.fixture
def follow(house):
    """Follow with these words; gives back the process and a way to read."""
    running = []

    def begin(*words):
        process = subprocess.Popen(
            ENDED + house.command("tail", "--json", *words), text=True,
            stdout=subprocess.PIPE, env=house.environment())
        running.append(process)
        return lambda: json.loads(process.stdout.readline())
    house.do("report", "spam", "192.0.2.7", "--detail", "the first")
    yield begin
    for process in running:
        process.terminate()
        process.communicate()


def test_what_was_and_what_comes_each_once(house, follow):
    told = follow()
    first = [told(), told()]
    assert {(row["sort"], row["what"], row["who"]) for row in first} == {
        ("event", "spam", "192.0.2.7"), ("change", "report", "192.0.2.7")}
    assert first[0]["text"] == "report: the first"
    house.do("ban", "203.0.113.7", "2h", "--note", "why")
    ref = house.json("list")[0]["ref"]
    rows = [told(), told()]
    assert [(row["sort"], row["what"], row["text"]) for row in rows] == [
        ("ban", "error", f"by hand, ref {ref}, why"),
        ("change", "ban", "by root: why")]
    house.do("report", "auth", "203.0.113.7")
    assert told()["what"] == "auth"


def test_of_many_only_the_last_are_shown_and_none_is_missed(house, follow):
    house.do("report", "-", given="".join(
        f"spam 192.0.{i >> 8}.{i & 255}\n" for i in range(512, 3512)))
    told = follow("--limit", "2500", "192.0.0.0/16")
    wanted = [f"192.0.{i >> 8}.{i & 255}" for i in range(1012, 3512)]
    seen = []
    while len(seen) < len(wanted):
        row = told()
        seen += [row["who"]] if row["sort"] == "event" else []
    assert seen == wanted


def test_only_whom_it_is_asked_of(house, follow):
    told = follow("203.0.113.0/24", "2001:db8::1")
    house.do("report", "spam", "192.0.2.8")
    house.do("report", "spam", "2001:db8::1")
    assert told()["who"] == "2001:db8::1"


@pytest.mark.parametrize("words, shown", [
    (["--bans"], ["ban virus", "ban error"]),
    (["--reason", "virus"], ["ban virus"]),
    (["--kind", "auth"], ["event auth"]),
    (["--changes"], ["change report", "change ban", "change ban"]),
    (["--kind", "auth", "--reason", "error"], ["event auth", "ban error"]),
], ids=str)
def test_only_what_it_is_asked_for(house, follow, words, shown):
    told = follow("--limit", "9", *words)
    house.do("report", "-", given="auth 192.0.2.8\nhelo 192.0.2.8\n")
    house.do("ban", "203.0.113.8", "2h", "--reason", "virus")
    house.do("ban", "203.0.113.9", "2h")
    row = told()
    if words == ["--changes"]:  # the report before
        row = told()
    seen = [f"{row['sort']} {row['what']}"]
    while len(seen) < len(shown):
        row = told()
        seen.append(f"{row['sort']} {row['what']}")
    assert seen == shown


def test_it_goes_on_with_a_database_that_takes_its_place(house, follow):
    house.do("backup", str(house.folder / "copy"))
    told = follow("--limit", "1")
    assert told() and told()
    house.do("restore", str(house.folder / "copy"))
    house.do("report", "spam", "192.0.2.99")
    seen = set()
    while "192.0.2.99" not in seen:
        seen.add(told()["who"])


def test_people_read_lines_of_80_columns(house):
    house.do("ban", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff", "2h", "--note",
             "a note of many words " * 8)
    with subprocess.Popen(ENDED + house.command("tail"), text=True,
                          stdout=subprocess.PIPE,
                          env=house.environment()) as process:
        lines = [process.stdout.readline() for _ in range(4)]
        process.terminate()
    assert lines[0].split() == ["TIME", "WHAT", "OF"]
    assert all(len(line.rstrip("\n")) <= 80 for line in lines)


def test_it_ends_quietly_with_who_reads_it(house):
    house.do("report", "spam", "192.0.2.7")
    with subprocess.Popen(house.command("tail", "--csv"),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=house.environment()) as process:
        assert process.stdout.readline()
        process.stdout.close()
        house.do("report", "spam", "192.0.2.7")
        assert process.wait(40) != 0
        assert process.stderr.read() == b""
