"""What good is worth: what a stranger can have for nothing buys nothing, and
a sender whose mail is wanted is not banned like a stranger.  Each attempt has
its honest twin, which must pass."""

import pytest

from mail import GOOD
from offences import dictionary_attack, guess
from process import wait_for
from smtp import Session, deliver
from truth import (ERRORS, HOUR, assert_clear, assert_one_truth, hear,
                   understand)

SOFT = "450 4.7.1 Too many errors from your IP"
OFFICES = ("postmaster@example.test", "abuse@example.test")


@pytest.fixture(name="house")
def house_fixture(light):
    light.house.start_milter()
    light.house.start_web()
    return light.house


def guess_beside(port, address, others, guesses=10):
    """One message to recipients that exist, with a guess beside each."""
    with Session(port, address) as session:
        session.mail()
        for number in range(guesses):
            session.rcpt(others[number % len(others)])
            session.rcpt(f"guess{number}@example.test")
        return session.data(GOOD)


# ---- the bought ratio ----

def test_letters_to_postmaster_buy_no_guesses(light, house, address):
    for office in OFFICES * 15:
        assert deliver(light.mx, address, GOOD, recipient=office).code == 250
    for _ in range(2):
        assert guess_beside(light.mx, address, OFFICES).code == 250
    house.expect(address, {"recipient": 20})
    assert_one_truth(light, address, ERRORS, "error", 1, 2 * HOUR)


def test_the_same_recipient_over_and_over_buys_no_guesses(
        light, house, address):
    for _ in range(2):
        assert guess_beside(
            light.mx, address, ["user1@example.test"]).code == 250
    assert_one_truth(light, address, ERRORS, "error", 1, 2 * HOUR)


def test_as_many_delivered_messages_spare_a_sender(light, house, address):
    for number in range(30):
        assert deliver(light.mx, address, GOOD,
                       recipient=f"user{number}@example.test").code == 250
    dictionary_attack(light.mx, address)
    assert_clear(light, address)


# ---- the pulled brake ----

def braked(house):
    return house.json("brake", "--json")["on"]


def offend(port, address):
    """Twenty commands that are none; Postfix hangs up then."""
    with Session(port, address) as session:
        for _ in range(20):
            session.command("XYZZY")


def test_strangers_cannot_pull_the_brake(light, fresh):
    house = light.house
    house.configure(brake=5)
    house.start_milter()
    house.start_web()
    for bot in [fresh() for _ in range(5)]:
        for _ in range(15):
            deliver(light.mx, bot, GOOD, recipient=OFFICES[0])
        guess(light.mx, bot, 11)
        guess(light.mx, bot, 10)
        assert hear(light.mx, bot).fixed == ERRORS
    assert not braked(house)
    for bot in [fresh() for _ in range(20)]:
        dictionary_attack(light.mx, bot)
        assert hear(light.mx, bot).fixed == ERRORS
    assert not braked(house)


def test_honest_senders_pull_it_and_it_releases_itself(light, fresh):
    house = light.house
    house.configure(brake=5)
    house.start_milter()
    house.start_web()
    honest = [fresh() for _ in range(6)]
    for sender in honest:
        house.history(sender, days=range(2, 14, 2), messages=5)
    for sender in honest[:4]:
        offend(light.mx, sender)
        assert hear(light.mx, sender).fixed == SOFT
    assert not braked(house)
    for sender in honest[4:]:
        offend(light.mx, sender)
        assert deliver(light.mx, sender, GOOD).code == 250
    assert braked(house)
    stranger = fresh()
    offend(light.mx, stranger)
    assert hear(light.mx, stranger).fixed == ERRORS
    house.move_time(HOUR - 60)
    assert braked(house)
    house.move_time(120)
    wait_for(lambda: not braked(house), 10, "it is released")
    assert deliver(light.mx, honest[5], GOOD).code == 250


# ---- the big provider ----

def message_to_nobody(port, address, unknown):
    """One message to unknown recipients alone: what each is told."""
    with Session(port, address) as session:
        assert session.mail().code == 250
        return [session.rcpt(f"gone{number}@example.test").code
                for number in range(unknown)]


def test_one_message_of_a_provider_does_not_ban_it(light, house, address):
    house.history(address, days=range(1, 26), messages=120)
    assert message_to_nobody(light.mx, address, 20) == [550] * 20
    assert deliver(light.mx, address, GOOD).code == 250
    assert_clear(light, address)


def test_one_message_of_a_stranger_does(light, house, address):
    assert message_to_nobody(light.mx, address, 20) == [550] * 20
    assert_one_truth(light, address, ERRORS, "error", 1, 2 * HOUR)


def test_a_providers_first_ban_is_soft(light, house, address):
    """No mail of its other customers bounces."""
    house.history(address, days=range(1, 26), messages=3)
    for _ in range(20):
        message_to_nobody(light.mx, address, 3)
    with Session(light.mx, address) as session:
        session.mail()
        assert understand(session.rcpt()).fixed == SOFT
