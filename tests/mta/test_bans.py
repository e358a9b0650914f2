"""What leads to a ban, what it says and how long it lasts."""

import time

import pytest

from mail import GOOD
from offences import (accepted_recipients, dictionary_attack,
                      given_up_recipients, guess, spam, virus)
from smtp import deliver
from truth import (ERRORS, HOUR, LOGINS, SPAMS, assert_clear, assert_ended,
                   assert_one_truth, hear)


def test_20_unknown_recipients_in_two_sessions_are_a_ban_of_2_hours(
        world, address):
    dictionary_attack(world.mx, address)
    world.house.expect(address, {"recipient": 20})
    assert_one_truth(world, address, ERRORS, "error", 1, 2 * HOUR)


def test_19_unknown_recipients_are_no_ban(world, address):
    guess(world.mx, address, 15)
    guess(world.mx, address, 4)
    world.house.expect(address, {"recipient": 19})
    assert_clear(world, address)


def test_25_dead_recipients_among_100_accepted_ones_are_spared(
        world, address):
    accepted_recipients(world.mx, address, 100)
    guess(world.mx, address, 15)
    guess(world.mx, address, 10)
    world.house.expect(address, {"recipient": 25})
    assert_clear(world, address)


def test_25_dead_recipients_among_10_accepted_ones_are_a_ban(world, address):
    accepted_recipients(world.mx, address, 10)
    guess(world.mx, address, 15)
    guess(world.mx, address, 10)
    world.house.expect(address, {"recipient": 20})
    assert_one_truth(world, address, ERRORS, "error", 1, 2 * HOUR)


@pytest.mark.parametrize("recipients", [
    [f"user{number}@example.test" for number in range(100)],
    ["postmaster@example.test"] * 100])
def test_25_dead_recipients_beside_100_of_no_message_are_a_ban(
        world, address, recipients):
    given_up_recipients(world.mx, address, recipients)
    guess(world.mx, address, 15)
    guess(world.mx, address, 10)
    assert_one_truth(world, address, ERRORS, "error", 1, 2 * HOUR)


def test_5_spams_are_a_ban_of_3_hours(world, address):
    spam(world.mx, address, 4)
    assert_clear(world, address)
    spam(world.mx, address, 1)
    world.house.expect(address, {"spam": 5})
    assert_one_truth(world, address, SPAMS, "spam", 1, 3 * HOUR)


def test_one_virus_is_a_ban_of_24_hours(world, address):
    virus(world.mx, address)
    world.house.expect(address, {"virus": 1})
    assert_one_truth(world, address, SPAMS, "virus", 1, 24 * HOUR)


def test_5_spams_among_many_good_messages_are_spared(world, address):
    for _ in range(12):
        assert deliver(world.mx, address, GOOD).code == 250
    spam(world.mx, address, 5)
    world.house.expect(address, {"spam": 5})
    assert_clear(world, address)


def test_a_sender_cannot_mark_itself_as_spam_or_virus(world, address):
    forged = "X-Spam-Flag: YES\nX-Virus-Status: Infected (Fake)\n" + GOOD
    assert deliver(world.mx, address, forged).code == 250
    assert world.house.events(address) == {}
    assert_clear(world, address)


@pytest.mark.parametrize("step, hours", enumerate([2, 4, 8, 16, 24, 24], 1))
def test_each_ban_for_errors_lasts_longer(world, address, step, hours):
    """Earlier bans are told with their times; none overlaps the next."""
    now = time.time()
    for past in range(step - 1):
        world.house.report("recipient", address, 20,
                           now - (200 - 30 * past) * HOUR)
    dictionary_attack(world.mx, address)
    assert [ban["step"] for ban in world.house.bans(address)] == list(
        range(1, step + 1))
    assert_one_truth(world, address, ERRORS, "error", step, hours * HOUR)


def test_a_ban_that_was_told_of_lasts_from_its_own_time(world, address):
    world.house.report("recipient", address, 20, time.time() - HOUR)
    told = assert_one_truth(
        world, address, ERRORS, "error", 1, 2 * HOUR)
    assert told == hear(world.mx, address)


def test_a_ban_is_over_without_anybody_ending_it(world, address):
    world.house.report("recipient", address, 20, time.time() - 3 * HOUR)
    (ban,) = world.house.bans(address)
    assert_ended(world, address, ban["ref"])


def test_a_ban_that_is_lifted_is_over_for_everybody(world, address):
    world.house.report("recipient", address, 20)
    ref = hear(world.mx, address).ref
    world.house.videur("clear", address)
    assert_ended(world, address, ref)


def test_10_reported_login_failures_stop_submission_and_not_mx(
        world, address):
    world.house.report("auth", address, 9)
    assert_clear(world, address, world.submission)
    world.house.report("auth", address, 1)
    told = assert_one_truth(world, address, LOGINS, "auth", 1, 2 * HOUR,
                            world.submission)
    assert deliver(world.mx, address, GOOD).code == 250
    assert hear(world.submission, address) == told
