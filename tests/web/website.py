"""videur-web as its visitors and its administrator meet it.

The programs come from $VIDEUR_BUILD (build/ of this tree by default).  The
server listens on loopback, on a port the kernel chose, or on a unix socket
in the test's own folder; it is ended by its own pid.
"""

import html
import http.client
import os
import re
import signal
import socket
import ssl
import subprocess
import time
import urllib.parse

BUILD = os.path.abspath(os.environ.get("VIDEUR_BUILD", "build"))

CONF = """
database = "{folder}/videur.db"
contact = "postmaster@example.fr"
lookup-url = "https://postmaster.example.fr/"
web {{
  listen = "{listen}"
  {more}
}}
"""


# A busy machine may take so many times as long as another.
PATIENCE = 4


def wait_for(condition, seconds, what):
    """Ask until `condition()` is true; give back what it said."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds * PATIENCE} s: {what}")
        time.sleep(0.02)


def worker_of(pid):
    """The process that works, of one that starts it again when it crashes."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        children = file.read().split()
    return int(children[0]) if children else pid


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=10)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Answer:
    """What the server said to one request."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def text(self):
        """The body as text."""
        return self.body.decode("utf-8")

    @property
    def words(self):
        """What a reader sees of a page, blanks drawn together."""
        plain = html.unescape(re.sub(r"<[^>]*>", " ", self.text))
        return " ".join(plain.split())


class Website:
    """A folder with a configuration, a database and perhaps a server."""

    def __init__(self, folder, listen="127.0.0.1:0", more=""):
        self.folder = str(folder)
        self.conf = f"{self.folder}/videur.conf"
        self.log = f"{self.folder}/log"
        self.database = f"{self.folder}/videur.db"
        self.where = None
        self.metrics_where = None
        self.operator_where = None
        self.trusted = None  # a certificate, where it is to be checked
        self.child = None
        self.configure(listen, more)

    def configure(self, listen="127.0.0.1:0", more=""):
        """Write the configuration."""
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write(CONF.format(folder=self.folder, listen=listen,
                                   more=more))

    def command(self, *words):
        """The administrator's command, to be run."""
        return [f"{BUILD}/videur", "-c", str(self.conf), *words]

    def videur(self, *words):
        """Run it; must succeed."""
        return subprocess.run(
            self.command(*words), check=True,
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=60).stdout

    def lines(self):
        """What the server has logged so far."""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()

    def logged(self, words):
        """The first line that holds these words, or None."""
        return next((line for line in self.lines() if words in line), None)

    def start(self, before=()):
        """Start the server, by the program `before` perhaps, and wait until
        it says where it listens."""
        with open(self.log, "ab") as out:
            self.child = subprocess.Popen(
                [*before, f"{BUILD}/videur-web", "-c", self.conf],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        line = wait_for(
            lambda: self.logged("listening on") or self.child.poll(), 20,
            "videur-web listens")
        assert isinstance(line, str), self.lines()
        self.where = line.split("listening on ", 1)[1]
        line = self.logged("metrics on ")
        self.metrics_where = line and line.split("metrics on ", 1)[1]
        line = self.logged("operator's page on ")
        self.operator_where = line and line.split("page on ", 1)[1]
        return self

    def signal(self, number):
        """Send the server a signal."""
        self.child.send_signal(number)

    @property
    def worker(self):
        return worker_of(self.child.pid)

    def stop(self):
        """End the server; gives back its exit status."""
        if self.child.poll() is None:
            self.signal(signal.SIGTERM)
        return self.child.wait(20)

    def close(self):
        """Take down what is still up, however the test ended."""
        if self.child is not None and self.child.poll() is None:
            self.child.kill()
            self.child.wait(20)

    def connection(self, where=None):
        """A connection to the server."""
        where = where or self.where
        if where.startswith("unix:"):
            return UnixConnection(where[len("unix:"):])
        place = urllib.parse.urlsplit(where)
        if place.scheme == "https":
            return http.client.HTTPSConnection(
                place.hostname, place.port, timeout=10,
                context=ssl.create_default_context(cafile=self.trusted))
        return http.client.HTTPConnection(place.hostname, place.port,
                                          timeout=10)

    def ask(self, path, method="GET", body=None, where=None, **headers):
        """One request; header names are written with _ for -."""
        connection = self.connection(where)
        try:
            connection.request(
                method, path, body=body,
                headers={name.replace("_", "-"): value
                         for name, value in headers.items()})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def raw(self, request):
        """Bytes as they are; gives back all that comes until the end, even
        where the server has hung up before all was sent."""
        connection = self.connection()
        connection.connect()
        said = b""
        try:
            try:
                connection.sock.sendall(request)
                connection.sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            while more := connection.sock.recv(65536):
                said += more
        except ConnectionResetError:
            pass
        finally:
            connection.close()
        return said
