"""How a ban is met at the door: at which command, by whom, by whom not."""

import time

from dovecot import PASSWORD, USER
from mail import GOOD
from offences import dictionary_attack, guess
from process import wait_for
from smtp import Session, deliver
from truth import (ERRORS, HOUR, LOGINS, assert_clear, assert_one_truth,
                   hear, understand)


def banned(world, address):
    """Ban an address for errors, as a report of another program would."""
    world.house.report("recipient", address, 20)


def hits(world, address):
    return sum(ban["hits"] for ban in world.house.bans(address))


def test_an_auth_ban_speaks_at_auth_and_at_mail(world, address):
    world.house.report("auth", address, 10)
    with Session(world.submission, address) as session:
        at_auth = session.auth(USER, PASSWORD)
        assert understand(at_auth).fixed == LOGINS
        assert session.mail() == at_auth
        assert understand(at_auth) == hear(world.submission, address)


def test_an_auth_ban_and_a_longer_error_ban_together_still_stop_auth(
        world, address):
    now = time.time()
    for past in range(4):
        world.house.report("recipient", address, 20,
                           now - (200 - 30 * past) * HOUR)
    world.house.report("recipient", address, 20)
    world.house.report("auth", address, 10)
    with Session(world.submission, address) as session:
        assert understand(session.auth(USER, PASSWORD)).fixed == LOGINS
    assert_one_truth(world, address, LOGINS, "auth", 1, 2 * HOUR,
                     world.submission)
    assert_one_truth(world, address, ERRORS, "error", 5, 24 * HOUR)
    assert [ban["reason"] for ban in world.house.api(address)["bans"]] == [
        "error", "auth"]


def test_postmaster_and_abuse_stay_reachable(world, address):
    banned(world, address)
    for recipient in ("postmaster@example.test", "abuse@example.test",
                      "PostMaster@Example.TEST", "postmaster"):
        reply = deliver(world.mx, address, GOOD, recipient=recipient)
        assert reply.code == 250, (recipient, reply)
    with Session(world.mx, address) as session:
        assert session.mail().code == 250
        assert session.rcpt("abuse@example.test").code == 250
        assert understand(session.rcpt("user1@example.test"))
        assert session.data(GOOD).code == 250


def test_a_ban_speaks_at_rcpt(world, address):
    banned(world, address)
    with Session(world.mx, address) as session:
        assert session.mail().code == 250
        assert understand(session.rcpt()).fixed == ERRORS


def test_a_ban_with_10_hits_leaves_no_more_open_than_the_contact(
        world, address):
    banned(world, address)
    for _ in range(10):
        with Session(world.mx, address) as session:
            assert session.mail().code == 250
            told = understand(session.rcpt())
    wait_for(lambda: hits(world, address) == 10, 10, "10 hits counted")
    reply = deliver(world.mx, address, GOOD,
                    recipient="postmaster@example.test")
    assert reply.code == 250
    assert hits(world, address) == 10
    with Session(world.mx, address) as session:
        assert session.mail().code == 250
        assert understand(session.rcpt()) == told
        session.rset()
        assert understand(session.mail()) == told
    assert_one_truth(world, address, ERRORS, "error", 1, 2 * HOUR)


def test_a_session_is_one_hit_however_often_it_tries(world, address):
    banned(world, address)
    with Session(world.mx, address) as session:
        session.mail()
        for number in range(5):
            assert understand(session.rcpt(f"user{number}@example.test"))
    hear(world.mx, address)
    wait_for(lambda: hits(world, address) == 2, 10, "2 hits counted")


def test_refused_sessions_do_not_make_a_ban_longer(world, address):
    banned(world, address)
    told = hear(world.mx, address)
    guess(world.mx, address, 15)
    guess(world.mx, address, 15)
    assert hear(world.mx, address) == told
    assert len(world.house.bans(address)) == 1


def test_an_authenticated_session_passes_an_error_ban(world, address):
    banned(world, address)
    for port in (world.mx, world.submission):
        with Session(port, address) as session:
            assert session.auth(USER, PASSWORD).code == 235
            assert session.mail().code == 250
            assert session.rcpt().code == 250
            assert session.data(GOOD).code == 250
    assert_one_truth(world, address, ERRORS, "error", 1, 2 * HOUR)


def test_mail_of_an_authenticated_user_makes_no_events(world, address):
    with Session(world.mx, address) as session:
        session.auth(USER, PASSWORD)
        session.mail()
        assert session.rcpt("nobody@example.test").code == 550
        session.rset()
    assert world.house.events(address) == {}


def test_an_error_ban_is_not_met_on_submission(world, address):
    banned(world, address)
    assert deliver(world.submission, address, GOOD).code == 250


def test_a_ban_that_begins_in_mid_session_acts_at_the_next_command(
        world, address):
    with Session(world.mx, address) as session:
        assert session.mail().code == 250
        assert session.rcpt("user1@example.test").code == 250
        banned(world, address)
        told = understand(session.rcpt("user2@example.test"))
    assert hear(world.mx, address) == told


def test_a_session_that_sets_off_its_own_ban_meets_it_at_once(
        world, address):
    guess(world.mx, address, 15)
    with Session(world.mx, address) as session:
        session.mail()
        for number in range(5):
            assert session.rcpt(f"nobody{number}@example.test").code == 550
        told = understand(session.rcpt("user1@example.test"))
    assert hear(world.mx, address) == told


def test_a_ban_that_is_cleared_in_mid_session_is_over_for_it(world, address):
    banned(world, address)
    with Session(world.mx, address) as session:
        session.mail()
        assert understand(session.rcpt())
        world.house.videur("clear", address)
        assert session.rcpt().code == 250


def test_the_64_is_refused_and_the_next_64_is_not(world):
    dictionary_attack(world.mx, "2001:db8:1:2::7")
    told = assert_one_truth(
        world, "2001:db8:1:2::7", ERRORS, "error", 1, 2 * HOUR)
    other = assert_one_truth(
        world, "2001:db8:1:2:aaaa::1", ERRORS, "error", 1, 2 * HOUR)
    assert (other.ref, other.until) == (told.ref, told.until)
    assert_clear(world, "2001:db8:1:3::7")


def test_an_address_next_door_is_not_refused(world, fresh):
    guilty, innocent = fresh(), fresh()
    dictionary_attack(world.mx, guilty)
    assert_one_truth(world, guilty, ERRORS, "error", 1, 2 * HOUR)
    assert_clear(world, innocent)


def test_mail_through_a_proxy_filter_is_to_a_clients_credit(light, fresh):
    """The milter never sees the end of a message there."""
    house, address = light.house, fresh()
    house.start_milter()
    house.start_web()
    for _ in range(21):
        assert deliver(light.postfix.proxied, fresh(), GOOD).code == 250
    for _ in range(25):
        assert deliver(light.postfix.proxied, address, GOOD).code == 250
    guess(light.mx, address, 15)
    guess(light.mx, address, 8)
    assert_clear(light, address)
    other = fresh()
    guess(light.mx, other, 15)
    guess(light.mx, other, 8)
    assert hear(light.mx, other).fixed == ERRORS
