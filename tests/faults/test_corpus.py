"""The labelled lines, read by the real program from a file of each form and
from a real journal: every offence of the labels is in the database, and
nothing else."""

import collections
import os
import re

import pytest

from diary import Diary, write_journal
from watchman import TREE

DATA = f"{TREE}/tests/data"
KINDS = ("spam virus auth recipient sender helo command disconnect probe "
         "greylist relay").split()
ISO_LINE = re.compile(r"(\S+) (\S+) ([^\s\[:]+)(?:\[\d+\])?: (.*)")

# Every kind is the watcher's, and no ban begins: it would hide what follows.
CONF = """
    policy = "nobody"
    sources { %s }
    """ % " ".join(f"{kind} = watch" for kind in KINDS)
POLICY = """
    rule "none" { events = {auth} limit = 1000 within = 1h reason = auth
        ban = {} reply = "550 5.7.1 No" }
    """


def wanted(name):
    """{(kind, address): events} of the labels."""
    want = collections.Counter()
    with open(f"{DATA}/{name}.labels.tsv", encoding="utf-8") as file:
        for row in file:
            fields = row.rstrip("\n").split("\t")
            if fields[0].isdigit() and fields[1] != "none":
                want[fields[1], fields[2]] += int(fields[3])
    return want


def stored(man):
    return collections.Counter({
        (kind, address): count for kind, address, count in man.sql(
            "SELECT kind, address, count(*) FROM event"
            " GROUP BY kind, address")})


def lines(name, form):
    with open(f"{DATA}/{name}.{form}.log", encoding="utf-8",
              errors="surrogateescape") as file:
        return file.read().split("\n")[:-1]


def journal_of(name, path):
    """The same lines as journald keeps them: tag and text apart."""
    diary = Diary()
    entries = []
    for line in lines(name, "iso"):
        match = ISO_LINE.fullmatch(line)
        if match:
            entries.append(diary.entry(match[4], tag=match[3]))
    write_journal(path, "".join(entries))


@pytest.mark.parametrize("form", ["trad", "iso", "journal"])
@pytest.mark.parametrize("name", ["corpus", "own"])
def test_every_labelled_line_and_no_other(man, name, form):
    os.makedirs(f"{man.folder}/policies")
    man.write(f"{man.folder}/policies/nobody.conf", POLICY)
    if form == "journal":
        journal = f"{man.folder}/x.journal"
        journal_of(name, journal)
        man.configure(files=[], journal=journal, more=CONF)
    else:
        man.configure(files=[f"{DATA}/{name}.{form}.log"], more=CONF)
    man.once()
    assert stored(man) == wanted(name)
