"""The services and what they are told, for the soak: a folder with a
configuration, a database, a log, and a control of the VFS that fails."""

import json
import mmap
import os
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for suite in ("mta", "milter", "faults"):
    sys.path.insert(0, os.path.join(os.path.dirname(HERE), suite))

from process import free_port, wait_for  # noqa: E402
from talk import Talk  # noqa: E402

SOON = 120  # seconds: what takes longer never happens
SERVICES = ("milter", "watch", "web")


class Faults:
    """The control of tests/soak/faulty.c: which change of a file fails."""

    ERROR, FULL, SHORT = range(3)
    SIZE = 5 * 8

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.write(bytes(self.SIZE))
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), self.SIZE)

    def get(self, index):
        return struct.unpack_from("=Q", self.memory, 8 * index)[0]

    def put(self, index, value):
        struct.pack_into("=Q", self.memory, 8 * index, value)

    @property
    def changes(self):
        return self.get(0)

    @property
    def failed(self):
        return self.get(4)

    def arm(self, ahead, how, many=1):
        """The change after `ahead` more fails, and so many in all."""
        self.put(3, how)
        first = self.changes + 1 + ahead
        self.put(2, first + many - 1)
        self.put(1, first)

    def disarm(self):
        self.put(1, 0)


class House:
    def __init__(self, folder, build, faults=False):
        self.folder, self.build = folder, build
        os.mkdir(folder)
        os.chmod(folder, 0o755)
        self.lib = f"{folder}/lib"
        os.mkdir(self.lib)
        self.database = f"{self.lib}/videur.db"
        self.conf = f"{folder}/videur.conf"
        self.socket = f"{folder}/milter.sock"
        self.log = f"{folder}/mail.log"
        self.said = f"{folder}/said"
        self.port = free_port()
        self.faults = Faults(f"{folder}/faults") if faults else None
        self.process = {}
        with open(self.log, "wb"):
            pass
        with open(self.conf, "w", encoding="ascii") as file:
            file.write(f"""
                database = "{self.database}"
                lookup-url = "http://127.0.0.1:{self.port}/"
                milter {{
                    listen = "unix:{self.socket}"
                    scanner = {{clamav, spamassassin}}
                }}
                web {{
                    listen = "127.0.0.1:{self.port}"
                    rate = 0
                }}
                watch {{
                    journal = no
                    files = {{"{self.log}"}}
                    start = backfill
                }}
                """)

    def environment(self):
        if self.faults is None:
            return None
        return {**os.environ, "FAULTS": self.faults.path,
                "LD_PRELOAD": f"{self.build}/soak/faulty.so"}

    def argv(self, name, *words):
        return [f"{self.build}/{name}", "-c", self.conf, *words]

    # ---- services ----

    def start(self, name):
        """Start it, and do not wait."""
        with open(f"{self.said}.{name}", "ab") as out:
            self.process[name] = subprocess.Popen(
                self.argv(f"videur-{name}"), stdin=subprocess.DEVNULL,
                stdout=out, stderr=out, env=self.environment(),
                start_new_session=True)

    def pids(self, name):
        """The process that was started, and its children."""
        pid = self.process[name].pid
        try:
            with open(f"/proc/{pid}/task/{pid}/children",
                      encoding="ascii") as file:
                return [pid, *map(int, file.read().split())]
        except OSError:
            return [pid]

    def kill(self, pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def tend(self):
        """What systemd does: start again what has ended."""
        for name, process in list(self.process.items()):
            if process.poll() is not None:
                self.start(name)

    def answers(self, name):
        """Whether a service does its work."""
        try:
            if name == "milter":
                Talk(self.socket, timeout=5).quit()
            elif name == "web":
                return self.get("/healthz")[0] == 200
            else:
                with open(f"/proc/{self.pids(name)[-1]}/status",
                          encoding="ascii") as file:
                    field = dict(line.split(":", 1) for line in file)
                # It has read its configuration and takes signals in order.
                return int(field["SigCgt"], 16) & 1 << 14 != 0
        except (OSError, EOFError, KeyError):
            return False
        return True

    def get(self, path):
        """Status and body of the page."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as one:
            one.sendall(f"GET {path} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
            answer = b""
            while more := one.recv(65536):
                answer += more
        head, _, body = answer.partition(b"\r\n\r\n")
        if not head:
            raise ConnectionError("the page hung up")
        return int(head.split(None, 2)[1]), body

    def listed(self, address):
        """The bans that the page tells of."""
        status, body = self.get(f"/api/v1/ip/{address}")
        return json.loads(body)["bans"] if status == 200 else None

    def stop(self):
        """End all in order; gives back what did not end with status 0."""
        for name in self.process:
            wait_for(lambda: self.answers(name), SOON, f"{name} answers")
        for process in self.process.values():
            process.send_signal(signal.SIGTERM)
        ends = {name: process.wait(SOON)
                for name, process in self.process.items()}
        self.process = {}
        return {name: end for name, end in ends.items() if end != 0}

    def abandon(self):
        for name in self.process:
            for pid in self.pids(name):
                self.kill(pid)
        for process in self.process.values():
            process.wait()

    def lines(self, name):
        with open(f"{self.said}.{name}", encoding="utf-8",
                  errors="replace") as file:
            return file.read().splitlines()

    # ---- commands and the database ----

    def run(self, name, *words, given=""):
        return subprocess.run(
            self.argv(name, *words), input=given, text=True, check=False,
            capture_output=True, timeout=SOON, env=self.environment())

    def sql(self, query, *values):
        base = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True,
                               timeout=SOON)
        try:
            return base.execute(query, values).fetchall()
        finally:
            base.close()

    def is_sound(self):
        return self.sql("PRAGMA quick_check") == [("ok",)]
