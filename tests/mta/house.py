"""videur in a folder of its own: configuration, database, milter, page.

The programs come from $VIDEUR_BUILD (build/ of this tree by default).  The
milter and the page run as `nobody`, who owns the database; the command runs
as root, as an administrator's would.
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import urllib.error
import urllib.request

from postfix import own, write
from process import Process, free_port, listens, listens_at

TREE = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))

CONF = """
database = "{database}"
mode = {mode}
lookup-url = "{url}"
contact = "postmaster@example.test"
milter {{
  listen = "unix:{socket}"
  spam-header = {{"X-Spam-Flag: YES"}}
  virus-header = {{"X-Virus-Status: Infected"}}
}}
web {{
  listen = "127.0.0.1:{port}"
}}
"""


def build():
    """The folder that holds the programs."""
    folder = os.environ.get("VIDEUR_BUILD", "build")
    return folder if os.path.isabs(folder) else os.path.join(TREE, folder)


class House:
    """Nothing runs until start_milter() and start_web(); close() ends both
    and checks that neither failed."""

    def __init__(self, folder, port=None):
        self.folder = folder
        self.door = f"{folder}/door"
        self.socket = f"{self.door}/milter.sock"
        self.lib = f"{folder}/lib"
        self.database = f"{self.lib}/videur.db"
        self.conf = f"{folder}/videur.conf"
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.milter = self.web = None
        os.makedirs(self.lib)
        own(self.lib, "nobody")
        os.chmod(self.lib, 0o2770)
        os.makedirs(self.door)
        shutil.chown(self.door, "nobody", "postfix")
        os.chmod(self.door, 0o2750)
        self.configure()

    def configure(self, mode="enforce"):
        write(self.conf, CONF.format(
            database=self.database, mode=mode, socket=self.socket,
            url=self.url, port=self.port))

    # ---- the programs ----

    def start_milter(self):
        self.milter = Process(
            [f"{build()}/videur-milter", "-c", self.conf],
            f"{self.folder}/milter.log")
        self.milter.ready(lambda: listens_at(self.socket))
        return self.milter

    def start_web(self):
        self.web = Process([f"{build()}/videur-web", "-c", self.conf],
                           f"{self.folder}/web.log")
        self.web.ready(lambda: listens(self.port))
        return self.web

    def stop(self, name):
        """End the milter or the page; a clean end is a status of 0."""
        process = getattr(self, name)
        setattr(self, name, None)
        if process:
            status = process.stop()
            if status != 0:
                process.fail(f"ended with {status}")

    def kill_milter(self):
        """As if it had crashed."""
        self.milter.kill()
        self.milter = None

    def leave(self):
        """Ask both to end and do not wait: that is for close()."""
        for process in (self.milter, self.web):
            if process:
                process.signal(signal.SIGTERM)

    def close(self):
        try:
            self.stop("milter")
        finally:
            self.stop("web")

    # ---- the administrator's command ----

    def run(self, *words, lines=None):
        return subprocess.run(
            [f"{build()}/videur", "-c", self.conf, *words], check=False,
            capture_output=True, text=True, input=lines or "", timeout=60,
            env={**os.environ, "TZ": "UTC"})

    def videur(self, *words, lines=None):
        """Run a command that has to succeed; gives back what it says."""
        done = self.run(*words, lines=lines)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def report(self, kind, address, times, at=None):
        """`times` events, all at `at` (seconds; now where it is None)."""
        when = "" if at is None else f" --at @{int(at)}"
        self.videur("report", "-", lines=f"{kind} {address}{when}\n" * times)

    def list(self, *words):
        return self.json("list", "--json", *words)

    def json(self, *words):
        """What a command says to programs; a status of 1 is an answer."""
        done = self.run(*words)
        assert done.returncode in (0, 1), (words, done.stderr)
        return json.loads(done.stdout)

    def bans(self, client):
        """All bans of a client, past ones too, the oldest first."""
        return sorted((ban for ban in self.list("--all")
                       if ban["client"] == client),
                      key=lambda ban: ban["begins"])

    # ---- the page ----

    def get(self, path, language="en"):
        """Status and body."""
        request = urllib.request.Request(
            self.url + path, headers={"Accept-Language": language})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code, answer.read().decode()

    def api(self, address):
        status, body = self.get(f"api/v1/ip/{address}")
        assert status == 200, (status, body)
        return json.loads(body)

    def page(self, address, language="en"):
        status, body = self.get(f"?ip={address}", language)
        assert status == 200, (status, body)
        return body

    # ---- the database, read only ----

    def sql(self, query, *values):
        database = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        try:
            return database.execute(query, values).fetchall()
        finally:
            database.close()

    def events(self, address):
        """How many events of which kind are stored of an address."""
        return dict(self.sql(
            "SELECT kind, count(*) FROM event WHERE address = ?"
            " GROUP BY kind", address))
