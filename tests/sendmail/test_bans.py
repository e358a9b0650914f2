"""How a banned client is met, and what becomes of mail where something of
videur is gone."""

import os
import signal

from client import Client
from mail import GOOD
from process import wait_for
from sendmail import MX, PASSWORD, SUBMISSION, USER
from truth import ERRORS, LOGINS, SAYING, understand

SPAMS_OF_SFR = "450 4.7.1 Service refused due to bad behavior"


def test_a_banned_client_is_refused_at_rcpt_with_reply_and_link(
        host, address):
    host.house.report("recipient", address, 20)
    told = understand(host.hear(address))
    assert told.fixed == ERRORS
    assert (told.ip, told.url) == (address, host.house.url)
    assert [ban["ref"] for ban in host.house.bans(address)] == [told.ref]


def test_the_64_of_a_banned_client_is_refused(host):
    host.house.report("recipient", "2001:db8:bad:2::7", 20)
    with Client(MX, "2001:db8:bad:2:aaaa::1") as client:
        client.mail()
        assert "Too many errors from your IP [2001:db8:bad:2:aaaa::1]" \
            in client.rcpt()


def test_postmaster_stays_reachable(host, address):
    host.house.report("recipient", address, 20)
    assert host.deliver(address, recipients=("postmaster",)).code == 250


def test_a_dictionary_attack_bans_in_its_own_session(host, address):
    with Client(MX, address) as client:
        client.mail()
        for number in range(20):
            assert client.rcpt(f"nouser{number}@example.test").code == 550
        assert "Too many errors from your IP" in client.rcpt()


def test_relay_attempts_ban_from_the_log(host, address):
    with Client(MX, address) as client:
        client.mail()
        for number in range(20):
            client.rcpt(f"someone{number}@elsewhere.example")
        wait_for(lambda: host.house.bans(address), 10, "a ban begins")
        assert "Too many errors from your IP" in client.rcpt()
    assert host.house.events(address) == {"relay": 20}


def test_an_auth_ban_stops_logins_at_helo_on_submission_alone(host, address):
    host.house.report("auth", address, 10)
    with Client(SUBMISSION, address) as client:
        told = understand(client.auth(USER, PASSWORD))
        assert told.fixed == LOGINS
        assert understand(client.mail()) == told
    assert host.deliver(address).code == 250


def test_before_ehlo_sendmail_takes_a_password_all_the_same(host, address):
    """A gap that no setting of Sendmail closes; videur-milter(8) says so."""
    host.house.report("auth", address, 10)
    with Client(SUBMISSION, address, helo=None) as client:
        assert client.auth(USER, PASSWORD).code == 235
        assert client.ehlo("client.example.net").code == 250
        assert understand(client.mail()).fixed == LOGINS


def test_an_error_ban_is_not_met_by_a_user(host, address):
    host.house.report("recipient", address, 20)
    with Client(SUBMISSION, address) as client:
        assert client.auth(USER, PASSWORD).code == 235
        assert client.mail().code == 250
        assert client.rcpt().code == 250
        assert client.data(GOOD).code == 250


def test_a_ban_that_is_lifted_is_over_for_an_open_session(host, address):
    host.house.report("recipient", address, 20)
    with Client(MX, address) as client:
        client.mail()
        assert client.rcpt().code == 550
        host.house.videur("clear", address)
        assert client.rcpt().code == 250


def test_an_accepted_message_is_to_its_clients_credit(host, address):
    assert host.deliver(address, recipients=("user1", "user2")).code == 250
    wait_for(lambda: host.tally(address) == (1, 1, 2), 10,
             "one message for two recipients")


def test_a_message_refused_after_data_is_not(host, address):
    big = GOOD + ("x" * 70 + "\n") * 400
    assert host.deliver(address, big).code == 552
    host.log_is_read()
    wait_for(lambda: host.tally(address)[0] is not None, 10,
             "the session is counted")
    assert host.tally(address)[1:] == (0, 0)


# ---- what is gone, or changes ----

def test_a_reload_is_taken_while_sendmail_runs(host, address):
    milter = host.house.milter
    host.house.report("recipient", address, 20)
    assert host.hear(address).startswith(ERRORS)
    before = len(milter.lines())
    host.house.configure(mode="observe")
    milter.signal(signal.SIGHUP)
    wait_for(lambda: any("configuration reloaded" in line
                         for line in milter.lines()[before:]), 10, "a reload")
    assert host.hear(address).code in (250, 550)
    host.house.configure()
    milter.signal(signal.SIGHUP)
    wait_for(lambda: sum("configuration reloaded" in line
                         for line in milter.lines()[before:]) == 2, 10,
             "a second one")
    assert host.hear(address).startswith(ERRORS)


def test_mail_passes_while_the_milter_is_gone(host, address):
    host.house.report("recipient", address, 20)
    host.house.stop("milter")
    try:
        assert host.deliver(address).code == 250
    finally:
        host.house.start_milter()
    assert SAYING.fullmatch(host.hear(address))


def test_mail_passes_while_a_killed_milter_has_left_its_socket(host, address):
    host.house.report("recipient", address, 20)
    host.house.kill("milter")
    try:
        assert os.path.exists(host.house.socket)
        assert host.deliver(address).code == 250
    finally:
        host.house.start_milter()
    assert SAYING.fullmatch(host.hear(address))


def test_mail_passes_while_the_database_is_gone(host, address):
    files = [path for end in ("", "-wal", "-shm")
             if os.path.exists(path := host.house.database + end)]
    os.chmod(host.house.lib, 0o500)
    try:
        for path in files:
            os.rename(path, path + ".away")
        assert host.deliver(address).code == 250
    finally:
        os.chmod(host.house.lib, 0o2770)
    wait_for(lambda: host.house.has_table("ban"), 10, "a new database")
