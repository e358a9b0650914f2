"""Hosts of one list: each a folder, a database, a videur.conf and services of
its own, which share by one PostgreSQL server."""

import contextlib
import json
import os
import sqlite3
import subprocess

from house import build
from process import Process, listens_at, wait_for, write
from talk import Talk

CONF = """
database = "{database}"
lookup-url = "https://postmaster.example/"
brake {{ bans = 0 }}
{more}
watch {{
    journal = no
    files = {{"{folder}/mail.log"}}
    start = backfill
}}
milter {{ listen = "unix:{socket}" }}
"""
SHARE = """
share {{
    database = "{url}"
    name = "{name}"
}}
"""
SERVICES = ("share", "milter", "watch")


class Host:
    """Nothing runs until it is started; close() ends what runs and checks
    that none failed.  `url` is the server's; without one it shares nothing.
    `called` is a name that is not its folder's.  With a namespace its services
    run there."""

    def __init__(self, folder, name, url=None, called=None, namespace=None,
                 address=None):
        self.folder, self.name, self.url = folder, called or name, url
        self.namespace, self.address = namespace, address
        self.lib = f"{folder}/lib"
        self.database = f"{self.lib}/videur.db"
        self.socket = f"{folder}/door/milter.sock"
        self.conf = f"{folder}/videur.conf"
        self.log = f"{folder}/mail.log"
        self.running = {}
        for path in (self.lib, f"{folder}/door"):
            os.makedirs(path)
            os.chmod(path, 0o755)
        write(self.log, "")
        self.configure()

    def configure(self, more=""):
        share = self.url and SHARE.format(url=self.url, name=self.name) or ""
        write(self.conf, CONF.format(
            database=self.database, folder=self.folder, socket=self.socket,
            more=f"{more}\n{share}"))

    # ---- the programs ----

    def start(self, *names):
        for name in names:
            before = self.namespace.enter if self.namespace else []
            self.running[name] = Process(
                [*before, f"{build()}/videur-{name}", "-c", self.conf],
                f"{self.folder}/{name}.log")
            if name == "milter":
                self.running[name].ready(lambda: listens_at(self.socket))

    def stop(self, *names):
        """A clean end is a status of 0."""
        for name in names or list(self.running):
            process = self.running.pop(name)
            status = process.stop()
            if status != 0:
                process.fail(f"ended with {status}")

    def kill(self, *names):
        """As if they had crashed, and who would start them again, too."""
        for name in names:
            self.running.pop(name).kill()

    def close(self):
        self.stop()

    def tail(self, name="share"):
        """What a service said last, for where a test has failed."""
        try:
            with open(f"{self.folder}/{name}.log", encoding="utf-8",
                      errors="replace") as file:
                return "".join(file.readlines()[-12:])
        except FileNotFoundError:
            return ""

    def said(self, what, name="share"):
        """How many lines of a service's log hold that."""
        try:
            with open(f"{self.folder}/{name}.log", encoding="utf-8",
                      errors="replace") as file:
                return sum(what in line for line in file)
        except FileNotFoundError:
            return 0

    def run(self, *words, lines=None):
        return subprocess.run(
            [f"{build()}/videur", "-c", self.conf, *words], check=False,
            capture_output=True, text=True, input=lines or "", timeout=60,
            env={**os.environ, "TZ": "UTC"})

    def videur(self, *words, lines=None, status=(0,)):
        """Run a command that has to succeed; gives back what it says."""
        done = self.run(*words, lines=lines)
        assert done.returncode in status, (self.name, words, done.stdout,
                                           done.stderr)
        return done.stdout

    def json(self, *words):
        """What it says to programs; a status of 1 is an answer."""
        return json.loads(self.videur(*words, "--json", status=(0, 1)))

    def report(self, kind, address, times=1, at=None):
        when = "" if at is None else f" --at @{int(at)}"
        self.videur("report", "-", lines=f"{kind} {address}{when}\n" * times)

    def caller(self, address):
        """A session of an address that has said HELO."""
        talk = Talk(self.socket)
        assert talk.connect(address) == talk.helo() == "continue"
        return talk

    def refs(self, client):
        """Of the bans that stand against a client."""
        return sorted(ban["ref"] for ban in self.json("list", client))

    # ---- the database ----

    def sql(self, query, *values):
        """Rows; none while there is no such thing."""
        try:
            base = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True,
                                   timeout=20)
        except sqlite3.OperationalError:
            return []
        with contextlib.closing(base):
            try:
                return base.execute(query, values).fetchall()
            except sqlite3.OperationalError as error:
                assert "no such table" in str(error), error
                return []


def wait_refs(hosts, client, count=1, seconds=10):
    """Wait until all of them have so many bans of a client, under the same
    refs; gives those back."""
    def agreed():
        found = [host.refs(client) for host in hosts]
        return all(refs == found[0] and len(refs) == count for refs in found)
    wait_for(agreed, seconds, f"{count} ban(s) of {client} on all")
    return hosts[0].refs(client)
