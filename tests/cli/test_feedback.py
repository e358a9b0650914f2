"""videur-feedback: mails and tables of feedback loops become events."""

import base64
import getpass
import glob
import itertools
import os
import re
import sqlite3
import subprocess
from email.utils import formatdate

import pytest
from conftest import DAY, HOUR, PROGRAM, now

DATA = os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "data", "feedback")
ARRIVAL = b"Thu, 26 Nov 2026 10:20:30 +0000"
DATE = b"Thu, 26 Nov 2026 11:00:00 +0000"
# How long before now these two are.
ARRIVED, SENT = 30 * HOUR, 29 * HOUR
MIB = 1024 * 1024


class Loop:
    """Runs the program; its only line in the log is what it gives back."""

    def __init__(self, house):
        self.house = house
        house.configure(f'user = "{getpass.getuser()}"')
        self.now = now()

    def run(self, *words, given=b"", status=0, bans=0):
        done = subprocess.run(
            [f"{PROGRAM}-feedback", "-c", str(self.house.conf), *words],
            input=given, capture_output=True, timeout=60, check=False)
        assert done.returncode == status, done
        assert done.stdout == b""
        lines = done.stderr.decode().splitlines()
        assert len(lines) == 1 + bans, lines
        return lines[-1].removeprefix("videur-feedback: ")

    def mail(self, name, arrived=ARRIVED, sent=SENT):
        times = {ARRIVAL: arrived, DATE: sent}

        def dated(text):
            for old, ago in times.items():
                text = text.replace(old, formatdate(self.now - ago).encode())
            return text
        with open(f"{DATA}/{name}.eml", "rb") as file:
            mail = dated(file.read())
        return re.sub(rb"(?<=base64\n\n)[A-Za-z0-9+/=\n]*", lambda found:
                      base64.encodebytes(dated(base64.b64decode(found[0]))),
                      mail)

    def events(self):
        """Address, detail, and how long ago, of each event."""
        try:
            return [(address, detail, self.now - at)
                    for address, detail, at in self.house.sql(
                        "SELECT address, detail, at FROM event WHERE kind ="
                        " 'complaint' AND source = 'feedback' ORDER BY id")]
        except sqlite3.OperationalError:
            return []


@pytest.fixture
def loop(house):
    return Loop(house)


@pytest.mark.parametrize("name, address, kind, ago", [
    ("aol", "203.0.113.11", "abuse", ARRIVED),
    ("yahoo", "203.0.113.12", "abuse", ARRIVED),
    ("jmrp", "203.0.113.13", "abuse", ARRIVED),
    ("rfc5965-1", "203.0.113.41", "abuse", SENT),
    ("rfc5965-2", "203.0.113.15", "abuse", ARRIVED),
    ("base64", "203.0.113.17", "abuse", ARRIVED),
    ("ipv6", "2001:db8:0:18::1", "abuse", ARRIVED),
    ("received", "203.0.113.19", "abuse", ARRIVED),
    ("redacted", "203.0.113.20", "fraud", ARRIVED),
    ("virus", "203.0.113.22", "virus", ARRIVED),
], ids=["AOL's", "Yahoo's, headers and no Source-IP", "JMRP", "RFC 5965's first",
        "RFC 5965's second", "base64", "IPv6 in brackets", "several Received",
        "redacted, CRLF", "words in capitals, v4-mapped"])
def test_a_report_is_a_complaint_of_its_day(loop, name, address, kind, ago):
    assert loop.run(given=loop.mail(name)).endswith(": counted")
    assert loop.events() == [(address, kind, ago)]
    again = loop.mail(name).replace(b"\n", b"\nX-Delivered: twice\n", 1)
    assert loop.run(given=again).endswith(": counted before")
    assert len(loop.events()) == 1


def test_a_report_counts_for_its_incidents(loop):
    loop.run(given=loop.mail("signal-spam"))
    assert loop.events() == [("203.0.113.21", "abuse", ARRIVED)] * 3


@pytest.mark.parametrize("name, kind", [
    ("not-spam", "not-spam"), ("opt-out", "opt-out"), ("other", "other"),
    ("rfc6591", "auth-failure")])
def test_other_types_are_no_complaint(loop, name, kind):
    line = loop.run(given=loop.mail(name))
    assert line.endswith(f'a report of type "{kind}" is no complaint')
    assert loop.events() == []


def nested(levels):
    parts = "".join(f"--{i}\nContent-Type: multipart/mixed; boundary={i + 1}"
                    "\n\n" for i in range(levels))
    return f"Content-Type: multipart/mixed; boundary=0\n\n{parts}".encode()


def without(name):
    def change(mail):
        return re.sub(rb"(?m)^%s:.*\r?\n" % name, b"", mail)
    return change


def with_source(text):
    def change(mail):
        return re.sub(rb"Source-IP: .*", b"Source-IP: " + text, mail)
    return change


@pytest.mark.parametrize("change, line", [
    (lambda mail: b"", "stdin: no mail"),
    (lambda mail: b"\0" * 5000, "stdin: no mail"),
    (lambda mail: bytes(range(256)) * 4500, "stdin: no mail"),
    (lambda mail: mail[:mail.index(b"Feedback-Type")], "a report without"),
    (lambda mail: mail.replace(b"boundary=", b"boundry="), "no report"),
    (lambda mail: mail.replace(b"message/feedback-report", b"text/plain"),
     "no report"),
    (lambda mail: b"Subject: hello\n\nhello\n", "no report"),
    (lambda mail: b"Content-Type: message/rfc822\n\n" + mail, "no report"),
    (lambda mail: nested(20000), "no report"),
    (lambda mail: b"Content-Type: message/rfc822\n\n" * 30000, "no report"),
    (lambda mail: b"X: " + b"x" * MIB + b"\n" + mail, "no report"),
    (without(b"Feedback-Type"), "without Feedback-Type"),
    (lambda mail: without(b"Source-IP")(mail).replace(
        b"203.0.113.41", b"somewhere"), "without Source-IP"),
    (with_source(b"203.0.113.256"), "is not an address"),
    (with_source(b"203.0.113.0/24"), "is not an address"),
    (with_source(b"1" * 5000), "is not an address"),
    (with_source(b"\x1b[2J\xff"), "is not an address"),
], ids=["nothing", "NULs", "every byte", "cut", "no boundary", "no report part",
        "another mail", "inside another", "nested multiparts",
        "nested messages", "a header of a MiB", "no type", "no address",
        "no IPv4 address", "a network", "a long address", "escapes"])
def test_hostile_mail_makes_one_line(loop, change, line):
    said = loop.run(given=change(loop.mail("rfc5965-2")))
    assert line in said and said.isprintable() and len(said) < 500
    assert loop.events() == []


def test_what_lies_behind_a_mebibyte_is_not_read(loop):
    mail = loop.mail("rfc5965-2")
    assert loop.run(given=mail + b"x" * 5 * MIB).endswith(": counted")
    assert len(loop.events()) == 1


@pytest.mark.parametrize("arrived, sent, ago", [
    (-9 * HOUR, HOUR, 0), (-9 * DAY, HOUR, HOUR), (-9 * DAY, -9 * DAY, 0),
    (31 * DAY, HOUR, None), (-9 * DAY, 31 * DAY, None)],
    ids=["a clock that is ahead", "its own Date", "now", "too old",
         "too old by its Date"])
def test_a_time_is_plausible(loop, arrived, sent, ago):
    line = loop.run(given=loop.mail("aol", arrived, sent))
    if ago is None:
        assert line.endswith("not counted, from before what is kept")
        assert loop.events() == []
    else:
        (_, _, was), = loop.events()
        assert ago - 60 <= was <= ago


def test_many_incidents_are_bounded(loop):
    mail = loop.mail("rfc5965-2").replace(
        b"Version: 1\n", b"Version: 1\nIncidents: 4294967295\n", 1)
    loop.run(given=mail, bans=1)
    assert 5 <= len(loop.events()) < 500
    assert loop.house.sql("SELECT sum(complaint) FROM tally") == [(500,)]


def test_complaints_ban_as_spam_does(loop):
    mail = loop.mail("rfc5965-2", arrived=10)
    for number in range(5):
        done = subprocess.run(
            [f"{PROGRAM}-feedback", "-c", str(loop.house.conf)], input=mail
            .replace(b"Message-ID: <", b"Message-ID: <%d." % number),
            capture_output=True, check=True, timeout=60)
    assert b"ban 203.0.113.15 spam step 1" in done.stderr
    assert [(ban["client"], ban["reason"]) for ban in
            loop.house.json("list")] == [("203.0.113.15", "spam")]


def test_observe_mode_and_allow_list_hold(loop):
    loop.house.do("allow", "add", "203.0.113.15")
    assert loop.run(given=loop.mail("rfc5965-2")).endswith(
        "not counted, it is allowed or never banned")
    loop.house.configure(f'user = "{getpass.getuser()}"\nmode = observe')
    mail = loop.mail("aol", arrived=10).replace(
        b"Version: 0.1\n", b"Version: 0.1\nIncidents: 400\n", 1)
    done = subprocess.run(
        [f"{PROGRAM}-feedback", "-c", str(loop.house.conf)], input=mail,
        capture_output=True, check=True, timeout=60)
    assert b"would ban 203.0.113.11 spam" in done.stderr
    loop.house.do("check", "203.0.113.11")


# ---- where the database or the configuration fails ----

def test_the_mta_keeps_the_mail_while_it_cannot_be_counted(loop):
    mail = loop.mail("aol")
    loop.house.database.write_bytes(b"no database at all" * 100)
    loop.run(given=mail, status=75)
    loop.house.database.unlink()
    assert loop.run(given=mail).endswith(": counted")
    with sqlite3.connect(loop.house.database) as base:
        base.execute("BEGIN IMMEDIATE")
        line = loop.run(given=loop.mail("base64"), status=75)
        assert "busy" in line
        base.rollback()
    base.close()
    loop.house.configure("mode = nonsense")
    loop.run(given=mail, status=75)


# ---- a maildir ----

@pytest.fixture
def maildir(loop, tmp_path):
    for name in ("new", "cur", "tmp"):
        (tmp_path / "mail" / name).mkdir(parents=True)
    for number, name in enumerate(("aol", "yahoo", "not-spam")):
        (tmp_path / "mail" / "new" / f"{number}.host:2,").write_bytes(
            loop.mail(name))
    return tmp_path / "mail"


def run_maildir(loop, maildir):
    done = subprocess.run(
        [f"{PROGRAM}-feedback", "-c", str(loop.house.conf), "--maildir",
         str(maildir)], capture_output=True, text=True, check=False,
        timeout=60)
    return done.returncode, done.stderr.splitlines()


def test_each_mail_of_a_maildir_is_counted_once(loop, maildir):
    status, lines = run_maildir(loop, maildir)
    assert (status, len(lines)) == (0, 3)
    assert len(loop.events()) == 2
    assert sorted(os.listdir(maildir / "cur")) == [
        f"{number}.host:2,S" for number in range(3)]
    assert os.listdir(maildir / "new") == []
    assert run_maildir(loop, maildir) == (0, [])
    assert len(loop.events()) == 2


def test_mails_stay_where_they_are_until_they_are_counted(loop, maildir):
    loop.house.database.write_bytes(b"no database at all" * 100)
    assert run_maildir(loop, maildir)[0] == 3
    assert len(os.listdir(maildir / "new")) == 3
    loop.house.database.unlink()
    (maildir / "cur").rmdir()
    assert run_maildir(loop, maildir)[0] == 2
    assert len(loop.events()) == 2
    (maildir / "cur").mkdir()
    assert run_maildir(loop, maildir)[0] == 0
    assert len(loop.events()) == 2
    assert len(os.listdir(maildir / "cur")) == 3


def test_what_is_no_maildir_is_refused(loop, tmp_path):
    assert "No such file" in loop.run("--maildir", str(tmp_path / "none"),
                                      status=2)


# ---- tables ----

def day(loop, ago):
    return formatted(loop.now - ago * DAY)


def formatted(at):
    return subprocess.run(["date", "-u", "-d", f"@{at}", "+%Y-%m-%d"],
                          check=True, capture_output=True,
                          text=True).stdout.strip()


@pytest.mark.parametrize("text, counted", [
    ("Date,IP Address,Domain,Complaints\n"
     "{1},203.0.113.31,example.net,3\n{1},2001:db8::31,\"a, b\"\"\",1\n"
     "{2},203.0.113.32,,0\n", {"203.0.113.31": 3, "2001:db8::31": 1}),
    ("\ufeffjour;adresse_ip;nb_signalements\r\n{1};203.0.113.33;2\r\n;;\r\n",
     {"203.0.113.33": 2}),
    ("IP\tTimestamp\n203.0.113.34\t{1}T10:00:00Z\n"
     "203.0.113.34\t{1} 11:00:00\n203.0.113.34\t{compact}\n",
     {"203.0.113.34": 3}),
    ("date,ip,count\n", {}),
], ids=["Validity's", "Signal Spam's", "a row each", "none"])
def test_a_table_counts_each_day(loop, text, counted):
    text = text.format(*(day(loop, ago) for ago in range(3)),
                       compact=day(loop, 1).replace("-", ""))
    total = sum(counted.values())
    assert f"{total} counted, 0 before" in loop.run(
        "--csv", "-", given=text.encode())
    events = loop.events()
    assert {address: [at for at, *_ in events].count(address)
            for address in counted} == counted
    assert {formatted(loop.now - ago) for *_, ago in events} <= {day(loop, 1)}
    assert f"0 counted, {total} before" in loop.run(
        "--csv", "-", given=text.encode())


def test_of_a_later_table_the_difference_is_counted(loop, tmp_path):
    file = tmp_path / "table.csv"
    for number, said in ((2, "2 counted, 0 before"), (5, "3 counted, 2 before"),
                         (4, "0 counted, 4 before")):
        file.write_text(f"ip,date,count\n203.0.113.35,{day(loop, 1)},{number}")
        assert said in loop.run("--csv", str(file))


@pytest.mark.parametrize("text, line, what", [
    ("", 1, "no head"), ("one,two\n", 1, "names no column of addresses"),
    ("ip,two\n", 1, "names no column of days"),
    ("ip,date\n203.0.113.36,{1}\nnonsense,{1}\n", 3, "no address"),
    ("ip,date\n203.0.113.36,27/11/2026\n", 2, "no day"),
    ("ip,date\n203.0.113.36,2026-02-30\n", 2, "no day"),
    ("ip,date\n203.0.113.36,2999-01-01\n", 2, "a day to come"),
    ("ip,date,count\n203.0.113.36,{1},-1\n", 2, "no number"),
    ("ip,date,count\n203.0.113.36,{1}\n", 2, "too few fields"),
    ("ip,date,count\n203.0.113.36,{1},1e9\n", 2, "no number"),
    ("ip,date,count\n" + "203.0.113.36,{1},99999\n" * 2, 3, "more than"),
    ("ip,date\n\"203.0.113.36,{1}\n", 2, "a quote that does not end"),
    ("ip,date\n203.0.113.36,{1}\n\0\n", 3, "a NUL byte"),
    ("ip,date\n" + "x" * 3000, 2, "longer than 2047 bytes"),
    ("ip,date\n" + "x," * 100, 2, "too many fields"),
], ids=itertools.count())
def test_a_bad_row_counts_nothing(loop, text, line, what):
    said = loop.run("--csv", "-", status=2, given=text.format(
        *(day(loop, ago) for ago in range(3))).encode())
    assert f"stdin:{line}: " in said and what in said
    assert loop.events() == []


# ---- words ----

def test_usage(loop):
    for words in (["--maildir"], ["--csv", "a", "--maildir", "b"], ["a"],
                  ["--none"]):
        done = subprocess.run([f"{PROGRAM}-feedback", *words], text=True,
                              capture_output=True, check=False, timeout=60)
        assert done.returncode == 2 and "usage:" in done.stderr
    assert len(glob.glob(f"{DATA}/*.eml")) >= 12
    assert loop.events() == []
