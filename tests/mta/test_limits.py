"""How much a client may do at a time, through a real Postfix with real
connections side by side."""

import contextlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from dovecot import PASSWORDS
from mail import GOOD
from process import wait_for
from smtp import Closed, Session, deliver
from truth import assert_clear

BUSY = "Client host rejected: Service refuse. Veuillez essayer plus tard. " \
    "service refused, please try later."

LIMITED = """
limit "connections" {
  most = {4, 2, 1}  reply = "450 4.7.0 Too many connections"  code = "C1"
}
limit "messages" {
  most = {9, 3, 2}  reply = "450 4.7.0 Too many messages"  code = "M1"
}
limit "hourly" {
  most = {%(hourly)s}  reply = "450 4.7.0 Too many an hour"  code = "H1"
}
rule "errors" {
  events = {command}  limit = 1000  within = 1h  reason = error  service = mx
  ban = {1h}  reply = "550 5.7.1 Too many errors"
}
%(more)s
"""
AGAINST_VOLUME = """
rule "volume" {
  events = {volume}  limit = 3  within = 1h  reason = volume  service = mx
  ban = {1h}  reply = "550 5.7.1 Too much mail"
}
"""


@pytest.fixture(name="limited")
def limited_fixture(light):
    """A function that moves the house under a policy and starts it."""
    def live_under(policy="limited", hourly="1000", more=""):
        house = light.house
        if policy == "limited":
            house.own_policy(policy, LIMITED % {
                "hourly": hourly, "more": more})
        house.configure(policy=policy)
        house.start_milter()
        house.start_web()
        return light
    return live_under


def message(session):
    """One message in a session that goes on; the reply that decided."""
    reply = session.mail()
    if reply.code == 250:
        reply = session.rcpt()
    return session.data(GOOD) if reply.code == 250 else reply


def over(house, address, words, own):
    """The line that a client over a limit hears."""
    return f"{words} [{address}]. See {house.url}?ip={address} {own}"


@contextlib.contextmanager
def holding(port, address, count):
    """That many connections which have got as far as MAIL, side by side."""
    with contextlib.ExitStack() as stack:
        def come(_):
            session = Session(port, address)
            assert session.mail().code == 250
            return session
        with ThreadPoolExecutor(count) as pool:
            for session in list(pool.map(come, range(count))):
                stack.callback(session.close)
        yield stack


def test_laposte_takes_two_connections_at_once(limited, address):
    world = limited("laposte")
    with holding(world.mx, address, 2):
        with Session(world.mx, address) as third:
            assert str(third.mail()) == over(
                world.house, address, f"421 4.7.1 {BUSY}", "LPN105_104")
            with pytest.raises(Closed):
                third.command("NOOP")
    wait_for(lambda: deliver(world.mx, address, GOOD).code == 250, 10,
             "the others' places are free again")
    assert world.house.events(address)["volume"] >= 1


def test_laposte_takes_100_messages_in_a_connection(limited, address):
    world = limited("laposte")
    with Session(world.mx, address) as session:
        for _ in range(100):
            assert message(session).code == 250
        assert str(session.mail()) == over(
            world.house, address, f"421 4.7.1 {BUSY}", "LPN003_109")
        with pytest.raises(Closed):
            session.command("NOOP")
    world.house.expect(address, {"volume": 1})
    assert deliver(world.mx, address, GOOD).code == 250, "in a new one"


def test_a_temporary_refusal_leaves_the_session_open(limited, address):
    world = limited()
    with holding(world.mx, address, 2) as others:
        with Session(world.mx, address) as third:
            for _ in range(3):
                assert str(third.mail()) == over(
                    world.house, address, "450 4.7.0 Too many connections",
                    "C1")
            others.close()
            wait_for(lambda: third.mail().code == 250, 10, "a place is free")
    world.house.expect(address, {"volume": 1})  # one a session


def test_ten_at_once_and_two_are_served(limited, address):
    world = limited()

    def come(_):
        session = Session(world.mx, address)
        return session, session.mail()

    with ThreadPoolExecutor(10) as pool:
        came = list(pool.map(come, range(10)))
    codes = sorted(reply.code for _, reply in came)
    for session, _ in came:
        session.close()
    assert codes == [250] * 2 + [450] * 8
    world.house.expect(address, {"volume": 8})


def test_clients_do_not_share_their_places(limited, fresh):
    world, one, other = limited(), fresh(), fresh()
    with holding(world.mx, one, 2):
        assert deliver(world.mx, other, GOOD).code == 250


def test_connections_of_an_hour_survive_a_restart(limited, address):
    world = limited(hourly="5")
    for _ in range(3):
        assert deliver(world.mx, address, GOOD).code == 250
    world.house.stop("milter")
    world.house.start_milter()
    for _ in range(2):
        assert deliver(world.mx, address, GOOD).code == 250
    with Session(world.mx, address) as session:
        assert str(session.mail()) == over(
            world.house, address, "450 4.7.0 Too many an hour", "H1")


def test_logged_in_users_meet_no_limit(limited, address):
    world = limited()
    for port in (world.mx, world.submission):
        with contextlib.ExitStack() as stack:
            for _ in range(3):
                session = stack.enter_context(Session(port, address))
                assert session.auth("joe", PASSWORDS["joe"]).code == 235
                for _ in range(4):
                    assert message(session).code == 250
    assert world.house.events(address) == {}


def test_submission_meets_no_limit(limited, address):
    world = limited()
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            session = stack.enter_context(
                Session(world.submission, address))
            assert session.mail().code == 250


def test_a_good_client_has_more_room_and_a_poor_one_less(limited, fresh):
    world, good, poor = limited(), fresh(), fresh()
    for _ in range(25):
        assert deliver(world.mx, good, GOOD).code == 250
    for _ in range(30):
        world.house.report("command", poor, 1)
    world.house.stop("milter")
    world.house.start_milter()
    assert "good" in world.house.videur("explain", good)
    assert "poor" in world.house.videur("explain", poor)
    with holding(world.mx, good, 4):
        with Session(world.mx, good) as fifth:
            assert fifth.mail().code == 450
    with holding(world.mx, poor, 1):
        with Session(world.mx, poor) as second:
            assert second.mail().code == 450


def test_a_rule_turns_volume_into_a_ban(limited, address):
    world = limited(more=AGAINST_VOLUME)
    for _ in range(3):
        with Session(world.mx, address) as session:
            for _ in range(3):
                assert message(session).code == 250
            assert session.mail().code == 450
    with Session(world.mx, address) as session:
        session.mail()
        assert str(session.rcpt()).startswith("550 5.7.1 Too much mail [")
    (ban,) = world.house.bans(address)
    assert ban["reason"] == "volume"


def test_franceserv_has_no_limits(limited, address):
    world = limited("franceserv")
    with holding(world.mx, address, 30):
        assert_clear(world, address)
