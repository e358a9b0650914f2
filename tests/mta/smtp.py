"""A small SMTP client that says what it is told and records every line.

It stands in for any address by XCLIENT, which the private Postfix accepts
from loopback.
"""

import base64
import socket


class Reply(str):
    """A reply as the server sent it, its lines joined with newlines."""

    @property
    def code(self):
        return int(self[:3])


class Closed(ConnectionError):
    """The server hung up."""


class Session:
    """One connection; `transcript` holds it as "C: ..." and "S: ..."."""

    def __init__(self, port, address=None, helo="client.example.net"):
        self.transcript = []
        self.socket = self.connect(port, address)
        self.file = self.socket.makefile("rb")
        self.greeting = self.read()
        if address:
            self.become(address)
        if helo:
            self.ehlo(helo)

    def connect(self, port, address):
        del address  # XCLIENT says it
        return socket.create_connection(("127.0.0.1", port), 60)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.close()

    def read(self):
        """One reply, all its lines."""
        lines = []
        while not lines or lines[-1][3:4] == "-":
            try:
                line = self.file.readline()
            except ConnectionResetError:
                line = b""
            if not line:
                raise Closed("\n".join(self.transcript[-4:]))
            lines.append(line.decode("utf-8", "replace").rstrip("\r\n"))
            self.transcript.append("S: " + lines[-1])
        return Reply("\n".join(lines))

    def send(self, line):
        self.transcript.append("C: " + line)
        try:
            self.socket.sendall(line.encode() + b"\r\n")
        except (BrokenPipeError, ConnectionResetError) as failure:
            raise Closed(line) from failure

    def command(self, line):
        self.send(line)
        return self.read()

    def become(self, address):
        """Be that address from here on.  What led to it is left out of the
        transcript: no real client says it."""
        family = "IPV6:" if ":" in address else ""
        self.greeting = self.command(
            f"XCLIENT NAME=[UNAVAILABLE] ADDR={family}{address}")
        if self.greeting.code >= 500:
            raise Closed(self.greeting)
        self.transcript = ["S: " + self.greeting]

    def ehlo(self, name):
        return self.command(f"EHLO {name}")

    def auth(self, user, password):
        secret = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        return self.command(f"AUTH PLAIN {secret}")

    def mail(self, sender="someone@sender.example"):
        return self.command(f"MAIL FROM:<{sender}>")

    def rcpt(self, recipient="user1@example.test"):
        return self.command(f"RCPT TO:<{recipient}>")

    def recipients(self, recipients):
        """Many at once, without waiting for a reply to each."""
        lines = [f"RCPT TO:<{recipient}>" for recipient in recipients]
        self.send("\r\n".join(lines))
        return [self.read() for _ in lines]

    def data(self, message):
        """Send a message (text with plain newlines) after the go-ahead."""
        go = self.command("DATA")
        if go.code != 354:
            return go
        for line in message.splitlines():
            self.send("." + line if line.startswith(".") else line)
        return self.command(".")

    def rset(self):
        return self.command("RSET")

    def quit(self):
        reply = self.command("QUIT")
        self.close()
        return reply

    def close(self):
        self.file.close()
        self.socket.close()


def deliver(port, address, message, sender="someone@sender.example",
            recipient="user1@example.test", helo="client.example.net"):
    """Send one message; gives back the reply that decided."""
    with Session(port, address, helo) as session:
        reply = session.mail(sender)
        if reply.code == 250:  # else the server may have hung up
            reply = session.rcpt(recipient)
        if reply.code != 250:
            return reply
        reply = session.data(message)
        session.quit()
        return reply


def offer(port, address, recipient="user1@example.test",
          sender="someone@sender.example"):
    """Get as far as RCPT and leave; gives back the reply that decided."""
    with Session(port, address) as session:
        reply = session.mail(sender)
        if reply.code == 250:
            reply = session.rcpt(recipient)
        return reply
