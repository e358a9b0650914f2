"""Lines as Postfix and its companions print them, at times of one's choice."""

import calendar
import gzip
import os
import time
import zoneinfo
from datetime import datetime

from conftest import ZONE

QUEUE_ID = "4F1A763EE{:04X}"


def epoch(text):
    """Seconds of "2026-11-21 18:05:42", UTC."""
    return calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S"))


def iso(when):
    return time.strftime("%Y-%m-%dT%H:%M:%S.123456+00:00", time.gmtime(when))


def trad(when):
    """As syslog wrote it before: no year, no zone (the one the command runs in)."""
    local = datetime.fromtimestamp(when, zoneinfo.ZoneInfo(ZONE))
    return f"{local:%b} {local.day:2} {local:%H:%M:%S}"


class Log:
    """A log that grows line by line."""

    def __init__(self, start="2026-03-10 08:00:00", stamp=iso):
        self.now = epoch(start)
        self.stamp = stamp
        self.lines = []
        self.messages = 0

    def wait(self, seconds):
        self.now += seconds
        return self

    def add(self, tag, text):
        self.lines.append(f"{self.stamp(self.now)} mx {tag}[4711]: {text}")
        return self

    def smtpd(self, text):
        return self.add("postfix/smtpd", text)

    # ---- what clients do ----

    def login_fails(self, address, user="joe"):
        return self.add(
            "postfix/submission/smtpd",
            f"warning: unknown[{address}]: SASL PLAIN authentication failed:"
            f" (reason unavailable), sasl_username={user}")

    def imap_fails(self, address, attempts, user="joe"):
        return self.add(
            "dovecot", "imap-login: Disconnected: Connection closed (auth"
            f" failed, {attempts} attempts in 9 secs): user=<{user}>,"
            f" method=PLAIN, rip={address}, lip=192.0.2.1, session=<Xq8>")

    def unknown(self, address, count=1):
        """Recipients that do not exist."""
        for number in range(count):
            self.smtpd(
                f"NOQUEUE: reject: RCPT from unknown[{address}]: 550 5.1.1"
                f" <no{number}@example.test>: Recipient address rejected: User"
                " unknown in local recipient table; from=<a@b.test>"
                f" to=<no{number}@example.test> proto=ESMTP helo=<b.test>")
        return self

    def session(self, address, messages=0, recipients=0, refused=0):
        """The end of one in which so much was accepted."""
        rcpt = f"{recipients}/{recipients + refused}" if refused else recipients
        data = f" data={messages}" if messages else ""
        return self.smtpd(f"disconnect from unknown[{address}] ehlo=1"
                          f" mail={max(messages, 1)} rcpt={rcpt}{data} quit=1"
                          f" commands=4")

    def message(self, address, user=None):
        """A message comes in; gives back its queue id."""
        self.messages += 1
        queue = QUEUE_ID.format(self.messages)
        login = f", sasl_method=PLAIN, sasl_username={user}" if user else ""
        self.smtpd(f"{queue}: client=unknown[{address}]{login}")
        return queue

    def milter_finds_spam(self, queue, address):
        return self.add(
            "postfix/cleanup",
            f"{queue}: milter-reject: END-OF-MESSAGE from unknown[{address}]:"
            " 5.7.1 Blocked by SpamAssassin; from=<a@b.test>"
            " to=<user1@example.test> proto=ESMTP helo=<b.test>")

    def amavis_finds_virus(self, queue, address):
        return self.add(
            "amavis", "(06657-13) Blocked INFECTED (Eicar-Test-Signature)"
            f" {{DiscardedInbound,Quarantined}}, [{address}]:41487 [{address}]"
            f" <a@b.test> -> <user1@example.test>, quarantine: Z/virus-Z,"
            f" Queue-ID: {queue}, Message-ID: <1@b.test>, mail_id: Z,"
            " Hits: -, size: 408, 171 ms")

    def noise(self, count=1):
        for _ in range(count):
            self.add("postfix/qmgr", "543DBA763F0: removed")
        return self

    # ---- files ----

    def text(self):
        return "".join(line + "\n" for line in self.lines)

    def write(self, path, packed=False):
        """Into a file that was last written when the log ends."""
        data = self.text().encode()
        path.write_bytes(gzip.compress(data) if packed else data)
        os.utime(path, (self.now, self.now))
        return str(path)
