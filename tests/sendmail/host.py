"""A host with Sendmail, its log and videur, which listens where it does by
default."""

import os
import shutil
import tempfile

from addresses import fresh
from client import Client
from house import House
from mail import GOOD
from process import Stack, wait_for
from sendmail import MX, SUBMISSION, Sendmail, Syslog

NAMED = "192.0.2.7"
ZONE = {
    "mx.example.test": ["127.0.0.1"],
    "sender.example": ["192.0.2.1", "MX sender.example"],
    "silent.example": "silence",
    "7.2.0.192.in-addr.arpa": ["PTR client.example.net"],
    "client.example.net": [NAMED],
}


class Host:
    def __init__(self):
        self.stack = Stack()
        self.folder = tempfile.mkdtemp(prefix="videur-")
        os.chmod(self.folder, 0o755)
        self.stack.add(lambda: shutil.rmtree(self.folder))
        try:
            self.syslog = Syslog(f"{self.folder}/maillog")
            self.house = House(
                f"{self.folder}/videur", logs=[self.syslog.path],
                scanners=("spamassassin",), socket="/run/videur/milter.sock")
            self.stack.add(self.house.close)
            self.house.start_milter()
            self.house.start_watch()
            self.sendmail = Sendmail(self.folder, self.stack)
        except BaseException:
            self.stack.close()
            raise

    def log_is_read(self):
        """Wait until the watcher has taken all that is in the log now: it has
        when it knows of a login that failed since."""
        address = fresh()
        with Client(SUBMISSION, address) as client:
            assert client.auth("nobody", "wrong").code == 535
        wait_for(lambda: self.house.events(address) == {"auth": 1}, 10,
                 "the log is read")

    def deliver(self, address, message=GOOD, recipients=("user1",)):
        """Send one message; gives back the reply that decided."""
        with Client(MX, address) as client:
            reply = client.mail()
            for recipient in recipients:
                if reply.code == 250:
                    reply = client.rcpt(f"{recipient}@example.test")
            if reply.code == 250:
                reply = client.data(message)
            client.quit()
            return reply

    def hear(self, address, port=MX):
        """Come in and hear what stops a mail to an existing recipient, as
        videur said it: Sendmail puts the recipient in."""
        with Client(port, address) as client:
            reply = client.mail()
            if reply.code == 250:
                reply = client.rcpt()
            client.quit()
        return type(reply)(reply.replace(" <user1@example.test>...", ""))

    def tally(self, address):
        """Messages, and of them accepted ones with their recipients."""
        return self.house.sql(
            "SELECT sum(messages), sum(accepted), sum(recipients) FROM tally"
            " WHERE client = ?", address)[0]

    def close(self):
        self.stack.close()
