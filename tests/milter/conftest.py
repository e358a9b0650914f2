"""The real videur-milter on a unix socket in a folder of its own."""

import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from talk import Talk  # noqa: E402

SOON = 40  # seconds: far more than anything here takes


def build():
    folder = pathlib.Path(os.environ.get("VIDEUR_BUILD", "build"))
    return folder if folder.is_absolute() else HERE.parent.parent / folder


def pytest_configure(config):
    if not os.access(build() / "videur-milter", os.X_OK):
        raise pytest.UsageError(f"{build()}/videur-milter is missing: make")


def wait_for(what, true, seconds=SOON):
    """Wait for a condition; never longer than that."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.01)


def worker_of(pid):
    """The process that works, of one that starts it again when it crashes."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        children = file.read().split()
    return int(children[0]) if children else pid


class Milter:
    def __init__(self, folder):
        self.folder = folder
        self.database = folder / "db" / "videur.db"
        self.socket = folder / "door" / "milter.sock"
        self.conf = folder / "videur.conf"
        self.log_path = folder / "log"
        self.process = None
        self.database.parent.mkdir()
        self.configure()

    def configure(self, top="", milter="scanner = {spamassassin, clamav}"):
        self.conf.write_text(
            f'database = "{self.database}"\n'
            'lookup-url = "https://postmaster.example/"\n'
            f"{top}\n"
            f'milter {{ listen = "unix:{self.socket}"\n{milter}\n}}\n'
        )

    def policy(self, text, milter="scanner = {spamassassin, clamav}"):
        """A policy of the owner's own."""
        folder = self.folder / "policies"
        folder.mkdir(exist_ok=True)
        (folder / "own.conf").write_text(text)
        self.configure(top='policy = "own"', milter=milter)

    def reload(self):
        before = self.log().count("configuration reloaded")
        self.process.send_signal(signal.SIGHUP)
        wait_for(
            "the reload", lambda: self.log().count("configuration reloaded") > before
        )

    def launch(self, *arguments):
        """Start it without waiting for anything."""
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [str(build() / "videur-milter"), *arguments], stderr=log
            )
        return self.process

    def start(self):
        before = self.log().count("listening on")
        self.launch("-c", str(self.conf))
        wait_for(
            "the milter to listen",
            lambda: self.log().count("listening on") > before
            or self.process.poll() is not None,
        )
        assert self.process.poll() is None, self.log()
        return self

    def stop(self):
        """End it; gives back its exit code."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(SOON)
        finally:
            self.process.kill()
            self.process = None

    def log(self):
        try:
            return self.log_path.read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def talk(self, **options):
        return Talk(self.socket, **options)

    def caller(self, ip, **options):
        """A session that has said HELO."""
        talk = self.talk()
        assert talk.connect(ip, **options) == "continue"
        assert talk.helo() == "continue"
        return talk

    def alive(self):
        """Whether it still serves a well-behaved session."""
        if self.process.poll() is not None:
            return False
        talk = self.talk()
        fine = (
            talk.connect("192.0.2.1") == talk.helo() == talk.mail()
            == talk.rcpt() == talk.data() == talk.end() == "continue"
        )
        talk.quit()
        return fine

    def rows(self, sql, *values):
        db = sqlite3.connect(
            f"file:{self.database}?mode=ro", uri=True, timeout=SOON
        )
        try:
            return db.execute(sql, values).fetchall()
        finally:
            db.close()

    def kinds(self, client):
        return [
            kind
            for (kind,) in self.rows(
                "SELECT kind FROM event WHERE client = ? ORDER BY id", client
            )
        ]

    def dictionary(self, ip, count=20, **options):
        """A session that tries so many unknown recipients."""
        talk = self.talk()
        assert talk.connect(ip, **options) == "continue"
        assert talk.helo() == "continue"
        assert talk.mail() == "continue"
        for number in range(count):
            said = talk.rcpt(
                f"<x{number}@example.test>",
                ("5.1.1", "Recipient address rejected: User unknown"),
            )
            assert said == "continue"
        return talk


@pytest.fixture
def house(tmp_path):
    """A milter that is not started yet."""
    milter = Milter(tmp_path)
    yield milter
    assert milter.stop() == 0, milter.log()


@pytest.fixture
def milter(house):
    return house.start()
