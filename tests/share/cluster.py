"""A PostgreSQL cluster of the tests' own: in a folder, on a unix socket.

It is made of whichever version Debian has here and runs as the user that its
package made, as PostgreSQL refuses root.  Nothing of the host's own clusters
is touched.
"""

import contextlib
import glob
import os
import signal
import subprocess

import psycopg2

from process import NotReady, Process, own, wait_for, write

USER = "postgres"
TREE = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))

# What is written outlives a process that is killed without fsync as well: only
# a machine that falls loses it, and none does here.
CONF = """
listen_addresses = '{addresses}'
unix_socket_directories = '{folder}'
fsync = off
# In its folder, as what is killed leaves nothing elsewhere.
dynamic_shared_memory_type = mmap
full_page_writes = off
shared_buffers = 32MB
max_connections = 60
max_wal_senders = 4
wal_keep_size = 64MB
autovacuum = off
jit = off
log_min_messages = warning
log_min_error_statement = panic
"""
ANYBODY = """
local all all trust
local replication all trust
host all all 0.0.0.0/0 trust
"""


def programs():
    """The folder of the newest version's programs; none where PostgreSQL is
    not installed."""
    found = glob.glob("/usr/lib/postgresql/*/bin/postgres")
    newest = max(found, default=None,
                 key=lambda path: int(path.split("/")[4]))
    return newest and os.path.dirname(newest)


def as_user(*argv):
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups",
            f"{programs()}/{argv[0]}", *argv[1:]]


def run(*argv):
    done = subprocess.run(as_user(*argv), check=False, capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, cwd="/",
                          timeout=120)
    assert done.returncode == 0, (argv, done.stdout, done.stderr)


class Cluster:
    """Runs from start() to stop(); a standby follows another cluster and is
    one until it is promoted.  In a namespace it listens at an address of
    that."""

    def __init__(self, folder, of=None, at="", namespace=None, more=""):
        self.folder, self.data = folder, f"{folder}/data"
        self.before = namespace.enter if namespace else []
        self.process = None
        os.makedirs(folder)
        os.chmod(folder, 0o755)
        own(folder, USER)
        if of:
            run("pg_basebackup", "-h", of.folder, "-U", USER, "-D", self.data,
                "-R", "-c", "fast", "-X", "stream")
        else:
            run("initdb", "-D", self.data, "-A", "trust", "-N", "-E", "UTF8",
                "--locale=C", "--no-instructions")
            write(f"{self.data}/pg_hba.conf", ANYBODY)
        write(f"{self.data}/tests.conf",
              CONF.format(folder=folder, addresses=at) + more)
        if not of:
            with open(f"{self.data}/postgresql.conf", "a",
                      encoding="ascii") as file:
                file.write("include 'tests.conf'\n")

    # ---- the server ----

    def start(self):
        """Started again after a kill it may find what it left in memory for a
        moment more: then it is tried once more."""
        def up():
            if not (self.process and self.process.running()):
                self.process = Process(
                    [*self.before, *as_user("postgres", "-D", self.data)],
                    f"{self.folder}/log", cwd="/")
            return self.answers()
        try:
            wait_for(up, 30, "PostgreSQL answers")
        except NotReady:
            self.process.fail("does not answer")
        return self

    def answers(self):
        try:
            self.sql("SELECT 1")
        except psycopg2.OperationalError:
            return False
        return True

    def stop(self):
        """As an administrator restarts it: sessions are ended, nothing is
        lost."""
        process, self.process = self.process, None
        if process and process.running():
            process.signal(signal.SIGINT)
            process.stop(30)

    def kill(self):
        """It and all its children, as if the machine had fallen."""
        pid = self.process.pid
        self.process.signal(signal.SIGSTOP)
        with open(f"/proc/{pid}/task/{pid}/children",
                  encoding="ascii") as file:
            children = [int(child) for child in file.read().split()]
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self.process.kill()
        self.process = None

    def synchronous(self):
        """From here on what is committed is on the standby as well."""
        self.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.sql("SELECT pg_reload_conf()")
        wait_for(lambda: self.sql(
            "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"),
            30, "the standby follows")

    def promote(self):
        """The standby becomes the primary, and waits for no other."""
        run("pg_ctl", "promote", "-D", self.data, "-w")

    def standby(self):
        return self.sql("SELECT pg_is_in_recovery()") == [(True,)]

    # ---- what it holds ----

    def connect(self, database=USER, user=USER):
        base = psycopg2.connect(host=self.folder, user=user, dbname=database,
                                connect_timeout=10)
        base.autocommit = True
        return base

    def sql(self, query, *values, database=USER, user=USER):
        """Rows, where there are any."""
        with contextlib.closing(self.connect(database, user)) as base, \
                base.cursor() as cursor:
            cursor.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []

    def url(self, database, user, *others):
        """For the setting `database`; with the others, whichever of them
        takes what is written."""
        folders = ",".join(one.folder for one in (self, *others))
        return (f"postgresql://{user}@/{database}?host={folders}"
                "&target_session_attrs=read-write")


class Base:
    """A database that hosts share, made as docs/share.md says: the group of
    the hosts, what is in schema/postgresql, and a login for each host."""

    def __init__(self, cluster, name, logins=()):
        self.cluster, self.name = cluster, name
        cluster.sql(f"CREATE DATABASE {name}")
        for path in sorted(glob.glob(f"{TREE}/schema/postgresql/*.sql")):
            with open(path, encoding="utf-8") as file:
                self.sql(f"BEGIN;\n{file.read()}\nCOMMIT")
        for login in logins:
            self.login(login)

    def login(self, name):
        """Those of other tests may be there: logins are the cluster's."""
        if not self.sql("SELECT 1 FROM pg_roles WHERE rolname = %s", name):
            self.sql(f"CREATE ROLE {name} LOGIN IN ROLE videur_host")

    def sql(self, query, *values, user=USER):
        return self.cluster.sql(query, *values, database=self.name, user=user)

    def connect(self, user=USER):
        return self.cluster.connect(self.name, user)

    def url(self, user, *others):
        return self.cluster.url(self.name, user, *others)
