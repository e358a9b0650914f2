"""The MTA's side of the milter protocol, as far as the tests need it.

miltertest keeps the text of a reply to itself; here it can be read.  And
unlike a well-behaved MTA this one sends whatever it is told to.
"""

import socket
import struct

OFFERED_ACTIONS = 0x1FF
OFFERED_STEPS = 0x1FFFFF

NO_EOH = 0x40

CONTINUE = b"c"
REJECT = b"r"
TEMPFAIL = b"t"
REPLY = b"y"


def words(*texts):
    return b"".join(t.encode("latin-1") + b"\0" for t in texts)


class Talk:
    """One connection to a milter on a unix socket."""

    def __init__(self, path, timeout=10, negotiate=True):
        self.deaf = False
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(timeout)
        self.sock.connect(str(path))
        self.steps = self.actions = None
        if negotiate:
            answer = self.ask(
                b"O", struct.pack("!III", 6, OFFERED_ACTIONS, OFFERED_STEPS)
            )
            assert answer[:1] == b"O", answer
            _, self.actions, self.steps = struct.unpack("!III", answer[1:13])
            self.macro_lists = answer[13:]

    def send(self, command, data=b""):
        self.sock.sendall(struct.pack("!I", 1 + len(data)) + command + data)

    def _read(self, count):
        got = b""
        while len(got) < count:
            more = self.sock.recv(count - len(got))
            if not more:
                raise EOFError("the milter hung up")
            got += more
        return got

    def receive(self):
        (length,) = struct.unpack("!I", self._read(4))
        return self._read(length)

    def ask(self, command, data=b""):
        self.send(command, data)
        # What comes out of order libmilter may leave without an answer.
        return CONTINUE if self.deaf else self.receive()

    def said(self, command, data=b""):
        """The answer: "continue", or the whole SMTP reply."""
        answer = self.ask(command, data)
        if answer == CONTINUE:
            return "continue"
        if answer[:1] == REPLY:
            return answer[1:].rstrip(b"\0").decode("latin-1")
        return answer.decode("latin-1")

    def macros(self, command, **named):
        data = command
        for name, value in named.items():
            data += words(name if len(name) == 1 else "{%s}" % name, value)
        self.send(b"D", data)

    def connect(self, ip, port="25", name="mx.example.test"):
        macros = {"daemon_name": name}
        if port is not None:
            macros["daemon_port"] = port
        self.macros(b"C", **macros)
        family = b"6" if ":" in ip else b"4"
        address = "IPv6:" + ip if ":" in ip else ip
        data = words("[%s]" % ip) + family + struct.pack("!H", 4711)
        return self.said(b"C", data + words(address))

    def connect_unix(self):
        return self.said(b"C", words("localhost") + b"L\0\0" + words("/sock"))

    def helo(self, name="client.test"):
        return self.said(b"H", words(name))

    def mail(self, sender="<sender@client.test>", auth=None):
        if auth:
            self.macros(b"M", auth_type="PLAIN", auth_authen=auth)
        return self.said(b"M", words(sender))

    def rcpt(self, path="<user1@example.test>", rejected=None):
        if rejected:
            status, text = rejected
            self.macros(
                b"R", rcpt_mailer="error", rcpt_host=status, rcpt_addr=text
            )
        else:
            self.macros(b"R", rcpt_mailer="local", rcpt_host="", rcpt_addr=path)
        return self.said(b"R", words(path))

    def unknown(self, command="BOGUS"):
        return self.said(b"U", words(command))

    def data(self):
        return self.said(b"T")

    def header(self, name, value):
        return self.said(b"L", words(name, value))

    def eoh(self):
        return self.said(b"N")

    def eom(self):
        return self.said(b"E")

    def end(self):
        """The end of a message, as an MTA reports it that leaves out what
        was negotiated away."""
        if not self.steps & NO_EOH:
            assert self.eoh() == "continue"
        return self.eom()

    def abort(self):
        self.send(b"A")

    def quit(self):
        self.send(b"Q")
        # The milter closes its end when it has done with the session.
        while self.sock.recv(4096):
            pass
        self.sock.close()

    def drop(self):
        """Hang up in the middle, without a word."""
        self.sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        self.sock.close()
