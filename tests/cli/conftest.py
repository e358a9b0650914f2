"""A house of its own for each test: a folder, a videur.conf, a database."""

import json
import os
import re
import sqlite3
import subprocess
import sys
import time
import zoneinfo
from datetime import datetime, timezone

import pytest

# What serves names in the tests with a real MTA serves them here.
sys.path.append(os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "mta"))

PROGRAM = os.path.join(os.path.abspath(os.environ.get("VIDEUR_BUILD", "build")),
                       "videur")
ZONE = "Europe/Paris"
HOUR = 3600
DAY = 24 * HOUR


class House:
    """Runs the real program on one configuration."""

    def __init__(self, folder):
        self.folder = folder
        self.conf = folder / "videur.conf"
        self.database = folder / "videur.db"
        self.configure()

    def configure(self, more=""):
        self.conf.write_text(f'database = "{self.database}"\n'
                             'lookup-url = "https://postmaster.example/"\n'
                             f"{more}\n")

    def command(self, *words):
        return [PROGRAM, "-c", str(self.conf), *words]

    def environment(self, **more):
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith("SSH_")}
        return {**kept, "TZ": ZONE, "LC_ALL": "C", **more}

    def run(self, *words, given="", env=None):
        """What it printed, and its exit code."""
        return subprocess.run(self.command(*words), input=given, text=True,
                              capture_output=True, timeout=60, check=False,
                              env=self.environment(**(env or {})))

    def do(self, *words, given="", status=0):
        """Standard output of a command that must end with `status`."""
        done = self.run(*words, given=given)
        assert done.returncode == status, (words, done)
        if status in (0, 1):
            assert done.stderr == "", (words, done)
        return done.stdout

    def json(self, *words, status=0):
        return json.loads(self.do(*words, "--json", status=status))

    def sql(self, query, *values):
        """Rows of the database, or a change to it."""
        with sqlite3.connect(self.database) as base:
            rows = base.execute(query, values).fetchall()
        base.close()
        return rows

    def damage(self, table):
        """Wipe out a page in the midst of a table, as a bad disk does."""
        self.sql("PRAGMA wal_checkpoint(TRUNCATE)")
        size, = self.sql("PRAGMA page_size")[0]
        pages = self.sql("SELECT pageno FROM dbstat WHERE name = ? AND"
                         " pagetype = 'leaf' ORDER BY path", table)
        assert len(pages) > 2, f"{table} is too small"
        with open(self.database, "r+b") as file:
            file.seek((pages[len(pages) // 2][0] - 1) * size)
            file.write(b"\xff" * size)

    def audit(self):
        return self.sql("SELECT what, subject, note FROM audit ORDER BY id")


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


def now():
    return int(time.time())


def at(seconds_ago):
    """A time for --at."""
    return f"@{now() - seconds_ago}"


def seconds(text):
    """Seconds since the epoch of "2026-11-21T18:05:42Z"."""
    return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
               .replace(tzinfo=timezone.utc).timestamp())


def local(text):
    """How people read that time: local, with its zone."""
    return datetime.fromtimestamp(
        seconds(text), zoneinfo.ZoneInfo(ZONE)).strftime(
            "%Y-%m-%d %H:%M:%S %Z")


def minute(text):
    """The same in a table."""
    return local(text)[:len("2026-11-21 19:05")]


def flat(text):
    """A text without the breaks of its lines."""
    return " ".join(text.split())


def rows(text):
    """The cells of an aligned table, its head first."""
    return [re.split(r"\s{2,}", line.strip()) for line in text.splitlines()]
