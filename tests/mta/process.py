"""Files, child processes, ports and waiting.

Everything a test starts is a child held in a Process, is ended by its own pid
and leaves its output in a file.  Waiting is always for a condition, with a
deadline; nothing sleeps for luck.
"""

import os
import pwd
import signal
import socket
import subprocess
import time


# A busy machine, or a program under a sanitizer, may take so many times as long
# as what a test waits for takes elsewhere.
PATIENCE = 4


class NotReady(AssertionError):
    """A condition did not come true in time."""


def wait_for(condition, seconds, what):
    """Ask until `condition()` is true; give back what it said."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise NotReady(f"not within {seconds * PATIENCE} s: {what}")
        time.sleep(0.02)


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def own(path, user):
    """Give a file or folder to a user."""
    who = pwd.getpwnam(user)
    os.chown(path, who.pw_uid, who.pw_gid)


def free_port():
    """A loopback port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    """Whether something accepts connections on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def listens_at(path):
    """Whether something accepts connections on a unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(path)
        except OSError:
            return False
        return True


def command_of(pid):
    """The name of a process's program; "" where it has ended."""
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
            return file.read().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def worker_of(pid):
    """The process that works, of one that starts it again when it crashes."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        children = [int(child) for child in file.read().split()]
    # Beside videur-watch's there is one of another name.
    name = command_of(pid)
    return next((child for child in children if command_of(child) == name),
                pid)


class Process:
    """One child, its output in `log`.  It has a session of its own, so that
    Ctrl-C reaches only the one who started it and ends it in order."""

    def __init__(self, argv, log, **how):
        self.name = os.path.basename(argv[0])
        self.log = log
        with open(log, "ab") as out:
            self.child = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True, **how)

    @property
    def pid(self):
        return self.child.pid

    @property
    def worker(self):
        return worker_of(self.pid)

    def files(self):
        """Paths of what its worker has open; of what is deleted they say so."""
        folder = f"/proc/{self.worker}/fd"
        found = set()
        for number in os.listdir(folder):
            try:
                found.add(os.readlink(f"{folder}/{number}"))
            except FileNotFoundError:
                pass  # closed meanwhile
        return found

    def running(self):
        return self.child.poll() is None

    def lines(self):
        """What it has printed so far."""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()

    def ready(self, condition, seconds=30):
        """Wait until it serves; say what it printed where it does not."""
        def served():
            if not self.running():
                self.fail("ended at once")
            return condition()
        try:
            wait_for(served, seconds, self.name)
        except NotReady:
            self.fail(f"not ready in {seconds} s")
        return self

    def fail(self, what):
        tail = "\n".join(self.lines()[-20:])
        raise NotReady(f"{self.name}: {what}\n{tail}")

    def signal(self, number):
        self.child.send_signal(number)

    def stop(self, seconds=15):
        """End it with TERM, and with KILL if it does not listen; gives back
        its exit status, negative for a signal."""
        if self.running():
            self.signal(signal.SIGTERM)
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self):
        if self.running():
            self.signal(signal.SIGKILL)
        return self.child.wait()


class Stack:
    """What has to be undone, the newest first, whatever fails on the way."""

    def __init__(self):
        self.undo = []

    def add(self, undo):
        self.undo.append(undo)

    def close(self):
        """Undo all; nobody can interrupt that."""
        kept = {number: signal.signal(number, signal.SIG_IGN)
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        failures = []
        while self.undo:
            try:
                self.undo.pop()()
            except Exception as failure:  # the rest must still end
                failures.append(failure)
        for number, handler in kept.items():
            signal.signal(number, handler)
        if failures:
            raise failures[0]
