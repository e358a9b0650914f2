"""Every verb of the table, over a database full of long values: its text has
80 columns, its JSON and CSV can be read, its help is whole, and what is
misspelt is met with one line.  A verb that is new needs a row in WORDS."""

import csv
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from pathlib import Path

import pytest
from conftest import PROGRAM, House, at, now

ADDRESS = "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff"
CLIENT = "2001:db8:aaaa:bbbb::/64"
NOTE = ("une très longue note: « rappelé » par téléphone, puis débanni; "
        "日本語のメモ; and more words")
HERE = os.path.dirname(os.path.abspath(__file__))
LOG = os.path.join(os.path.dirname(HERE), "data", "corpus.trad.log")
FAIL2BAN = os.path.join(os.path.dirname(HERE), "data", "fail2ban.sql")
REASONS = ["spam", "virus", "auth", "error", "recipient", "volume"]

# What each verb is given.  "{}" is the house's folder.
WORDS = {
    "status": [[]],
    "list": [[], ["--all"], [CLIENT], ["--sort", "hits", "--limit", "3"],
             ["--suspects"]],
    "suspects": [[]],
    "check": [[ADDRESS], ["203.0.113.7", ADDRESS]],
    "explain": [[ADDRESS], ["203.0.113.7"]],
    "tail": [["--limit", "20"]],
    "top": [["--once"]],
    "stats": [[]],
    "log": [[]],
    "ban": [[ADDRESS, "1y", "--note", NOTE, "--say", NOTE]],
    "clear": [[ADDRESS, "--mistake", "--note", NOTE], ["all"]],
    "allow": [[], ["list"]],
    "allow add": [[ADDRESS, "--for", "2w", "--note", NOTE]],
    "allow names": [[]],
    "allow remove": [["2001:db8:cccc:dddd::/64"]],
    "forget": [[ADDRESS, "--note", NOTE], [ADDRESS, "--dry-run"]],
    "report": [["spam", ADDRESS, "--detail", "x" * 200]],
    "report -": [[]],
    "import drop": [["{}/drop"], ["{}/drop", "--dry-run"]],
    "import csv": [["{}/bans.csv"]],
    "import json": [["{}/bans.json", "--dry-run"]],
    "import fail2ban": [["{}/fail2ban"]],
    "digest": [[]],
    "digest send": [[]],
    "brake": [[]],
    "brake release": [["--note", NOTE]],
    "rules": [[]],
    "rules test": [[LOG], ["--unmatched", LOG]],
    "replay": [[LOG], ["--compare", "franceserv", "laposte", LOG]],
    "doctor": [[]],
    "observe": [["--note", NOTE]],
    "enforce": [["--note", NOTE]],
    "setup postfix": [["--config", "{}/postfix", "--dry-run"]],
    "config check": [[], ["{}/videur.conf"]],
    "config show": [[]],
    "codes": [[], ["--policy", "sfr"], ["--policy", "orange"]],
    "decode": [["421 Service refused, please try later. OFR_999 [999]"],
               ["550 5.7.1 " + "Too many errors from your IP " * 8]],
    "backup": [["{}/copy"]],
    "restore": [["{}/videur.old"]],
    "rescue": [["{}/saved"]],
    "share status": [[]],
    "rescue seen": [[]],
}
# They have forms of their own, or another program does them.
MACHINES = {"export", "export fbl", "share init", "share leave"}
# A line each, with nothing around them.
OBJECTS = {"tail", "rules test", "replay"}
# What they leave out or cannot do, they say on standard error.
TALKATIVE = {"doctor", "enforce", "observe", "import fail2ban"}
GIVEN = {"report -": "".join(f"spam {ADDRESS} --at {at(9)}\n"
                             for _ in range(9))}


def helped(*words):
    return subprocess.run([PROGRAM, *words, "-h"], check=True, text=True,
                          capture_output=True, timeout=30).stdout


def verbs():
    """The table, as help lists it."""
    for usage in re.findall(r"^  videur (.*)", helped(), re.MULTILINE):
        words = re.match(r"[a-z]+(?: [a-z0-9]+)*(?: -)?(?= |$)", usage)[0]
        yield words.removesuffix("-") if usage.startswith("export") else words


VERBS = list(verbs())
CASES = [pytest.param(verb, words, id=f"{verb} {n}")
         for verb in VERBS for n, words in enumerate(WORDS.get(verb, []))]


def fill(house):
    """Long addresses, notes, details, numbers; every reason; what is over,
    lifted, a mistake, observed, for ever."""
    house.do("report", "-", given="".join(
        f"{kind} {who} --at {at(n * 60 + 5)}\n" for n in range(40)
        for kind in ["auth", "recipient", "helo", "spam", "greylist"]
        for who in [ADDRESS, "203.0.113.7"]))
    for who in [ADDRESS, ADDRESS + "/128", "198.51.100.0/24"]:
        for reason in REASONS:
            house.do("ban", who, "forever" if reason == "auth" else "3h",
                     "--reason", reason, "--note", NOTE, "--say", NOTE)
    for reason in REASONS:
        house.do("ban", "203.0.113.9", "2h", "--reason", reason)
        house.do("clear", "203.0.113.9", "--note", NOTE,
                 *["--mistake"] * (reason > "r"))
    house.do("allow", "add", "2001:db8:cccc:dddd::/64", "--note", NOTE,
             "--for", "1w")
    house.sql("UPDATE ban SET hits = 9876543210, told = ?", now() - 5)
    house.sql("UPDATE ban SET observed = 1, honest = id & 1"
              " WHERE reason IN ('volume', 'virus') AND step = 0")
    house.sql("UPDATE ban SET ends = begins + 1 WHERE reason = 'recipient'")
    house.sql("UPDATE tally SET accepted = 123456789, sessions = 1234567890,"
              " recipients = 1234567890, messages = 1234567890")
    day = now() // 86400 * 86400
    for what, name in [("refused", "spam"), ("refused", "manual"),
                       ("sessions", ""), ("accepted", ""), ("ban", "auth")]:
        house.sql("INSERT OR REPLACE INTO daily VALUES (?, ?, ?, 9876543210)",
                  day, what, name)
    source = "/var/log/" + "a-long-name-of-a-folder/" * 2 + "mail.log"
    for what in ["lines", "understood", "findings", "dropped"]:
        house.sql("INSERT INTO daily VALUES (?, ?, ?, 9876543210)", day, what,
                  source)
    house.configure('share { database = "host=db" name = mx1 }')
    house.sql("INSERT OR REPLACE INTO state VALUES"
              " ('share', '0.1.0', ?), ('share-lost', ?, ?)", now(),
              "could not translate host name \"db\" to address: Temporary fa",
              now())
    house.sql("INSERT OR REPLACE INTO state VALUES"
              " ('damaged', 'videur.db.damaged-20261127T183000', ?),"
              " ('lost', '9876543210', ?), ('brake', 'on', ?)",
              *[now() - 60] * 3)


@pytest.fixture(name="filled", scope="module")
def filled_house():
    """In a folder whose name is as short as an administrator's."""
    folder = Path(tempfile.mkdtemp(prefix="v", dir="/tmp"))
    house = House(folder)
    fill(house)
    house.do("backup", str(folder / "videur.old"))
    (folder / "drop").write_text("203.0.113.0/25 ; SBL1\n"
                                 "2001:db8:1::/48 ; SBL2\n" * 3)
    for form in ["csv", "json"]:
        (folder / f"bans.{form}").write_text(house.do("list", f"--{form}"))
    with open(FAIL2BAN, encoding="utf-8") as file, \
            sqlite3.connect(folder / "fail2ban") as base:
        base.executescript(file.read())
    (folder / "postfix").mkdir()
    (folder / "postfix" / "main.cf").write_text("myhostname = mx.example\n")
    (folder / "postfix" / "master.cf").write_text("")
    yield house
    shutil.rmtree(folder)


@pytest.fixture
def full(filled):
    """The filled house, as if nothing had been done to it."""
    kept = filled.folder.parent / (filled.folder.name + ".kept")
    shutil.copytree(filled.folder, kept)
    yield filled
    shutil.rmtree(filled.folder)
    kept.rename(filled.folder)


def say(house, verb, words, *shape):
    """What it prints; tail is ended once it has said what there was."""
    words = [word.format(house.folder) for word in words]
    command = house.command(*verb.split(), *words, *shape)
    environment = house.environment(LC_ALL="C.UTF-8")
    if verb == "tail":
        done = subprocess.run(["timeout", "2", *command], text=True,
                              capture_output=True, check=False,
                              env=environment)
        return done.stdout
    done = subprocess.run(command, text=True, capture_output=True,
                          input=GIVEN.get(verb, ""), timeout=60, check=False,
                          env=environment)
    assert done.returncode in (0, 1), (done.args, done.stderr)
    assert verb in TALKATIVE or done.stderr == ""
    return done.stdout


def width(line):
    """Columns of a terminal: CJK takes two."""
    return sum(2 if "\u2e80" <= c <= "\uffef" else 1 for c in line)


def test_every_verb_has_its_words():
    assert set(VERBS) - MACHINES == set(WORDS)


@pytest.mark.parametrize("verb, words", CASES)
def test_text_has_80_columns(full, verb, words):
    """But for a command to copy, which is indented and never broken, and a
    path or a link that is a line by itself."""
    lines = say(full, verb, words).splitlines()
    assert lines
    assert [line for line in lines
            if width(line) > 80 and not line.startswith("    ")
            and len(line.split()) > 1] == []
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize("verb, words", CASES)
def test_json_can_be_read(full, verb, words):
    said = say(full, verb, words, "--json")
    if verb in OBJECTS:
        assert all(isinstance(json.loads(line), dict)
                   for line in said.splitlines())
    else:
        assert isinstance(json.loads(said), (dict, list))


@pytest.mark.parametrize("verb, words", CASES)
def test_csv_has_a_head_and_as_many_columns_in_each_line(full, verb, words):
    said = say(full, verb, words, "--csv")
    head, *lines = csv.reader(io.StringIO(said, newline=""), strict=True)
    assert len(head) > 1 and all(re.fullmatch(r"[a-z_0-9]+", name)
                                 for name in head)
    assert {len(line) for line in lines} <= {len(head)}


@pytest.mark.parametrize("verb", VERBS)
def test_help_is_the_same_however_it_is_asked_for(verb):
    words = verb.split()
    said = helped(*words)
    asked = subprocess.run([PROGRAM, "help", *words], check=True, text=True,
                           capture_output=True, timeout=30).stdout
    assert said == asked
    usage = said.split("\n\n", maxsplit=1)[0]
    assert usage.startswith(f"usage: videur {verb}")
    assert re.search(rf"^  for example: videur {words[0]}", usage, re.M)
    assert re.search(r"^  -h, --help +print this$", usage, re.M)
    assert verb in MACHINES or ("--json" in usage and "--csv" in usage)
    assert max(map(len, said.splitlines())) <= 80


MISSPELT = [
    ("a verb", ["explian", "203.0.113.7"], "explain"),
    ("a second word", ["allow", "ad", "203.0.113.7"], "allow add"),
    ("a second word of a verb with none", ["config", "chek"], "config check"),
    ("a second word, in help", ["help", "brake", "relese"], "brake release"),
    ("an option", ["list", "--reasn", "spam"], "--reason"),
    ("a reason", ["list", "--reason", "spm"], "spam"),
    ("a kind", ["report", "recipent", "203.0.113.7"], "recipient"),
    ("a key to sort by", ["list", "--sort", "adress"], "address"),
    ("a service", ["export", "--service", "submision", "bind"], "submission"),
    ("a form", ["export", "nftabels"], "nftables"),
    ("a policy", ["codes", "--policy", "franceserf"], "franceserv"),
]


UNFIT = [
    ("a duration", ["ban", "203.0.113.7", "10"], "duration"),
    ("an address", ["clear", "203.0.113"], "no IP address"),
    ("a network", ["allow", "add", "203.0.113.0/33"], "network"),
    ("a time", ["list", "--since", "soon"], "time"),
    ("a number", ["stats", "--days", "0"], "number"),
]


@pytest.mark.parametrize("words, wanted", [row[1:] for row in UNFIT],
                         ids=[row[0] for row in UNFIT])
def test_what_does_not_fit_gets_one_line_with_what_does(house, words, wanted):
    done = house.run(*words)
    assert done.returncode == 2 and done.stdout == ""
    line, = done.stderr.splitlines()
    assert wanted in line


@pytest.mark.parametrize("words, meant", [row[1:] for row in MISSPELT],
                         ids=[row[0] for row in MISSPELT])
def test_what_is_misspelt_gets_one_line_with_what_may_be_meant(
        house, words, meant):
    done = house.run(*words)
    assert done.returncode == 2 and done.stdout == ""
    line, = done.stderr.splitlines()
    assert re.search(rf'did you mean "?{meant}"?(\?|$)', line), line


@pytest.mark.parametrize("words", [["-x"], ["--json", "list"], ["-c"]])
def test_a_wrong_option_before_the_verb_gets_one_line(words):
    done = subprocess.run([PROGRAM, *words], text=True, capture_output=True,
                          check=False, timeout=30)
    assert done.returncode == 2 and done.stderr.count("\n") == 1


def test_half_a_verb_says_what_the_rest_may_be(house):
    done = house.run("config")
    assert done.returncode == 2
    assert done.stderr == 'videur: "config" needs a second word: check, show\n'
    assert house.do("help", "config") == house.do("config", "-h")
