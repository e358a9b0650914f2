"""A watchman: videur-watch with a log, a configuration and a database.

Offences are numbered: number N is one failed login from an address that no
other number has, so that the database tells which were counted, and how
often.
"""

import collections
import datetime
import gzip
import ipaddress
import os
import shutil
import signal
import sqlite3
import subprocess
import time

from process import NotReady, Process, wait_for

TREE = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
FIRST = int(ipaddress.ip_address("198.18.0.0"))


def build():
    """The folder that holds the programs."""
    folder = os.environ.get("VIDEUR_BUILD", "build")
    return folder if os.path.isabs(folder) else os.path.join(TREE, folder)


def address(number):
    return str(ipaddress.ip_address(FIRST + number))


def number_of(text):
    return int(ipaddress.ip_address(text)) - FIRST


def message(number):
    """What Postfix says of it."""
    return (f"warning: unknown[{address(number)}]: SASL LOGIN authentication "
            f"failed: (reason unavailable), sasl_username=user{number}")


def offence(number, stamp=None):
    """A line of the log."""
    stamp = stamp or datetime.datetime.now(datetime.timezone.utc).isoformat(
        timespec="microseconds")
    return f"{stamp} mx postfix/submission/smtpd[4711]: {message(number)}\n"


def innocent(number):
    stamp = datetime.datetime.now(datetime.timezone.utc).isoformat(
        timespec="microseconds")
    return (f"{stamp} mx postfix/smtpd[4711]: connect from "
            f"unknown[192.0.2.{number % 250}]\n")


class Watchman:
    """Nothing runs until start() or once()."""

    def __init__(self, folder):
        self.folder = folder
        os.chmod(folder, 0o755)
        self.log = f"{folder}/mail.log"
        self.database = f"{folder}/lib/videur.db"
        self.conf = f"{folder}/videur.conf"
        self.out = f"{folder}/watch.out"
        self.process = None
        os.mkdir(f"{folder}/lib")
        self.configure()

    def configure(self, files=None, journal="no", start="backfill", more="",
                  watch=""):
        names = ", ".join(f'"{name}"' for name in files or [self.log])
        if files == []:
            names = ""
        self.write(self.conf, f"""
            database = "{self.database}"
            {more}
            watch {{
                journal = "{journal}"
                files = {{{names}}}
                start = {start}
                rules = "{self.folder}/rules.d"
                {watch}
            }}
            """)

    # ---- the program ----

    def argv(self, *options):
        return [f"{build()}/videur-watch", "-c", self.conf, *options]

    def start(self, before=()):
        self.process = Process([*before, *self.argv()], self.out)
        return self.process

    def begin(self):
        """Start, and wait until it has found where its logs begin; gives
        back how long that took."""
        began = time.monotonic()
        self.start()
        wait_for(lambda: self.sql("SELECT 1 FROM position"), 30,
                 "it knows where it begins")
        return time.monotonic() - began

    def kill(self):
        """As if it had crashed."""
        self.process.kill()
        self.process = None

    def halt(self):
        """Between two lines, until it may go on."""
        os.kill(self.process.worker, signal.SIGSTOP)

    def go_on(self):
        os.kill(self.process.worker, signal.SIGCONT)

    def stop(self):
        """A clean end is a status of 0."""
        wait_for(self.following, 30, "it is up")
        process, self.process = self.process, None
        status = process.stop()
        if status != 0:
            process.fail(f"ended with {status}")

    def close(self):
        try:
            if self.process:
                self.stop()
        finally:
            if self.process:
                self.kill()

    def once(self, status=0):
        """Catch up and end; gives back what it said."""
        done = subprocess.run(self.argv("-n"), check=False, text=True,
                              capture_output=True, timeout=120,
                              errors="replace")
        assert done.returncode == status, (done.returncode, done.stderr)
        return done.stderr

    def following(self):
        """Whether the running program takes signals in order: those that are
        blocked or caught are a mask in hexadecimal."""
        with open(f"/proc/{self.process.worker}/status", encoding="ascii") as file:
            masks = dict(line.split(":", 1) for line in file)
        return int(masks["SigCgt"], 16) & 1 << 14

    def bytes_read(self):
        """By the running program, so far."""
        with open(f"/proc/{self.process.worker}/io", encoding="ascii") as file:
            return int(file.readline().split()[1])

    def said(self, what):
        """How many lines of its log hold that."""
        if not os.path.exists(self.out):
            return 0
        with open(self.out, encoding="utf-8", errors="replace") as file:
            return sum(what in line for line in file)

    def wait_said(self, what, seconds=30):
        wait_for(lambda: self.said(what), seconds, f"it says {what!r}")

    def status(self):
        """What the administrator's command says."""
        return subprocess.run(
            [f"{build()}/videur", "-c", self.conf, "status"], check=True,
            capture_output=True, text=True, timeout=60).stdout

    # ---- files ----

    @staticmethod
    def write(path, text):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def append(self, text, path=None):
        data = text if isinstance(text, bytes) else text.encode()
        with open(path or self.log, "ab") as file:
            file.write(data)

    def offend(self, numbers, path=None):
        self.append("".join(offence(number) for number in numbers), path)

    def rename(self, path=None):
        """Rotate as logrotate does: .1 is the newest, .2 and older are
        compressed.  A new, empty log takes the old one's place."""
        self.shift(path)
        self.turn(path)

    def turn(self, path=None):
        """The last step of it."""
        path = path or self.log
        os.rename(path, f"{path}.1")
        self.append("", path)

    def copy_truncate(self, path=None):
        """Nobody may write meanwhile: what came between the two steps is
        lost by this way of rotating."""
        path = path or self.log
        self.shift(path)
        shutil.copyfile(path, f"{path}.1")
        os.truncate(path, 0)

    def shift(self, path=None, most=199):
        """All others: nobody may write to .1 any more."""
        path = path or self.log
        for number in range(most, 1, -1):
            if os.path.exists(f"{path}.{number}.gz"):
                os.rename(f"{path}.{number}.gz", f"{path}.{number + 1}.gz")
        if os.path.exists(f"{path}.1"):
            self.compress(f"{path}.1", f"{path}.2.gz")

    @staticmethod
    def compress(path, to):
        """As gzip does: the new file is as old as the one it replaces."""
        with open(path, "rb") as plain, gzip.open(f"{to}.new", "wb") as zipped:
            shutil.copyfileobj(plain, zipped)
        shutil.copystat(path, f"{to}.new")
        os.rename(f"{to}.new", to)
        os.unlink(path)

    # ---- the database ----

    def sql(self, query, *values):
        """Rows; none while there is no database."""
        try:
            base = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True,
                                   timeout=10)
        except sqlite3.OperationalError:
            return []
        try:
            return base.execute(query, values).fetchall()
        except sqlite3.OperationalError:
            return []
        finally:
            base.close()

    def events(self):
        return [(number_of(row[0]), *row[1:]) for row in self.sql(
            "SELECT address, kind, at, source FROM event")]

    def counted(self):
        """How often each number was counted."""
        return collections.Counter(event[0] for event in self.events())

    def count(self):
        rows = self.sql("SELECT count(*) FROM event")
        return rows[0][0] if rows else 0

    def wait_count(self, wanted, seconds=60):
        wait_for(lambda: self.count() >= wanted, seconds,
                 f"{wanted} events")

    def expect(self, numbers):
        """Exactly these were counted, each once."""
        counted, wanted = self.counted(), set(numbers)
        assert {n: c for n, c in counted.items() if c != 1} == {}, "doubled"
        assert set(counted) == wanted, (
            f"missing {sorted(wanted - set(counted))[:9]}, "
            f"strange {sorted(set(counted) - wanted)[:9]}")

    def wait_expect(self, numbers, seconds=60):
        try:
            self.wait_count(len(set(numbers)), seconds)
        except NotReady:
            self.expect(numbers)  # says which are missing
            raise
        self.expect(numbers)

    def state(self, key):
        rows = self.sql("SELECT value FROM state WHERE key = ?", key)
        return rows[0][0] if rows else None
