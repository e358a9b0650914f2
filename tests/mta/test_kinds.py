"""Each offence makes exactly one event of its kind, everything else none."""

import pytest

from addresses import fresh
from mail import GOOD
from postfix import postconf
from process import wait_for
from smtp import Session


def rejected_recipient(recipient):
    def offend(session):
        session.mail()
        assert session.rcpt(recipient).code >= 400
    return offend


def rejected_sender(sender):
    def offend(session):
        session.mail(sender)
        for recipient in ("user1@example.test", "user2@example.test"):
            assert "Sender address rejected" in session.rcpt(recipient)
    return offend


def refused_helo(session):
    session.mail()
    for recipient in ("user1@example.test", "user2@example.test"):
        assert "Helo command rejected" in session.rcpt(recipient)


def unknown_command(session):
    assert session.command("XYZZY now").code == 500


def call_out(sender):
    """Ask whether a recipient exists and leave."""
    def offend(session):
        session.mail(sender)
        assert session.rcpt("user1@example.test").code == 250
        session.quit()
    return offend


def two_call_outs(session):
    for recipient in ("user1@example.test", "user2@example.test"):
        session.mail("")
        session.rcpt(recipient)
        session.rset()
    session.quit()


def call_out_with_a_refusal(session):
    session.mail("")
    session.rcpt("user1@example.test")
    session.rset()
    session.mail("")
    assert session.rcpt("full@example.test").code == 452
    session.quit()


def bounce(session):
    session.mail("")
    session.rcpt("user1@example.test")
    assert session.data(GOOD).code == 250
    session.quit()


def given_up(session):
    session.mail()
    session.rcpt("user1@example.test")
    session.quit()


def good_mail(session):
    session.mail()
    session.rcpt("user1@example.test")
    assert session.data(GOOD).code == 250
    session.quit()


CASES = [
    ("an unknown recipient", {"recipient": 1},
     rejected_recipient("nobody@example.test")),
    ("a relay attempt", {"relay": 1},
     rejected_recipient("someone@elsewhere.example")),
    ("a greylisted recipient", {"greylist": 1},
     rejected_recipient("grey@example.test")),
    ("a refused sender, whatever the number of recipients", {"sender": 1},
     rejected_sender("forged@sender.example")),
    ("a refused HELO, whatever the number of recipients", {"helo": 1},
     refused_helo),
    ("an unknown command", {"command": 1}, unknown_command),
    ("a call-out from the empty sender", {"probe": 1}, call_out("")),
    ("a call-out from a postmaster", {"probe": 1},
     call_out("postmaster@sender.example")),
    ("two call-outs in one session", {"probe": 1}, two_call_outs),
    ("a call-out where something was refused", {},
     call_out_with_a_refusal),
    ("a bounce", {}, bounce),
    ("a mail given up before DATA", {}, given_up),
    ("a good mail", {}, good_mail),
    ("a sender that cannot be looked up just now", {},
     rejected_sender("lookup@sender.example")),
    ("an error in the server's own configuration", {},
     rejected_recipient("broken@example.test")),
    ("a full mailbox", {}, rejected_recipient("full@example.test")),
    ("a recipient refused for a reason of its own", {},
     rejected_recipient("strange@example.test")),
]


@pytest.fixture(scope="module")
def offenders(world):
    """Let every case happen, each from an address of its own; when the
    sessions of all are counted and the logs are read, so is what they did."""
    who = {}
    for name, _, offend in CASES:
        who[name] = fresh()
        helo = "foo@bar..baz" if "HELO" in name else "client.example.net"
        with Session(world.mx, who[name], helo) as session:
            offend(session)
    for address in who.values():
        session_counted(world, address)
        world.logged_out(address)
    world.logs_are_read()
    return who


def session_counted(world, address):
    """Wait until the session of an address is in the database: it is
    written a moment after all else it did."""
    wait_for(lambda: world.house.sql(
        "SELECT 1 FROM tally WHERE client = ? AND sessions >= 1", address),
        10, f"the session of {address} is counted")


@pytest.mark.parametrize("name, events", [case[:2] for case in CASES])
def test_one_offence_is_one_event(world, offenders, name, events):
    assert world.house.events(offenders[name]) == events


def test_no_event_holds_a_recipient_or_a_sender(world, address):
    with Session(world.mx, address) as session:
        session.mail("secret-sender@sender.example")
        session.rcpt("secret-recipient@example.test")
        session.command("SECRETWORD")
    session_counted(world, address)
    told = world.house.sql(
        "SELECT coalesce(detail, '') || coalesce(key, '') FROM event"
        " WHERE address = ?", address)
    assert len(told) == 2
    assert "secret" not in str(told).lower()


# ---- what the milter is not asked ----

@pytest.fixture
def at_once(light):
    """A Postfix that refuses at EHLO and MAIL, which no milter hears of."""
    def delay(answer):
        postconf(light.postfix.etc, "-e", f"smtpd_delay_reject={answer}")
        light.postfix.reload()
    light.house.start()
    delay("no")
    yield light
    delay("yes")


def test_refusals_at_ehlo_and_mail_count_from_the_log(at_once):
    helo, sender = fresh(), fresh()

    def refused():
        """Once the processes of before are gone."""
        with Session(at_once.mx, fresh(), helo=None) as session:
            return session.ehlo("foo@bar..baz").code == 501
    wait_for(refused, 10, "Postfix refuses at EHLO")
    with Session(at_once.mx, helo, helo=None) as session:
        assert session.ehlo("foo@bar..baz").code == 501
    with Session(at_once.mx, sender) as session:
        assert session.mail("forged@sender.example").code == 554
    at_once.logs_are_read()
    at_once.house.expect(helo, {"helo": 1})
    # "Access denied" is what the site does not want, and no offence.
    assert at_once.house.events(sender) == {}


def test_recipients_asked_for_with_vrfy_count(light):
    address = fresh()
    light.house.start()
    with Session(light.mx, address) as session:
        for number in range(5):
            assert session.command(
                f"VRFY nobody{number}@example.test").code == 550
    light.logs_are_read()
    light.house.expect(address, {"recipient": 5})
