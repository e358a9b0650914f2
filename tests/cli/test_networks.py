"""Bans of networks above the client: what they are told as, and how they go."""

import re
from datetime import datetime, timezone

import pytest

HOUR = 3600
NETWORK = "2001:db8:1:100::/56"
# What is counted by the hour lies in one.
WHEN = datetime.fromtimestamp(
    int(datetime.now(timezone.utc).timestamp()) // HOUR * HOUR - 600,
    timezone.utc).isoformat()

WIDE = """
rule "guess" {
    events = {recipient} limit = 10 within = 1h reason = recipient
    widen-ipv4 = {28, 24} widen-limit = {4, 8}
    ban = {2h} reply = "550 5.7.1 No"
}
"""


def flat(text):
    return " ".join(text.split())


def reports(addresses, each):
    return "".join(f"recipient {address} --at {WHEN}\n" * each
                   for address in addresses)


@pytest.fixture
def spread(house):
    """A guesser spread over six clients of one /56."""
    said = house.do("report", "-", given=reports(
        [f"2001:db8:1:10{n}::1" for n in range(6)], 19))
    assert flat(said).startswith(f"banned {NETWORK} until ")
    return house


def test_check_says_that_it_is_a_network_and_why(spread):
    said = flat(spread.do("check", "2001:db8:1:1ff::1", status=1))
    assert f"together with all of {NETWORK}; refused at RCPT TO" in said
    assert said.endswith(f"Several clients of {NETWORK} did together what it "
                         "is for; no mail from there was accepted in the "
                         "30 d before.")
    ban, = spread.json("check", "2001:db8:1:1ff::1", status=1)["bans"]
    assert ban["network"] == NETWORK
    assert re.search(r"\[2001:db8:1:1ff::1\], blocked until \S+Z with all of "
                     rf"{NETWORK}\. See ", ban["reply"])


def test_a_ban_of_a_client_has_no_network(house):
    house.do("ban", "2001:db8:1:1::1", "2h")
    ban, = house.json("check", "2001:db8:1:1::1", status=1)["bans"]
    assert set(ban) == {"reason", "rule", "step", "begins", "ends", "ref",
                        "reply"}
    assert "with all of" not in ban["reply"]


def test_list_names_the_network(spread):
    ban, = spread.json("list")
    assert (ban["client"], ban["rule"], ban["step"]) == (
        NETWORK, "dictionary", 1)


def test_explain_tells_what_the_networks_around_it_did(spread):
    told = spread.json("explain", "2001:db8:1:1ff::1")["networks"]
    assert {(row["network"], row["rule"], row["counted"], row["need"],
             row["steps"]) for row in told} >= {
        ("2001:db8:1::/48", "dictionary-day", 100, 1000, 0),
        (NETWORK, "dictionary", 0, 100, 1)}
    assert spread.json("explain", "2001:db8:2::1", status=1)["networks"] == []


def test_clearing_an_address_says_which_network_holds_it(spread):
    said = flat(spread.do("clear", "2001:db8:1:101::1", status=1))
    assert f"{NETWORK} is still banned for error until" in said
    assert f'"videur clear {NETWORK}" lifts it' in said
    spread.do("clear", NETWORK)
    spread.do("check", "2001:db8:1:101::1")


def test_clearing_a_network_counts_it_anew(house):
    house.do("report", "-", given=reports(
        [f"2001:db8:1:10{n}::1" for n in range(5)], 19))
    house.do("clear", NETWORK, status=1)
    said = house.do("report", "-", given=reports(["2001:db8:1:105::1"], 19))
    assert "0 bans" in said


def test_ipv4_widens_where_a_policy_says_so(house):
    (house.folder / "policies").mkdir()
    (house.folder / "policies" / "own.conf").write_text(WIDE)
    house.configure('policy = "own"')
    house.do("report", "-", given=reports(
        [f"203.0.113.{host}" for host in (3, 17, 35, 49, 67, 81, 99, 113, 131)],
        9))
    assert [ban["client"] for ban in house.json("list")] == ["203.0.113.0/24"]
    house.do("report", "-", given=reports(
        [f"198.51.100.{host}" for host in range(16, 21)], 9))
    assert [ban["client"] for ban in house.json("list")] == [
        "198.51.100.16/28", "203.0.113.0/24"]


def test_ipv4_is_spared_for_good_mail(house):
    (house.folder / "policies").mkdir()
    (house.folder / "policies" / "own.conf").write_text(WIDE)
    house.configure('policy = "own"')
    house.do("report", "helo", "198.51.100.9")
    house.sql("INSERT INTO tally (client, hour, accepted) VALUES (?, ?, 1)",
              "203.0.113.200", int(datetime.fromisoformat(WHEN).timestamp())
              // HOUR * HOUR - 20 * 24 * HOUR)
    house.do("report", "-", given=reports(
        [f"203.0.113.{host}" for host in (3, 17, 35, 49, 67, 81, 99, 113, 131)],
        9))
    house.do("list", status=1)


def test_rescue_and_replay_know_of_them(spread):
    log = spread.folder / "mail.log"
    log.write_text("".join(
        f"{WHEN} mx postfix/smtpd[7]: NOQUEUE: reject: RCPT from "
        f"unknown[2001:db8:1:10{n}::1]: 550 5.1.1 <g{i}@example.org>: "
        "Recipient address rejected: User unknown in local recipient table; "
        f"from=<a@example.net> to=<g{i}@example.org> proto=ESMTP "
        "helo=<mx.example.net>\n" for n in range(6) for i in range(19)))
    assert NETWORK in spread.do("replay", str(log))
