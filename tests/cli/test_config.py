"""What holds, where it came from, and whether all files are fine."""

import csv
import io
import json
import os
import subprocess

import pytest

RULE = "rule broken {\n  match = \"(\"\n}\n"


def settings(house, *words):
    return {row["setting"]: row for row in house.json("config", "show", *words)}


def test_every_setting_stands_with_its_default(house):
    house.conf.write_text("")
    rows = settings(house)
    assert {row["from"] for row in rows.values()} == {"default"}
    assert rows["database"]["value"] == '"/var/lib/videur/videur.db"'
    assert rows["mode"]["value"] == "enforce"
    assert rows["milter.socket-mode"]["value"] == "0660"
    assert rows["brake.within"]["value"] == "10m"
    assert rows["submission-ports"]["value"] == "{465, 587}"
    assert rows["allow"]["value"] == "{}"
    assert rows["sources.auth"]["value"] == "watch"
    assert rows["sources.spam"]["value"] == "none"


def test_a_setting_says_its_file_and_line(house):
    (house.folder / "more.conf").write_text(
        'mode = observe\nallow += {192.0.2.0/24, "2001:db8::/32"}\n')
    house.configure('contact = "postmaster@example.org"\n'
                    'include("more.conf")\n'
                    'keep { events = 1d12h }')
    rows = settings(house)
    assert rows["contact"] == {"setting": "contact",
                               "from": f"{house.conf}:3",
                               "value": '"postmaster@example.org"'}
    assert rows["mode"]["from"] == f"{house.folder}/more.conf:1"
    assert rows["allow"]["value"] == '{"192.0.2.0/24", "2001:db8::/32"}'
    assert rows["keep.events"]["value"] == "1d12h"
    assert rows["keep.events"]["from"] == f"{house.conf}:5"


def test_what_a_scanner_adds_is_told_as_its_own(house):
    house.configure('milter { scanner = {spamassassin}\n'
                    '  virus-header = {"X-Ours: bad"} }')
    rows = settings(house)
    assert "X-Spam-Flag: YES" in rows["milter.spam-header"]["value"]
    assert rows["milter.spam-header"]["from"] == "scanner"
    assert '"X-Ours: bad"' in rows["milter.virus-header"]["value"]
    assert rows["milter.virus-header"]["from"] == f"{house.conf}:4, scanner"
    assert rows["sources.spam"] == {"setting": "sources.spam",
                                    "from": "default",
                                    "value": "milter, watch"}


def test_what_is_shown_is_a_configuration_that_says_the_same(house):
    house.configure(
        'web { site-name = "A \\"quoted\\" \\\\ name, 5 $"\n'
        '  paragraph = "two\\nlines" }\n'
        'forwarders = {192.0.2.1}\nallow = {192.0.2.0/25}\n'
        'milter { socket-mode = 0600 }')
    first = settings(house)
    sections = {}
    for name, row in first.items():
        section, _, key = name.rpartition(".")
        sections.setdefault(section, []).append(f"{key} = {row['value']}")
    text = "\n".join(sections.pop(""))
    for section, lines in sections.items():
        text += f"\n{section} {{\n" + "\n".join(lines) + "\n}"
    house.conf.write_text(text + "\n")
    again = settings(house)
    assert {name: row["value"] for name, row in again.items()} == \
        {name: row["value"] for name, row in first.items()}
    assert "default" not in {row["from"] for row in again.values()}


def test_text_and_csv_say_the_same(house):
    rows = settings(house)
    text = house.do("config", "show")
    table = list(csv.DictReader(io.StringIO(
        house.do("config", "show", "--csv"))))
    assert table == list(rows.values())
    assert [line.split()[0] for line in text.splitlines()
            if not line.startswith(" ")][1:] == list(rows)
    assert max(map(len, text.splitlines())) <= max(80, len(str(house.conf)) + 80)


def test_fine_is_said(house):
    assert house.do("config", "check") == f"{house.conf}: fine\n"
    assert not os.path.exists(house.database)


def test_all_errors_of_all_files_are_told(house):
    policies = house.folder / "policies"
    policies.mkdir()
    (policies / "mine.conf").write_text("memory = soon\nrule x { limit = 0 }\n")
    rules = house.folder / "rules.d"
    rules.mkdir()
    (rules / "x.rule").write_text("nonsense\n")
    house.configure('mode = watch\npolicy = mine\nnobody = 1\n'
                    f'watch {{ rules = "{rules}" }}')
    done = house.run("config", "check")
    assert done.returncode == 2
    assert done.stdout == ""
    for place in (f"{house.conf}:3:", f"{house.conf}:5:",
                  f"{policies}/mine.conf:1:", f"{policies}/mine.conf:2:",
                  f"{rules}/x.rule:1:"):
        assert place in done.stderr, place


def test_warnings_are_told_and_all_is_fine(house):
    house.configure("allow = {0.0.0.0/1}")
    done = house.run("config", "check")
    assert done.returncode == 0
    assert "3:10: warning: " in done.stderr
    assert done.stdout == f"{house.conf}: fine\n"


def test_a_file_is_checked_before_it_takes_the_place_of_another(house):
    new = house.folder / "new.conf"
    new.write_text("mode = observed\n")
    done = house.run("config", "check", str(new))
    assert done.returncode == 2
    assert f'{new}:1:8: mode = "observed": must be enforce or observe' in \
        done.stderr
    new.write_text("mode = observe\n")
    house.configure("broken")
    assert house.do("config", "check", str(new)) == f"{new}: fine\n"


@pytest.mark.parametrize("verb", ["check", "show"])
def test_a_file_that_is_not_there(house, verb):
    house.conf.unlink()
    done = house.run("config", verb)
    assert done.returncode == 2
    assert done.stderr == f"{house.conf}: No such file or directory\n"


def test_one_file_at_a_time(house):
    done = house.run("config", "check", "a", "b")
    assert done.returncode == 2
    assert 'unexpected argument "b"' in done.stderr


def test_config_alone_says_what_there_is(house):
    done = subprocess.run(house.command("config"), text=True, check=False,
                          capture_output=True, env=house.environment())
    assert done.returncode == 2
    assert "videur" in done.stderr


@pytest.mark.parametrize("conf, other, status, said", [
    ("policy = mine\nkeep { events = 1h }", ("policies/mine.conf",
     'rule "a" { events = {spam} limit = 3 within = 60d reason = spam\n'
     'service = mx ban = {2h} reply = "550 5.7.1 x" }'), 0,
     "and they are kept for less"),
    ("policy = mine\nkeep { bans = 1h }", ("policies/mine.conf",
     'memory = 22h\n'
     'rule "a" { events = {spam} limit = 3 within = 1d reason = spam\n'
     'service = mx ban = {2h} reply = "550 5.7.1 x" }'), 0,
     "and the bans they led to are kept for less"),
    ("policy = mine", ("policies/mine.conf",
     'rule "a" { events = {auth} limit = 3 within = 1h reason = auth\n'
     'service = submission ban = {2h} reply = "530 5.7.0 x" }'), 0,
     "its bans do not stop logins"),
    ('watch { rules = "HERE/rules" }', ("rules/a.rule",
     'rule "x" { match = "^\\S+" }'), 2,
     "in double quotes a backslash is written twice"),
    ('watch { rules = "HERE/rules" }', ("rules/x.conf", "x"), 0,
     "its name does not end in .rule"),
    ('milter { listen = "inet:8890" }', None, 0,
     "takes connections on all addresses"),
    ('allow = {0.0.0.0/0}', None, 0, "is very wide"),
    ('allow = {203.0.113.7/24}', None, 2, "has bits set behind its length"),
], ids=["within", "memory", "stage", "backslash", "rule's name", "listen", "wide", "bits"])
def test_what_would_be_without_effect_is_told_with_its_line(
        house, conf, other, status, said):
    if other is not None:
        path = house.folder / other[0]
        path.parent.mkdir(exist_ok=True)
        path.write_text(other[1] + "\n")
    house.configure(conf.replace("HERE", str(house.folder)))
    done = house.run("config", "check")
    assert done.returncode == status
    line, = [line for line in done.stderr.splitlines() if said in line]
    assert line.startswith(str(house.folder))
    assert ("warning: " in line) == (status == 0)


def test_a_relative_database_is_refused(house):
    house.conf.write_text('database = "videur.db"\n')
    done = house.run("config", "check")
    assert (done.returncode, done.stdout) == (2, "")
    assert f'{house.conf}:1:12: database = "videur.db": must be a path' in (
        done.stderr)


@pytest.mark.parametrize("more, status, findings", [
    ("", 0, []),
    ("keep { daily = 1h }", 0, [": warning: "]),
    ("nonsense = 1\nmode = odd", 2, [':3:1: unknown "nonsense"', ":4:8: "]),
])
def test_programs_are_told_each_finding(house, more, status, findings):
    house.configure(more)
    done = house.run("config", "check", "--json")
    told = json.loads(done.stdout)
    assert done.returncode == status
    assert (told["file"], told["fine"]) == (str(house.conf), status == 0)
    assert len(told["findings"]) == len(findings), told
    for line, part in zip(told["findings"], findings):
        assert part in line and line in done.stderr
