"""What only the mail log knows, and what it must not be believed twice."""

import socket

import pytest

from dovecot import PASSWORDS
from mail import GOOD, SPAM, VIRUS
from offences import dictionary_attack, guess
from process import wait_for
from smtp import Closed, Session, deliver
from truth import HOUR, SPAMS, assert_clear, assert_one_truth, hear
from world import World


def events(world, address):
    """What an address did, once all logs are read."""
    world.logged_out(address)
    world.logs_are_read()
    return world.house.events(address)


# ---- offences that no milter is told of ----

def speaks_http(session):
    assert session.command("GET / HTTP/1.1").code == 221


def speaks_all_at_once(session):
    session.socket.sendall(b"EHLO client.example.net\r\n"
                           b"MAIL FROM:<someone@sender.example>\r\n"
                           b"RCPT TO:<user1@example.test>\r\n")
    for _ in range(3):
        assert session.read().code == 250
    session.quit()


def hangs_up_in_a_message(session):
    session.mail()
    session.rcpt()
    assert session.command("DATA").code == 354
    session.send("Subject: half a mess")


def hangs_up_before_it(session):
    session.mail()
    session.rcpt()


ODDITIES = [
    ("a command of another protocol", speaks_http, {"command": 1}),
    ("commands all at once", speaks_all_at_once, {"command": 1}),
    ("a message broken off", hangs_up_in_a_message, {"disconnect": 1}),
    ("a mail given up before DATA", hangs_up_before_it, {}),
]


@pytest.mark.parametrize("name, offend, want", ODDITIES)
def test_what_only_the_log_tells_is_one_event(
        world, address, name, offend, want):
    with Session(world.mx, address) as session:
        offend(session)
    assert events(world, address) == want, name


def test_a_message_broken_off_by_a_mail_program_is_nothing(world, address):
    with Session(world.submission, address) as session:
        session.auth("joe", PASSWORDS["joe"])
        hangs_up_in_a_message(session)
    assert events(world, address) == {}


def at_postscreen(world, address, *chunks):
    """A client with a real address of its own before postscreen; each chunk
    is sent at once, the first ahead of the greeting."""
    with socket.create_connection(
            ("127.0.0.1", world.postfix.guarded), 60) as client:
        client.sendall(
            f"PROXY TCP4 {address} 192.0.2.250 12345 25\r\n".encode())
        for chunk in chunks:
            client.sendall(chunk)
        told = f"[{address}]"
        wait_for(lambda: any(
            told in line and "PREGREET" in line
            for line in world.postfix.lines()), 10, "postscreen notes it")


def test_postscreen_notes_a_client_that_speaks_before_its_turn(
        world, address):
    at_postscreen(world, address, b"EHLO early.example.net\r\n")
    world.logs_are_read()
    world.house.expect(address, {"command": 1})


# ---- one deed, one event ----

def test_a_dictionary_attack_counts_once_though_two_see_it(world, fresh):
    patient, hasty = fresh(), fresh()
    dictionary_attack(world.mx, patient)
    assert events(world, patient) == {"recipient": 20}
    assert len(guess(world.mx, hasty, 20)) == 20
    hung_up = f"too many errors after RCPT from unknown[{hasty}]"
    wait_for(lambda: any(hung_up in line for line in world.postfix.lines()),
             10, "Postfix hangs up on it")
    assert events(world, hasty) == {"recipient": 20}


def test_unknown_commands_count_once_though_postfix_hangs_up_on_them(
        world, address):
    with Session(world.mx, address) as session:
        with pytest.raises(Closed):
            while True:
                session.command("XYZZY")
    assert events(world, address) == {"command": 20}


def come(port, address):
    """One session that tries everything; the refusals do not matter."""
    try:
        with Session(port, address) as session:
            session.auth("joe", PASSWORDS["joe"])
            session.mail()
            session.rcpt()
            session.command("DATA")
    except Closed:
        pass


@pytest.mark.parametrize("kind, times, port", [
    ("recipient", 20, "mx"), ("auth", 10, "submission"),
    ("virus", 1, "mx")])
def test_videurs_own_refusals_are_no_offences(
        world, address, kind, times, port):
    world.house.report(kind, address, times)
    told = hear(getattr(world, port), address)
    for _ in range(20):
        come(getattr(world, port), address)
    assert events(world, address) == {kind: times}
    assert hear(getattr(world, port), address) == told
    assert len(world.house.bans(address)) == 1


@pytest.mark.parametrize("command", [
    "AUTH PLAIN AGpvZQAxMjM0NQ==", "MAIL FROM:<someone@sender.example>"])
def test_a_banned_client_that_hammers_until_postfix_hangs_up_offends_not(
        world, address, command):
    world.house.report("auth", address, 10)
    with Session(world.submission, address) as session:
        with pytest.raises(Closed):
            while True:
                session.command(command)
    assert events(world, address) == {"auth": 10}


def test_recipients_refused_by_a_ban_are_no_offences(world, address):
    world.house.report("recipient", address, 20)
    with Session(world.mx, address) as session:
        session.mail()
        with pytest.raises(Closed):
            while True:
                session.rcpt()
    assert events(world, address) == {"recipient": 20}


def test_the_hosts_own_trouble_is_nobodys_offence(world, address):
    with Session(world.mx, address) as session:
        session.mail()
        for recipient in ("broken", "full", "strange"):
            assert session.rcpt(f"{recipient}@example.test").code >= 400
        session.rset()
        session.mail("lookup@sender.example")
        session.rcpt()
        session.quit()
    assert events(world, address) == {}


# ---- scanners that refuse: the log alone knows why ----

@pytest.fixture(scope="module")
def strict():
    """A world whose scanners refuse what they know."""
    whole = World(scanners="refuse")
    yield whole
    whole.close()


def send(world, address, message, user=None):
    with Session(world.submission if user else world.mx, address) as session:
        if user:
            assert session.auth(user, PASSWORDS[user]).code == 235
        session.mail()
        session.rcpt()
        reply = session.data(message)
        session.quit()
        return reply


def test_5_spams_that_a_scanner_refused_are_a_ban_of_3_hours(
        strict, address):
    for _ in range(4):
        assert "SpamAssassin" in send(strict, address, SPAM)
    assert events(strict, address) == {"spam": 4}
    assert_clear(strict, address)
    assert "SpamAssassin" in send(strict, address, SPAM)
    wait_for(lambda: strict.house.bans(address), 10, "the ban")
    assert_one_truth(strict, address, SPAMS, "spam", 1, 3 * HOUR)


def test_one_virus_that_a_scanner_refused_is_a_ban_of_24_hours(
        strict, address):
    assert send(strict, address, VIRUS).code == 550
    wait_for(lambda: strict.house.bans(address), 10, "the ban")
    assert_one_truth(strict, address, SPAMS, "virus", 1, 24 * HOUR)
    assert events(strict, address) == {"virus": 1}


@pytest.mark.parametrize("message", [SPAM, VIRUS], ids=["spam", "virus"])
def test_what_a_user_sends_makes_no_event(strict, address, message):
    for _ in range(6):
        assert send(strict, address, message, user="joe").code == 550
    assert events(strict, address) == {}
    assert deliver(strict.mx, address, GOOD).code == 250
