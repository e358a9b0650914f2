"""Each offence makes exactly one event of its kind, seen by the milter or in
the log and never by both; everything else makes none."""

import socket
import time

import pytest

from addresses import fresh
from client import Client
from host import NAMED
from mail import GOOD
from sendmail import BOTH, MX, PASSWORD, PAUSED, SUBMISSION, USER
from smtp import Closed

SIX = "2001:db8:bad:{}::5"


def rcpt(recipient, code):
    def offend(client):
        client.mail()
        assert client.rcpt(recipient).code == code
    return offend


def sender(address, code):
    def offend(client):
        client.mail(address)
        for recipient in ("user1", "user2"):
            assert client.rcpt(f"{recipient}@example.test").code == code
    return offend


def says(line, code):
    def offend(client):
        assert client.command(line).code == code
    return offend


def some_of_many(client):
    client.mail()
    codes = [client.rcpt(f"{name}@example.test").code
             for name in ("nouser1", "user1", "nouser2", "user2", "nouser3")]
    assert codes == [550, 250, 550, 250, 550]
    assert client.data(GOOD).code == 250


def message(text, code):
    def offend(client):
        client.mail()
        client.rcpt()
        assert client.data(text).code == code
    return offend


def body_at_once(client):
    client.send("MAIL FROM:<someone@sender.example>\r\n"
                "RCPT TO:<user1@example.test>\r\nDATA\r\nSubject: x\r\n\r\n.")
    assert [client.read().code for _ in range(3)] == [250, 250, 554]


def begin_message(client):
    client.mail()
    client.rcpt()
    client.command("DATA")
    client.send("Subject: x")


def hang_up(client):
    begin_message(client)
    client.socket.shutdown(socket.SHUT_RDWR)


def fall_asleep(client):
    begin_message(client)
    with pytest.raises(Closed):
        while True:  # Sendmail's patience ends after two seconds
            client.read()


def verify(client):
    for number in range(6):
        client.command(f"VRFY nouser{number}")


def call_out(client):
    client.mail("")
    assert client.rcpt().code == 250
    client.quit()


def bounce(client):
    client.mail("")
    client.rcpt()
    assert client.data(GOOD).code == 250


def log_in_wrong(client):
    for user in (USER, "nobody"):
        assert client.auth(user, "wrong").code == 535


def log_in(client):
    assert client.auth(USER, PASSWORD).code == 235
    client.mail()
    assert client.rcpt("nouser@example.test").code == 550
    assert client.rcpt("someone@elsewhere.example").code == 250


def unknown_and_relay(client):
    client.mail()
    assert client.rcpt("nouser@example.test").code == 550
    assert client.rcpt("someone@elsewhere.example").code == 550


def hello(client):
    client.quit()


CASES = [
    ("a recipient without a mailbox", {"recipient": 1},
     rcpt("nouser@example.test", 550)),
    ("a recipient that the access map does not know", {"recipient": 1},
     rcpt("closed@example.test", 550)),
    ("a recipient that virtusertable turns away, of which only the client is"
     " told", {}, rcpt("someone@virt.test", 550)),
    ("three unknown recipients of five", {"recipient": 3}, some_of_many),
    ("a relay attempt", {"relay": 1}, rcpt("a@elsewhere.example", 550)),
    ("a client with a name", {"recipient": 1, "relay": 1}, unknown_and_relay),
    ("a client with IPv6", {"recipient": 1, "relay": 1}, unknown_and_relay),
    ("a client with IPv4 at a daemon for both", {"recipient": 1, "relay": 1},
     unknown_and_relay),
    ("a sender's domain that does not exist, for two recipients",
     {"sender": 1}, sender("a@nowhere.example", 553)),
    ("a sender's domain that cannot be looked up just now", {},
     sender("a@silent.example", 451)),
    ("a sender that the access map does not want", {},
     sender("forged@sender.example", 550)),
    ("a recipient that is to come again", {},
     rcpt("grey@example.test", 451)),
    ("an unknown command", {"command": 1}, says("XYZZY now", 500)),
    ("a browser", {"command": 1}, says("GET / HTTP/1.1", 421)),
    ("a browser's words behind EHLO", {"command": 1},
     says("GET / HTTP/1.1", 500)),
    ("a message sent without waiting for an answer", {"command": 1},
     body_at_once),
    ("six names tried with VRFY", {"command": 1}, verify),
    ("a hang-up in DATA", {"disconnect": 1}, hang_up),
    ("a client that falls asleep in DATA", {"disconnect": 1}, fall_asleep),
    ("a call-out", {"probe": 1}, call_out),
    ("a message that a scanner tagged", {"spam": 1},
     message("X-Spam-Flag: YES\n" + GOOD, 250)),
    ("a good message", {}, message(GOOD, 250)),
    ("a bounce", {}, bounce),
    ("a message that is too big", {},
     message(GOOD + ("x" * 70 + "\n") * 400, 552)),
    ("a client that says hello and leaves", {}, hello),
    ("two failed logins on submission", {"auth": 2}, log_in_wrong),
    ("a user who mistypes a recipient", {}, log_in),
    ("a password at port 25, which offers no AUTH", {},
     says("AUTH PLAIN AGpvZQBiYWQ=", 503)),
]


def place(name):
    """From where, and to which port."""
    if "IPv6" in name:
        return SIX.format(1), MX
    if "with a name" in name:
        return NAMED, MX
    port = BOTH if "daemon" in name else MX
    return fresh(), SUBMISSION if "login" in name or "user " in name else port


@pytest.fixture(scope="module")
def offenders(host):
    """Let every case happen, each from an address of its own."""
    who = {}
    for name, _, offend in CASES:
        who[name], port = place(name)
        helo = None if name == "a browser" else "client.example.net"
        with Client(port, who[name], helo) as client:
            offend(client)
    host.log_is_read()
    return who


@pytest.mark.parametrize("name, events", [case[:2] for case in CASES])
def test_one_offence_is_one_event(host, offenders, name, events):
    host.house.expect(offenders[name], events)
    assert host.house.events(offenders[name]) == events


def test_a_client_that_talks_before_the_greeting(host):
    with Client(MX, PAUSED, None, early="EHLO early.example") as client:
        assert client.greeting.code == 554
    host.log_is_read()
    host.house.expect(PAUSED, {"command": 1})


def test_nothing_that_identifies_a_user_is_kept(host, offenders):
    told = host.house.sql(
        "SELECT coalesce(detail, '') || coalesce(key, '') FROM event")
    assert told
    for word in ("nouser", "joe", "elsewhere", "nowhere"):
        assert word not in str(told)


def test_the_time_is_that_of_the_log(host, address):
    with Client(MX, address) as client:
        rcpt("a@elsewhere.example", 550)(client)
    host.log_is_read()
    ((at,),) = host.house.sql(
        "SELECT at FROM event WHERE address = ?", address)
    assert abs(at - time.time()) < 60
