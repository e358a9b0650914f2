"""Failed logins, as real Postfix and Dovecot log them: what they lead to.

The watcher reads a moment later than the servers write, hence the waiting.
"""

import contextlib
import os
import time

import pytest

from dovecot import PASSWORDS, imap_logins
from house import TREE
from mail import GOOD
from offences import imap_wrong, submit_wrong
from process import wait_for
from smtp import Session, deliver, offer
from truth import (HOUR, LOGINS, assert_clear, assert_one_truth, hear,
                   understand)

ONE_USER = ["joe"] * 10
TEN_USERS = [f"guess{number}" for number in range(10)]


@contextlib.contextmanager
def until_logged(log, *words):
    """What is done meanwhile is over when one more line of the log has all
    the words: a server may answer before it logs."""
    def lines():
        with open(log, encoding="utf-8", errors="replace") as file:
            return sum(all(word in line for word in words) for line in file)
    before = lines()
    yield
    wait_for(lambda: lines() > before, 10, f"a line of {words}")


def submit_right(world, address, user):
    """A message by somebody who has logged in."""
    with (until_logged(world.postfix.log, " client=", f"[{address}]",
                       f"sasl_username={user}"),
          Session(world.submission, address) as session):
        assert session.auth(user, PASSWORDS[user]).code == 235
        assert session.mail().code == 250
        assert session.rcpt().code == 250
        assert session.data(GOOD).code == 250
        session.quit()


def imap_right(world, address, user):
    with until_logged(world.dovecot.log, "-login: ", ": Log", f"user=<{user}>",
                      f"rip={address},"):
        (answer,) = imap_logins(world.imap, address, (user, PASSWORDS[user]))
    assert answer.startswith("OK "), answer


WRONG_WAYS = [submit_wrong, imap_wrong]
RIGHT_WAYS = [submit_right, imap_right]


def one_by_one(fail, world, address, users):
    """Each in a session of its own: of one with several tries Dovecot logs
    only the last name."""
    for user in users:
        fail(world, address, [user])


def counted(world, address, times):
    """Wait until that many failures of an address are counted."""
    wait_for(lambda: world.house.events(address) == {"auth": times}, 10,
             f"{times} failures of {address}")


def assert_shut_out(world, address):
    """The next AUTH hears why; mail to the mx port passes."""
    told = assert_one_truth(
        world, address, LOGINS, "auth", 1, 2 * HOUR, world.submission)
    with Session(world.submission, address) as session:
        assert understand(session.auth("joe", PASSWORDS["joe"])) == told
    assert deliver(world.mx, address, GOOD).code == 250


def next_second():
    """Failures of the second of a good login are cleared with it."""
    begun = int(time.time())
    wait_for(lambda: int(time.time()) > begun, 5, "the next second")


@pytest.mark.parametrize("fail", WRONG_WAYS)
def test_10_wrong_passwords_shut_out_of_submission_and_not_of_mx(
        world, address, fail):
    one_by_one(fail, world, address, TEN_USERS[:9])
    counted(world, address, 9)
    assert_clear(world, address, world.submission)
    fail(world, address, TEN_USERS[9:])
    counted(world, address, 10)
    assert_shut_out(world, address)


# ---- where port 25 tests passwords, too ----

def test_10_wrong_passwords_at_the_mx_shut_out_of_it(world, fresh):
    guesser, neighbour = fresh(), fresh()
    submit_wrong(world, guesser, TEN_USERS, world.mx)
    submit_wrong(world, neighbour, TEN_USERS)
    counted(world, guesser, 10)
    counted(world, neighbour, 10)
    told = assert_one_truth(
        world, guesser, LOGINS, "auth", 1, 2 * HOUR, world.mx)
    with Session(world.mx, guesser) as session:
        assert understand(session.auth("joe", PASSWORDS["joe"])) == told
    assert hear(world.submission, guesser).fixed == LOGINS
    assert_shut_out(world, neighbour)


def test_a_ban_follows_who_guesses_at_the_mx_and_nobody_else(world, fresh):
    guesser, twin = fresh(), fresh()
    for client in (guesser, twin):
        submit_wrong(world, client, TEN_USERS)
        counted(world, client, 10)
        assert deliver(world.mx, client, GOOD).code == 250
    submit_wrong(world, guesser, ["joe"], world.mx)
    wait_for(lambda: offer(world.mx, guesser).code == 530, 10,
             "the ban at the mx")
    assert_one_truth(world, guesser, LOGINS, "auth", 1, 2 * HOUR, world.mx)
    (ban,) = [ban for ban in world.house.list() if ban["client"] == guesser]
    assert ban["note"] == "also on port 25, where passwords were tried"
    assert "refused at HELO, port 25" in world.house.run(
        "check", guesser).stdout.replace("\n", " ")
    assert world.house.sql("SELECT 1 FROM state WHERE key = 'logins-on-25'")
    assert_shut_out(world, twin)


@pytest.mark.parametrize("fail", WRONG_WAYS)
def test_a_phone_with_an_old_password_is_spared(world, address, fail):
    fail(world, address, ONE_USER)
    counted(world, address, 10)
    assert_clear(world, address, world.submission)


def test_failures_of_postfix_and_of_imap_add_up(world, address):
    submit_wrong(world, address, TEN_USERS[:6])
    one_by_one(imap_wrong, world, address, TEN_USERS[6:])
    counted(world, address, 10)
    assert_shut_out(world, address)


def test_an_imap_line_of_3_attempts_is_3_failures(world, address):
    imap_wrong(world, address, ["joe", "joe", "ann"])
    counted(world, address, 3)
    with open(world.dovecot.log, encoding="utf-8") as log:
        told = [line for line in log
                if "auth failed" in line and f"rip={address}," in line]
    assert len(told) == 1 and "(auth failed, 3 attempts" in told[0], told


def test_ten_neighbours_in_an_ipv6_network_are_one_client(world):
    network = "2001:db8:51:ae::"
    for host in range(10):
        imap_wrong(world, f"{network}{host + 1:x}", [TEN_USERS[host]])
    wait_for(lambda: world.house.bans(f"{network}/64"), 10, "the ban")
    assert understand(hear_at_auth(world, f"{network}77")).fixed == LOGINS


def hear_at_auth(world, address):
    with Session(world.submission, address) as session:
        return session.auth("joe", PASSWORDS["joe"])


def test_an_attempt_that_postfix_and_dovecot_both_log_counts_once(
        world, address):
    submit_wrong(world, address, ["joe"])
    with open(world.dovecot.log, encoding="utf-8") as log:
        assert any(" auth" in line and "joe," + address in line
                   for line in log)
    world.logs_are_read()
    counted(world, address, 1)


def test_a_broken_off_or_unknown_login_is_one_failure(world, address):
    with Session(world.submission, address) as session:
        session.command("AUTH LOGIN")
        assert session.command("*").code == 501
        session.quit()
    world.logs_are_read()
    counted(world, address, 1)


@pytest.mark.parametrize("name", [
    "x>, method=PLAIN, rip={}, lip=1",
    "x[{0}]: SASL PLAIN authentication failed: , sasl_username=y",
    "warning: unknown[{0}]: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
])
def test_a_user_name_cannot_name_another_client(world, fresh, name):
    attacker, victim = fresh(), fresh()
    submit_wrong(world, attacker, [name.format(victim)])
    imap_wrong(world, attacker, [name.format(victim)])
    world.logs_are_read()
    counted(world, attacker, 2)
    assert world.house.events(victim) == {}


def test_user_names_are_kept_as_hashes_only(world, address):
    submit_wrong(world, address, ["secret-name"])
    imap_wrong(world, address, ["secret-name"])
    counted(world, address, 2)
    told = world.house.sql(
        "SELECT * FROM event WHERE address = ?", address)
    keys = world.house.sql(
        "SELECT DISTINCT key FROM event WHERE address = ?", address)
    assert len(keys) == 1 and len(keys[0][0]) >= 16
    assert "secret" not in str(told)


# ---- people who know their password ----

@pytest.mark.parametrize("succeed", RIGHT_WAYS)
@pytest.mark.parametrize("fail", WRONG_WAYS)
def test_a_right_password_clears_that_users_failures(
        world, address, fail, succeed):
    one_by_one(fail, world, address, ["joe"] * 3 + TEN_USERS[:6])
    succeed(world, address, "joe")
    world.logs_are_read()
    next_second()
    one_by_one(fail, world, address, ["joe", "JOE", "joe"])
    counted(world, address, 12)
    assert_clear(world, address, world.submission)
    fail(world, address, TEN_USERS[6:7])
    counted(world, address, 13)
    assert_shut_out(world, address)


@pytest.mark.parametrize("succeed", RIGHT_WAYS)
def test_a_right_password_clears_no_other_users_failures(
        world, address, succeed):
    submit_wrong(world, address, TEN_USERS[:5] + ["joe"] * 3)
    succeed(world, address, "joe")
    world.logs_are_read()
    submit_wrong(world, address, TEN_USERS[5:9])
    counted(world, address, 12)
    assert_clear(world, address, world.submission)
    submit_wrong(world, address, TEN_USERS[9:])
    counted(world, address, 13)
    assert_shut_out(world, address)


def test_a_right_password_clears_no_other_clients_failures(world, fresh):
    guesser, owner = fresh(), fresh()
    submit_wrong(world, guesser, ["joe"] * 3 + TEN_USERS[:6])
    submit_right(world, owner, "joe")
    world.logs_are_read()
    submit_wrong(world, guesser, TEN_USERS[9:])
    counted(world, guesser, 10)
    assert_shut_out(world, guesser)


def test_an_account_of_ones_own_buys_no_guesses(world, address):
    for user in TEN_USERS:
        submit_right(world, address, "joe")
        submit_wrong(world, address, [user])
    counted(world, address, 10)
    assert_shut_out(world, address)


def test_a_mechanism_nobody_offers_before_a_good_login_is_no_failure(
        world, address):
    """A mail program that tries CRAM-MD5 first, day by day."""
    for _ in range(12):
        with Session(world.submission, address) as session:
            assert session.command("AUTH CRAM-MD5").code == 535
            assert session.auth("joe", PASSWORDS["joe"]).code == 235
            assert session.mail().code == 250
            assert session.rcpt().code == 250
            assert session.data(GOOD).code == 250
            session.quit()
    world.logs_are_read()
    counted(world, address, 12)
    assert_clear(world, address, world.submission)


def test_the_same_mechanism_without_a_good_login_shuts_out(world, address):
    for _ in range(10):
        with Session(world.submission, address) as session:
            assert session.command("AUTH CRAM-MD5").code == 535
            session.quit()
    counted(world, address, 10)
    assert_shut_out(world, address)


# ---- a site with phones that keep an old password ----

@pytest.fixture
def phones(light):
    """A house whose policy counts each user name once an hour."""
    path = os.path.join(TREE, "src", "conf", "policies", "franceserv.conf")
    with open(path, encoding="utf-8") as file:
        policy = file.read()
    marker = "same-user = 3\n"
    assert policy.count(marker) == 1
    light.house.own_policy(
        "phones", policy.replace(marker, "same-user = 1\n"))
    light.house.configure(policy="phones")
    light.house.start()
    return light


@pytest.mark.parametrize("fail", WRONG_WAYS)
def test_with_same_user_the_phone_with_an_old_password_is_spared(
        phones, address, fail):
    fail(phones, address, ["joe"] * 15)
    phones.logs_are_read()
    assert_clear(phones, address, phones.submission)
    submit_right(phones, address, "joe")


@pytest.mark.parametrize("fail", WRONG_WAYS)
def test_with_same_user_a_guesser_at_ten_mailboxes_is_shut_out(
        phones, address, fail):
    # Of a connection with several tries Dovecot logs only the last name.
    for user in TEN_USERS[:9]:
        fail(phones, address, [user] * 2)
    phones.logs_are_read()
    assert_clear(phones, address, phones.submission)
    fail(phones, address, TEN_USERS[9:])
    wait_for(lambda: phones.house.bans(address), 10, "the ban")
    assert_shut_out(phones, address)


# ---- a watcher that dies ----

def test_a_watcher_killed_after_each_failure_bans_at_the_tenth(
        light, address):
    light.house.start()
    for user in TEN_USERS[:9]:
        submit_wrong(light, address, [user])
        light.house.kill("watch")
        light.house.start_watch()
    counted(light, address, 9)
    light.logs_are_read()
    counted(light, address, 9)
    assert_clear(light, address, light.submission)
    submit_wrong(light, address, TEN_USERS[9:])
    counted(light, address, 10)
    assert_shut_out(light, address)


def test_what_happens_while_the_watcher_is_dead_is_counted_later(
        light, address):
    light.house.start()
    submit_wrong(light, address, TEN_USERS[:4])
    light.house.kill("watch")
    one_by_one(imap_wrong, light, address, TEN_USERS[4:9])
    submit_wrong(light, address, TEN_USERS[9:])
    ended = int(time.time())
    next_second()
    light.house.start_watch()
    counted(light, address, 10)
    assert_shut_out(light, address)
    assert light.house.sql(
        "SELECT max(at) <= ? FROM event WHERE address = ?",
        ended, address) == [(1,)]


def test_a_watcher_stopped_in_order_ends_well_and_goes_on_where_it_was(
        light, address):
    light.house.start()
    submit_wrong(light, address, TEN_USERS[:5])
    light.house.stop("watch")
    submit_wrong(light, address, TEN_USERS[5:])
    light.house.start_watch()
    counted(light, address, 10)
    assert hear(light.submission, address).fixed == LOGINS
