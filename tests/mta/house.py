"""videur in a folder of its own: configuration, database and the programs.

They come from $VIDEUR_BUILD (build/ of this tree by default).  The services
run as `nobody`, who owns the database; the command runs as root, as an
administrator's would.
"""

import contextlib
import functools
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request

from process import (NotReady, Process, Stack, free_port, listens, listens_at,
                     own, wait_for, write)

TREE = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))

CONF = """
database = "{database}"
mode = {mode}
policy = {policy}
lookup-url = "{url}"
contact = "postmaster@example.test"
milter {{
  {listen}
  scanner = {{{scanners}}}
}}
web {{
  listen = "127.0.0.1:{port}"
  rate = 0
  {asked}
}}
watch {{
  journal = no
  files = {{{logs}}}
}}
brake {{
  bans = {brake}
}}
"""

HOUR = 3600

SERVICES = ("milter", "web", "watch")


def build():
    """The folder that holds the programs."""
    folder = os.environ.get("VIDEUR_BUILD", "build")
    return folder if os.path.isabs(folder) else os.path.join(TREE, folder)


class House:
    """Nothing runs until the services are started one by one; close() ends
    them and checks that none failed.  `logs` is what the watcher follows,
    from where they end when it is first started; `scanners` are the names
    of those ahead; `asked` is the rest of section web; `socket` is where the milter listens where nobody says so,
    else it gets one of its own that Postfix can reach."""

    def __init__(self, folder, port=None, logs=(), scanners=(), socket=None,
                 asked=""):
        self.folder = folder
        self.asked = asked
        self.logs, self.scanners = logs, scanners
        self.door = f"{folder}/door"
        self.socket = socket or f"{self.door}/milter.sock"
        self.listen = "" if socket else f'listen = "unix:{self.socket}"'
        self.lib = f"{folder}/lib"
        self.database = f"{self.lib}/videur.db"
        self.conf = f"{folder}/videur.conf"
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.milter = self.web = self.watch = None
        os.makedirs(self.lib)
        own(self.lib, "nobody")
        os.chmod(self.lib, 0o2770)
        if not socket:
            os.makedirs(self.door)
            shutil.chown(self.door, "nobody", "postfix")
            os.chmod(self.door, 0o2750)
        self.configure()

    def configure(self, mode="enforce", policy="franceserv", brake=0):
        """Without the brake: the scenarios of one world ban many clients
        that were trusted, and would put it on together."""
        write(self.conf, CONF.format(
            database=self.database, mode=mode, policy=policy, brake=brake,
            listen=self.listen, url=self.url, port=self.port,
            asked=self.asked,
            logs=", ".join(f'"{log}"' for log in self.logs),
            scanners=", ".join(self.scanners)))

    def own_policy(self, name, text):
        """A policy of the administrator's own, beside the configuration."""
        os.makedirs(f"{self.folder}/policies", exist_ok=True)
        write(f"{self.folder}/policies/{name}.conf", text)

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

    def start_watch(self):
        """It is ready when it has noted where every log ended."""
        self.watch = Process([f"{build()}/videur-watch", "-c", self.conf],
                             f"{self.folder}/watch.log")
        self.watch.ready(lambda: self.has_table("position") and self.sql(
            "SELECT count(*) FROM position") == [(len(self.logs),)])
        return self.watch

    def start(self):
        for name in SERVICES:
            getattr(self, f"start_{name}")()

    def stop(self, name):
        """End one of the services; a clean end is a status of 0."""
        process = getattr(self, name)
        setattr(self, name, None)
        if process:
            status = process.stop()
            if status != 0:
                process.fail(f"ended with {status}")

    def kill(self, name):
        """As if it had crashed."""
        getattr(self, name).kill()
        setattr(self, name, None)

    def leave(self):
        """Ask all to end and do not wait: that is for close()."""
        for name in SERVICES:
            if getattr(self, name):
                getattr(self, name).signal(signal.SIGTERM)

    def close(self):
        stack = Stack()
        for name in SERVICES:
            stack.add(functools.partial(self.stop, name))
        stack.close()

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

    def api(self, address, ref=""):
        status, body = self.get(f"api/v1/ip/{address}?ref={ref}")
        assert status == 200, (status, body)
        return json.loads(body)

    def page(self, address, language="en", ref=""):
        status, body = self.get(f"?ip={address}&ref={ref}", language)
        assert status == 200, (status, body)
        return body

    # ---- the database ----

    def sql(self, query, *values):
        database = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        try:
            return database.execute(query, values).fetchall()
        finally:
            database.close()

    def history(self, client, days, messages):
        """So many messages a day of a client were accepted, so many days
        ago, each for a recipient."""
        today = int(time.time()) // HOUR * HOUR
        self.change(
            "INSERT INTO tally (client, hour, sessions, messages, accepted,"
            " recipients) VALUES (?, ?, ?, ?, ?, ?)",
            *((client, today - day * 24 * HOUR, *[messages] * 4)
              for day in days))

    def move_time(self, seconds):
        """All that happened did so much earlier."""
        for change in ("ban SET begins = begins - ?1, ends = ends - ?1",
                       "event SET at = at - ?1",
                       "state SET since = since - ?1"):
            self.change(f"UPDATE {change}", (seconds,))

    def change(self, statement, *rows):
        """Write to the database behind the services' backs, as soon as they
        have made it."""
        wait_for(lambda: self.has_table("tally"), 10, "there is a database")
        with contextlib.closing(sqlite3.connect(self.database)) as database:
            with database:
                database.executemany(statement, rows)

    def has_table(self, name):
        """Whether there is a database with such a table yet."""
        return os.path.exists(self.database) and self.sql(
            "SELECT count(*) FROM sqlite_schema WHERE name = ?",
            name) == [(1,)]

    def events(self, address):
        """How many events of which kind are stored of an address."""
        return dict(self.sql(
            "SELECT kind, count(*) FROM event WHERE address = ?"
            " GROUP BY kind", address))

    def expect(self, address, events):
        """Wait until that is what is stored of an address: what finds the
        database busy is written a moment later."""
        try:
            wait_for(lambda: self.events(address) == events, 10, events)
        except NotReady:
            assert self.events(address) == events
