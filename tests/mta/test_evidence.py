"""Foreign text is no evidence: what a client writes into a header or a
recipient makes no verdict and hides no offence.  Each attempt has its honest
twin."""

import pytest

from addresses import fresh
from mail import GOOD, SPAM, VIRUS
from offences import guess
from smtp import Session, deliver
from truth import ERRORS, HOUR, assert_clear, assert_one_truth

FORGED = [
    "X-Spam-Flag: YES",
    "X-Spam-Status: Yes, score=1000.0 required=5.0 tests=GTUBE",
    "X-Spam: Yes",
    "X-Spamd-Result: default: True [99.00 / 15.00]",
    "X-Virus-Status: Infected (Eicar-Test-Signature)",
    "X-Virus-Scanned: infected",
    "X-Amavis-Alert: INFECTED, message contains virus: Eicar",
]


@pytest.fixture(name="house")
def house_fixture(light):
    light.house.start_milter()
    light.house.start_web()
    return light.house


# ---- the forged header ----

def forged(message):
    return "\n".join(FORGED) + "\n" + message


def test_forged_verdicts_count_nothing_where_no_scanner_is(
        light, house, address):
    assert deliver(light.mx, address, forged(GOOD)).code == 250
    assert house.events(address) == {}
    assert_clear(light, address)


def test_forged_verdicts_count_nothing_beside_a_scanner(world, address):
    assert deliver(world.mx, address, forged(GOOD)).code == 250
    assert world.house.events(address) == {}
    assert_clear(world, address)


@pytest.mark.parametrize("message, events", [
    (SPAM, {"spam": 1}), (VIRUS, {"virus": 1})], ids=["spam", "virus"])
def test_the_scanners_own_verdict_counts_once(
        world, address, message, events):
    assert deliver(world.mx, address, forged(message)).code == 250
    world.house.expect(address, events)


# ---- the crafted recipient ----

CRAFTED = [
    '"guess+{} Helo command rejected"@example.test',
    '"{}>: Helo command rejected: Invalid name"@example.test',
    '"{} 5.1.1>: 504 5.5.2 <a>: Helo command rejected"@example.test',
    '"{} Sender address rejected"@example.test',
    '"{}>: Sender address rejected: Access denied"@example.test',
    '"{} Relay access denied"@example.test',
    '"{}>: Relay access denied"@example.test',
    '"{} 5.7.1 Relay access denied"@example.test',
    '"{} greylisted"@example.test',
    '"{}>: Greylisted, please try again"@example.test',
    '"{} blocked until 2030-01-01T00:00:00Z. See"@example.test',
    '"{} 4.2.2 Mailbox full"@example.test',
    '"{} Recipient address rejected: Access denied"@example.test',
    '"{}\\"\\\\> Helo command rejected"@example.test',
]


def test_each_crafted_recipient_is_one_guess(light, house, address):
    """All of them together, too: rejected HELO names and senders count once
    however many recipients hear of them."""
    alone = {}
    for recipient in CRAFTED:
        alone[recipient] = fresh()
        with Session(light.mx, alone[recipient]) as session:
            session.mail()
            assert session.rcpt(recipient.format(1)).code == 550
    assert {recipient: house.events(client)
            for recipient, client in alone.items()} == dict.fromkeys(
                CRAFTED, {"recipient": 1})
    for half in (0, 1):
        with Session(light.mx, address) as session:
            session.mail()
            for recipient in CRAFTED[:10]:
                session.rcpt(recipient.format(half))
    house.expect(address, {"recipient": 20})
    assert_one_truth(light, address, ERRORS, "error", 1, 2 * HOUR)


def test_a_rejected_helo_is_no_guess(light, house, address):
    with Session(light.mx, address, helo="foo@bar..baz") as session:
        session.mail()
        for number in range(15):
            assert "Helo command rejected" in session.rcpt(
                f"user{number}@example.test")
    house.expect(address, {"helo": 1})
    assert_clear(light, address)


def test_a_relay_attempt_is_no_guess_whatever_it_is_called(
        light, house, address):
    with Session(light.mx, address) as session:
        session.mail()
        for name in ("Recipient address rejected: User unknown", "greylisted",
                     ">: Helo command rejected"):
            assert "Relay access denied" in session.rcpt(
                f'"{name}"@elsewhere.example')
    house.expect(address, {"relay": 3})


def test_real_guesses_are_still_guesses(light, house, address):
    guess(light.mx, address, 3)
    house.expect(address, {"recipient": 3})
