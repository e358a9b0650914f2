"""A host for the doctor to look at: Postfix, a listening videur-milter, and
for each scenario a configuration and a database of its own.

What a scenario makes wrong is wrong in a copy of Postfix's configuration:
postconf reads it as it reads any.
"""

import contextlib
import json
import os
import shlex
import shutil
import sqlite3
import subprocess
import tempfile
import time

from house import House, build
from nameserver import room
from postfix import Postfix, age, postconf
from process import Process, Stack, listens_at, own, write

DAY = 24 * 3600

# Ours is the only mail host, and it is this host.
ZONE = {"example.test": ["MX mx.example.test"],
        "mx.example.test": ["127.0.0.1"],
        "postmaster.example.test": ["127.0.0.1"]}

CONF = """
database = "{database}"
{page}
milter {{ listen = "{listen}"  scanner = {scanner} }}
web {{ listen = "{web}" }}
watch {{ journal = {journal}  files = {{"{log}"}}  zone = "{zone}" }}
{more}
"""

PAGE = """
lookup-url = "https://postmaster.example.test/"
contact = "postmaster@example.test"
"""

WEB = """
database = "{database}"
web {{ listen = "unix:{socket}" }}
"""

MILTERS = "{ unix:videur/milter.sock, default_action=accept }"


class Ward:
    """What all scenarios share: a Postfix that runs, and a videur-milter and
    a videur-watch that it can reach in its queue's folder."""

    def __init__(self):
        self.stack = Stack()
        self.folder = tempfile.mkdtemp(prefix="videur-")
        self.stack.add(lambda: shutil.rmtree(self.folder))
        try:
            self.bring_up()
        except BaseException:
            self.stack.close()
            raise

    def bring_up(self):
        os.chmod(self.folder, 0o755)
        self.postfix = Postfix(f"{self.folder}/postfix", [], self.stack)
        postconf(self.postfix.etc, "-e", f"smtpd_milters = {MILTERS}",
                 "disable_vrfy_command = yes")
        postconf(self.postfix.etc, "-P",
                 f"127.0.0.1:{self.postfix.mx}/inet/smtpd_sasl_auth_enable=no",
                 "smtpd/pass/smtpd_sasl_auth_enable=no")
        postconf(self.postfix.etc, "-MX",
                 f"127.0.0.1:{self.postfix.proxied}/inet")
        self.house = House(f"{self.folder}/house", logs=[self.postfix.log])
        self.house.door = f"{self.postfix.spool}/videur"
        self.house.socket = f"{self.house.door}/milter.sock"
        self.house.listen = f'listen = "unix:{self.house.socket}"'
        os.makedirs(self.house.door)
        shutil.chown(self.house.door, "nobody", "postfix")
        os.chmod(self.house.door, 0o2750)
        self.house.configure()
        os.chmod(self.postfix.log, 0o644)
        self.stack.add(self.house.close)
        self.house.start_milter()
        self.house.start_watch()
        self.start_web()

    def start_web(self):
        """The page, where a room without network can ask it."""
        self.web = f"{self.folder}/web.sock"
        conf = f"{self.folder}/web.conf"
        write(conf, WEB.format(database=self.house.database, socket=self.web))
        process = Process([f"{build()}/videur-web", "-c", conf],
                          f"{self.folder}/web.log")
        self.stack.add(process.stop)
        process.ready(lambda: listens_at(self.web))

    def close(self):
        self.stack.close()


class Patient:
    """All is well with a new one.  Its services gave a sign of life when it
    was made, though they are those of the ward."""

    def __init__(self, ward):
        self.ward = ward
        # Postfix's user and nobody have to pass through all folders above.
        folder = tempfile.mkdtemp(prefix="patient-", dir=ward.folder)
        os.chmod(folder, 0o755)
        self.folder = folder
        self.etc = f"{folder}/etc"
        self.conf = f"{folder}/videur.conf"
        self.lib = f"{folder}/lib"
        self.database = f"{self.lib}/videur.db"
        self.log = f"{folder}/mail.log"
        self.zone = dict(ZONE)
        shutil.copytree(ward.postfix.etc, self.etc)
        os.makedirs(self.lib)
        own(self.lib, "nobody")
        write(self.log, "")
        os.chmod(self.log, 0o644)
        self.configure()
        self.main_cf(f"maillog_file = {self.log}",
                     f"maillog_file_prefixes = {self.folder}")
        self.videur("allow", "add", "192.0.2.250")
        for service in ("milter", "watch"):
            self.sign(service, time.time())

    def configure(self, listen=None, web=None, **settings):
        """`more` stands at the end of it, `page` is its own paragraph."""
        settings = {"page": PAGE, "more": "", "scanner": "{}", "zone": "",
                    "journal": "no", **settings}
        write(self.conf, CONF.format(
            database=self.database, log=self.log,
            listen=listen or f"unix:{self.ward.house.socket}",
            web=web or f"unix:{self.ward.web}", **settings))

    # ---- making things wrong ----

    def main_cf(self, *settings):
        postconf(self.etc, "-e", *settings)

    def master_cf(self, *settings):
        """Settings of a service: "NAME/inet/setting=value"."""
        postconf(self.etc, "-P", *settings)

    def service(self, name, command):
        """One more service of master.cf; nothing starts it."""
        service, kind = name.split("/")
        postconf(self.etc, "-M",
                 f"{name}={service} {kind} n - n - - {command}")

    def transport(self, name):
        postconf(self.etc, "-M", f"{name}/unix={name} unix - - n - 2 smtp")

    def instance(self, *settings):
        """A second Postfix, as postmulti makes it."""
        second = f"{self.folder}/second"
        shutil.copytree(self.etc, second)
        postconf(second, "-e", f"config_directory = {second}",
                 "multi_instance_enable = yes", *settings)
        self.main_cf(f"multi_instance_directories = {second}")

    def daily(self, of, **sums):
        """What was counted of a log, or by the milter as `seen`."""
        for what, number in sums.items():
            self.sql("INSERT OR REPLACE INTO daily VALUES (?, ?, ?, ?)",
                     int(time.time()) // DAY * DAY, what, of, number)

    def chroot(self):
        """All smtpd of this Postfix run in one."""
        postconf(self.etc, "-F", f"{self.mx}/chroot=y",
                 f"{self.submission}/chroot=y", "smtpd/pass/chroot=y")

    @property
    def mx(self):
        return f"127.0.0.1:{self.ward.postfix.mx}/inet"

    @property
    def submission(self):
        return f"127.0.0.1:{self.ward.postfix.submission}/inet"

    def sign(self, service, at, version=None):
        version = version or self.videur("-V").split()[-1]
        self.sql("INSERT OR REPLACE INTO state (key, value, since)"
                 " VALUES (?, ?, ?)", service, version, int(at))

    def sql(self, query, *values):
        with contextlib.closing(sqlite3.connect(self.database)) as database:
            with database:
                return database.execute(query, values).fetchall()

    # ---- asking ----

    def videur(self, *words):
        """A command that has to succeed."""
        done = subprocess.run(
            [f"{build()}/videur", "-c", self.conf, *words], check=False,
            stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert done.returncode == 0, (words, done)
        return done.stdout

    def bans(self):
        """The clients that are banned now."""
        with contextlib.closing(sqlite3.connect(self.database)) as database:
            return [client for client, in database.execute(
                "SELECT client FROM ban WHERE cleared IS NULL AND ends > ?"
                " ORDER BY id", (time.time(),))]

    def run(self, *words, parent=(), hidden=(), env=None, postfix=True):
        """The doctor, seeing nothing of the world but this host.  `parent`
        is a command that starts it in its turn."""
        age(self.etc)
        command = [f"{build()}/videur", "-c", self.conf, "doctor", *words]
        if postfix:
            command += ["--postfix", self.etc]
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith("SSH_")}
        return room(self.folder, self.zone, [*parent, *command], hidden,
                    env={**kept, "TZ": "UTC", **(env or {})})

    def findings(self, *words, status=0, **how):
        """What it says to programs, as (check, state, what, fix)."""
        done = self.run("--json", *words, **how)
        assert done.returncode == status, done
        return [tuple(found[name] for name in
                      ("check", "state", "what", "fix"))
                for found in json.loads(done.stdout)]

    def finding(self, check, *words, status=1, **how):
        """The one thing it says of a check: state, what and fix."""
        found = [rest for name, *rest in self.findings(
            *words, status=status, **how) if name == check]
        assert len(found) == 1, found
        return found[0]

    def take(self, fix):
        """Do as a fix says; what it names "videur" is this patient's."""
        assert fix, "there is no line that fixes it"
        if fix.startswith("videur "):
            self.videur(*shlex.split(fix)[1:])
        else:
            subprocess.run(fix, shell=True, check=True,
                           stdin=subprocess.DEVNULL)
