"""A verdict counts where its scanner is named, and only there."""

import pytest

from mail import GOOD, REFUSED, SPAM, TAGGED, VIRUS
from process import wait_for
from smtp import deliver
from world import World


@pytest.fixture(scope="module")
def rspamd():
    whole = World(scanners="rspamd")
    yield whole
    whole.close()


def with_headers(message, *headers):
    return "\n".join(headers) + "\n" + message


@pytest.mark.parametrize("message, code", [(TAGGED, 250), (REFUSED, 554)],
                         ids=["tagged", "refused"])
def test_spam_that_rspamd_finds_counts_once(rspamd, address, message, code):
    assert deliver(rspamd.mx, address, message).code == code
    rspamd.logs_are_read()
    rspamd.house.expect(address, {"spam": 1})


@pytest.mark.parametrize("message", [
    GOOD, with_headers(GOOD, "X-Spam: Yes", "X-Spam-Flag: YES",
                       "X-Virus-Status: Infected (Fake)")],
    ids=["good mail", "headers that the sender wrote"])
def test_rspamd_lets_it_pass(rspamd, address, message):
    assert deliver(rspamd.mx, address, message).code == 250
    rspamd.logs_are_read()
    assert rspamd.house.events(address) == {}


def test_without_a_named_scanner_no_header_counts(light, address):
    light.house.start()
    forged = with_headers(GOOD, "X-Spam-Flag: YES", "X-Spam: Yes",
                          "X-Virus-Status: Infected (Fake)")
    assert deliver(light.mx, address, forged).code == 250
    light.logged_out(address)
    wait_for(lambda: light.house.sql(
        "SELECT messages FROM tally WHERE client = ?", address) == [(1,)],
        10, "the message is counted")
    assert light.house.events(address) == {}


@pytest.mark.parametrize("message, kind", [(SPAM, "spam"), (VIRUS, "virus")],
                         ids=["spam", "virus"])
def test_named_scanners_count(world, address, message, kind):
    assert deliver(world.mx, address, message).code == 250
    wait_for(lambda: world.house.events(address) == {kind: 1}, 10,
             f"the {kind} is counted")
