"""Who spreads his guesses over a network or over a day, or makes them all at
once.  Each attempt has its honest twin."""

import ipaddress
import time

import pytest

from mail import GOOD
from offences import guess
from process import wait_for
from smtp import Session, deliver
from truth import ERRORS, HOUR, assert_clear, hear


@pytest.fixture(name="house")
def house_fixture(light):
    light.house.start_milter()
    light.house.start_web()
    return light.house


# ---- above the /64 ----

def spread(network, count):
    """An address in each of so many /64, no two of them in one /56."""
    first = int(ipaddress.ip_network(network)[1])
    return [str(ipaddress.ip_address(first + (number << 72)))
            for number in range(count)]


def test_a_guesser_spread_over_a_48_is_refused_there(light, house):
    network = "2001:db8:48::/48"
    *crowd, last = spread(network, 40)
    for address in crowd:
        guess(light.mx, address, 19)
        if house.list():
            break
    assert [ban["client"] for ban in house.list()] == [network]
    assert hear(light.mx, last).fixed == ERRORS
    assert house.api(last)["listed"] is True
    assert deliver(light.mx, last, GOOD,
                   recipient="postmaster@example.test").code == 250
    assert_clear(light, "2001:db8:49::1")


def test_a_48_from_which_good_mail_came_is_not_refused(light, house):
    *crowd, honest = spread("2001:db8:4a::/48", 40)
    assert deliver(light.mx, honest, GOOD).code == 250
    wait_for(lambda: house.sql(
        "SELECT 1 FROM tally WHERE accepted > 0"), 10, "it is counted")
    for address in crowd:
        guess(light.mx, address, 19)
    assert house.list() == []
    assert_clear(light, honest)
    assert_clear(light, crowd[-1])


# ---- a day long ----

def drip(house, address, hours, an_hour=19):
    """Guesses that were seen so many hours long, up to an hour ago."""
    now = time.time()
    for ago in range(hours, 0, -1):
        house.report("recipient", address, an_hour, now - ago * HOUR)


def test_19_guesses_an_hour_are_a_ban_on_the_same_day(light, house, address):
    drip(house, address, 5)
    assert_clear(light, address)
    guess(light.mx, address, 15)
    assert hear(light.mx, address).fixed == ERRORS


def test_19_guesses_in_some_hours_of_a_day_are_none(light, house, address):
    drip(house, address, 4)
    guess(light.mx, address, 15)
    assert_clear(light, address)


# ---- all at once ----

@pytest.fixture(name="open_mx")
def open_mx_fixture(light):
    """The mx does not hang up, however many errors a session makes."""
    setting = f"127.0.0.1:{light.postfix.mx}/inet/smtpd_hard_error_limit"
    light.postfix.set_service(setting, "100000")
    yield light.mx
    light.postfix.set_service(setting, "20")


def test_a_flood_is_refused_and_not_stored(light, house, open_mx, fresh):
    flooder, honest = fresh(), fresh()
    with Session(open_mx, flooder) as session:
        session.mail()
        for turn in range(100):
            for reply in session.recipients(
                    f"nobody{turn}-{number}@example.test"
                    for number in range(100)):
                assert reply.code == 550
            if turn % 20 == 0:
                assert deliver(open_mx, honest, GOOD).code == 250
    assert hear(open_mx, flooder).fixed == ERRORS
    assert house.events(flooder)["recipient"] <= 20 + 5
    assert house.events(honest) == {}
    assert_clear(light, honest)
