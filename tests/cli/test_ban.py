"""ban, clear and allow: what changes, what is told, what is audited."""

import pwd
import os
import subprocess

import pytest
from conftest import DAY, HOUR, at, flat, local, minute, now, seconds


# ---- ban ----

def test_ban_says_whom_until_when_and_under_which_ref(house):
    said = house.do("ban", "203.0.113.0/24", "2h")
    ban, = house.json("list")
    assert said == (f"banned 203.0.113.0/24 until {local(ban['ends'])}"
                    f" (ref {ban['ref']})\n")
    assert abs(seconds(ban["begins"]) - now()) < 60


def test_ban_is_audited_with_who_and_note(house):
    house.do("ban", "203.0.113.7", "2h", "--note", "it asked for it")
    assert house.audit() == [("ban", "203.0.113.7", "it asked for it")]
    (when, who), = house.sql("SELECT at, who FROM audit")
    assert abs(when - now()) < 60
    assert who == os.environ.get("SUDO_USER",
                                 pwd.getpwuid(os.getuid()).pw_name)


CLIENTS = [
    ("an address is its client", "203.0.113.7", "203.0.113.7"),
    ("an IPv6 address is its /64", "2001:db8::7", "2001:db8::/64"),
    ("a network is itself", "203.0.113.0/29", "203.0.113.0/29"),
    ("a /128 is that one address", "2001:db8::7/128", "2001:db8::7"),
    ("a mapped address is IPv4", "::ffff:203.0.113.7", "203.0.113.7"),
    ("a /8 may be banned", "45.0.0.0/8", "45.0.0.0/8"),
    ("an IPv6 /16 may be banned", "2001::/16", "2001::/16"),
]


@pytest.mark.parametrize("given, banned", [row[1:] for row in CLIENTS],
                         ids=[row[0] for row in CLIENTS])
def test_ban_means(house, given, banned):
    house.do("ban", given, "2h")
    assert [ban["client"] for ban in house.json("list")] == [banned]


@pytest.mark.parametrize("words", [
    ("ban", "203.0.113.7/24", "2h"), ("clear", "203.0.113.7/24"),
    ("allow", "add", "203.0.113.7/24"), ("allow", "remove", "203.0.113.7/24")],
    ids=lambda words: words[0] + " " + words[1])
def test_a_network_with_host_bits_offers_both_readings(house, words):
    done = house.run(*words)
    assert done.returncode == 2
    assert "write 203.0.113.0/24 for the network or 203.0.113.7 for the" \
           " address" in done.stderr


def test_a_ban_by_hand_is_no_step_of_another(house):
    house.do("ban", "203.0.113.7", "2h", "--reason", "virus")
    house.sql("UPDATE ban SET begins = begins - ?, ends = ends - ?", DAY, DAY)
    house.do("report", "virus", "203.0.113.7")
    assert [ban["step"] for ban in house.json("list")] == [1]


def test_a_ban_of_an_allowed_address_is_refused(house):
    house.configure('allow = {"198.51.100.0/24"}')
    house.do("allow", "add", "203.0.113.0/24")
    for who in ("203.0.113.7", "203.0.113.0/25", "198.51.100.1"):
        done = house.run("ban", who, "2h")
        assert done.returncode == 2 and "is allowed" in done.stderr
    assert house.json("list", status=1) == []
    assert [row[0] for row in house.audit()] == ["allow add"]


def test_a_network_with_an_allowed_part_may_be_banned(house):
    house.do("allow", "add", "203.0.113.7")
    house.do("ban", "203.0.113.0/24", "2h")
    assert "allowed" in house.do("check", "203.0.113.7")
    house.do("check", "203.0.113.8", status=1)


def test_a_ban_in_observe_mode_says_that_it_refuses_nobody(house):
    house.configure('mode = "observe"')
    assert "refuses nobody" in house.do("ban", "203.0.113.7", "2h")
    house.do("check", "203.0.113.7")


CONNECTED = [
    ("inside by SSH_CONNECTION", "SSH_CONNECTION",
     "203.0.113.9 51234 203.0.113.1 22", True),
    ("inside by SSH_CLIENT", "SSH_CLIENT", "203.0.113.9 51234 22", True),
    ("outside", "SSH_CONNECTION", "198.51.100.9 51234 203.0.113.1 22", False),
    ("something else", "SSH_CONNECTION", "x" * 5000, False),
]


@pytest.mark.parametrize("name, value, held", [r[1:] for r in CONNECTED],
                         ids=[row[0] for row in CONNECTED])
def test_who_bans_where_he_sits_has_to_mean_it(house, name, value, held):
    done = house.run("ban", "203.0.113.0/24", "2h", env={name: value})
    assert done.returncode == (2 if held else 0)
    assert ("from where you are connected; --force" in flat(
        done.stderr)) is held
    assert house.run("list").returncode == (3 if held else 0)
    done = house.run("ban", "203.0.113.0/24", "2h", "--force",
                     env={name: value})
    assert done.returncode == 0
    assert ("warning" in done.stderr) is held


def test_behind_sudo_the_session_shows_in_a_parent(house):
    done = subprocess.run(
        ["/usr/bin/env", "SSH_CLIENT=203.0.113.9 51234 22", "/bin/sh", "-c",
         'env -u SSH_CLIENT "$@"; exit $?', "sudo",
         *house.command("ban", "203.0.113.0/24", "2h")],
        env=house.environment(), capture_output=True, text=True, timeout=60,
        check=False)
    assert (done.returncode, "203.0.113.9" in done.stderr) == (2, True)


def test_what_is_only_observed_may_be_ones_own(house):
    house.configure("mode = observe")
    done = house.run("ban", "203.0.113.0/24", "2h",
                     env={"SSH_CLIENT": "203.0.113.9 51234 22"})
    assert done.returncode == 0


# ---- clear ----

def test_clear_lifts_and_says_how_many(house):
    house.do("ban", "203.0.113.7", "2h")
    house.do("ban", "203.0.113.7", "2h", "--reason", "spam")
    assert house.do("clear", "203.0.113.7", "--note", "sorry") == (
        "lifted 2 bans\n")
    house.do("check", "203.0.113.7")
    assert house.audit()[-1] == ("clear", "203.0.113.7", "sorry")


def test_clear_where_nothing_is_banned_is_a_no(house):
    house.do("ban", "203.0.113.8", "2h")
    assert house.do("clear", "203.0.113.7", status=1).startswith(
        "nothing to clear\n")
    assert house.do("clear", "192.0.2.0/24", status=1) == (
        "nothing to clear\n")
    assert ("clear", "192.0.2.0/24", None) not in house.audit()
    house.do("clear", "all")
    assert house.do("clear", "all", status=1) == "nothing to clear\n"


def test_clear_starts_counting_anew(house):
    for _ in range(19):
        house.do("report", "recipient", "203.0.113.7", "--at", at(60))
    assert "counters reset" in house.do("clear", "203.0.113.7", status=1)
    assert house.do("report", "recipient", "203.0.113.7") == "1 event stored\n"
    house.do("check", "203.0.113.7")


def test_clear_of_one_reason_leaves_and_names_the_others(house):
    house.do("ban", "203.0.113.7", "2h")
    house.do("ban", "203.0.113.7", "2h", "--reason", "spam")
    said = house.do("clear", "203.0.113.7", "--reason", "spam")
    assert "lifted 1 ban\n" in said
    assert "203.0.113.7 is still banned for error" in said
    assert [ban["reason"] for ban in house.json("list")] == ["error"]


def test_clear_of_an_address_names_the_network_that_still_bans_it(house):
    house.do("ban", "203.0.113.0/24", "2h")
    said = house.do("clear", "203.0.113.7", status=1)
    assert "203.0.113.0/24 is still banned" in said
    assert '"videur clear 203.0.113.0/24" lifts it' in said
    assert house.do("clear", "203.0.113.0/24") == "lifted 1 ban\n"


def test_clear_of_a_network_lifts_all_inside_and_nothing_else(house):
    for who in ("203.0.113.1", "203.0.113.200", "203.0.114.1",
                "203.0.0.0/16"):
        house.do("ban", who, "2h")
    assert "lifted 2 bans\n" in house.do("clear", "203.0.113.0/24")
    assert sorted(ban["client"] for ban in house.json("list")) == [
        "203.0.0.0/16", "203.0.114.1"]


def test_clear_all_lifts_everything(house):
    for who in ("203.0.113.1", "2001:db8::1", "198.51.100.0/24"):
        house.do("ban", who, "2h")
    assert house.do("clear", "all", "--note", "new start") == (
        "lifted 3 bans\n")
    house.do("list", status=1)
    assert house.audit()[-1] == ("clear", "all", "new start")


def test_clear_of_an_ipv6_address_clears_its_client(house):
    house.do("report", "virus", "2001:db8::1")
    assert house.do("clear", "2001:db8::2") == "lifted 1 ban\n"
    house.do("check", "2001:db8::1")


@pytest.mark.parametrize("words, step", [([], 2), (["--mistake"], 1)],
                         ids=["cleared is a step", "a mistake is none"])
def test_a_cleared_ban(house, words, step):
    house.do("report", "virus", "203.0.113.7", "--at", at(10))
    house.do("clear", "203.0.113.7", *words)
    # What follows lies after the clearing: move all before it back.
    house.sql("UPDATE ban SET begins = begins - ?, ends = ends - ?,"
              " cleared = cleared - ?", HOUR, HOUR, HOUR)
    house.sql("UPDATE mark SET at = at - ?", HOUR)
    house.do("report", "virus", "203.0.113.7")
    assert house.json("list")[0]["step"] == step


# ---- allow ----

def test_nothing_allowed_is_said_and_is_a_no(house):
    house.do("clear", "203.0.113.7", status=1)
    for words in (["allow"], ["allow", "list"]):
        assert house.do(*words, status=1) == "nothing is allowed\n"
        assert house.do(*words, "--json", status=1) == "[]\n"


def test_allow_add_lifts_bans_and_says_how_many(house):
    for who in ("203.0.113.1", "203.0.113.2", "198.51.100.1"):
        house.do("ban", who, "2h")
    said = house.do("allow", "add", "203.0.113.0/24", "--note", "branch")
    assert said == "allowed 203.0.113.0/24; lifted 2 bans\n"
    assert [ban["client"] for ban in house.json("list")] == ["198.51.100.1"]
    assert house.audit()[-1] == ("allow add", "203.0.113.0/24", "branch")


def test_allow_list_shows_network_end_and_note(house):
    house.do("allow", "add", "203.0.113.0/24", "--note", "branch")
    said = house.do("allow", "add", "2001:db8::/32", "--for", "2h")
    v4, v6 = house.json("allow", "list")
    assert v4 == {"network": "203.0.113.0/24", "until": None, "note": "branch",
                  "named": False}
    assert v6["network"] == "2001:db8::/32"
    assert abs(seconds(v6["until"]) - now() - 2 * HOUR) < 60
    assert f"until {local(v6['until'])}" in said
    listed = house.do("allow")
    assert listed == house.do("allow", "list")
    assert "branch" in listed and minute(v6["until"]) in listed
    assert listed.endswith("2 networks\n")


def test_adding_again_replaces_note_and_end(house):
    house.do("allow", "add", "203.0.113.7", "--note", "old", "--for", "2h")
    house.do("allow", "add", "203.0.113.7", "--note", "new")
    assert house.json("allow") == [
        {"network": "203.0.113.7", "until": None, "note": "new",
         "named": False}]


def test_an_entry_that_ran_out_allows_nothing(house):
    house.do("allow", "add", "203.0.113.7", "--for", "2h")
    house.sql("UPDATE allow SET until = ?", now() - 1)
    house.do("allow", status=1)
    house.do("ban", "203.0.113.7", "2h")
    house.do("check", "203.0.113.7", status=1)


def test_allow_remove_ends_it(house):
    house.do("allow", "add", "203.0.113.0/24")
    assert "203.0.113.0/24" in house.do("allow", "remove", "203.0.113.0/24")
    house.do("allow", status=1)
    assert house.audit()[-1] == ("allow remove", "203.0.113.0/24", None)


def test_allow_remove_of_what_is_not_there_is_a_no(house):
    house.do("allow", "add", "203.0.113.0/24")
    assert "not on the allow list" in house.do("allow", "remove", "203.0.113.7",
                                               status=1)
    assert len(house.audit()) == 1 and len(house.json("allow")) == 1


# ---- nothing happens in silence ----

def test_ban_again_prolongs_and_says_from_when_to_when(house):
    first = house.do("ban", "203.0.113.7", "2h")
    ban, = house.json("list")
    said = " ".join(house.do("ban", "203.0.113.7", "4h").split())
    again, = house.json("list")
    assert said == (
        f"prolonged the ban of 203.0.113.7 from {local(ban['ends'])} to "
        f"{local(again['ends'])} (ref {ban['ref']})")
    assert f"(ref {ban['ref']})" in first and again["ref"] == ban["ref"]


def test_ban_again_for_less_replaces_and_says_so(house):
    house.do("ban", "203.0.113.7", "4h")
    before, = house.json("list")
    said = " ".join(house.do("ban", "203.0.113.7", "1h").split())
    ban, = house.json("list")
    assert said == (
        f"replaced the ban of 203.0.113.7 until {local(before['ends'])} by "
        f"one until {local(ban['ends'])} (ref {ban['ref']})")


def test_ban_for_another_reason_stands_beside_it(house):
    house.do("ban", "203.0.113.7", "4h")
    assert house.do("ban", "203.0.113.7", "1h", "--reason", "spam").startswith(
        "banned 203.0.113.7 until ")
    assert len(house.json("list")) == 2


@pytest.mark.parametrize("who", ["2001:db8::5", "2001:db8::/64",
                                 "2001:db8::5/128"])
def test_clear_lifts_what_lies_inside_the_client(house, who):
    house.do("ban", "2001:db8::5/128", "2h")
    assert house.do("clear", who) == "lifted 1 ban\n"
    house.do("check", "2001:db8::5")


def test_clear_says_which_wider_net_stays(house):
    house.do("ban", "2001:db8::/48", "2h")
    house.do("ban", "2001:db8::5", "2h")
    said = " ".join(house.do("clear", "2001:db8::5").split())
    assert said.startswith("lifted 1 ban 2001:db8::/48 is still banned ")
    assert '"videur clear 2001:db8::/48" lifts it' in said
    house.do("check", "2001:db8::5", status=1)


def test_allow_of_everything_needs_force(house):
    done = house.run("allow", "add", "0.0.0.0/0")
    assert done.returncode == 2 and "wider than /8" in done.stderr
    house.do("allow", "add", "0.0.0.0/0", "--force")
    assert [row["network"] for row in house.json("allow")] == ["0.0.0.0/0"]


def test_allow_of_an_8_needs_no_force(house):
    house.do("allow", "add", "198.0.0.0/8")
    house.do("allow", "add", "2001::/16")


def test_observed_bans_are_no_active_ones_anywhere(house):
    house.configure('mode = "observe"')
    house.do("report", "virus", "203.0.113.7")
    assert house.do("list").endswith(
        "1 ban, 0 active, 1 would be refused (only observed)\n")
    assert "0 active" in house.do("status")
    assert "1 would be refused (only observed)" in house.do("status")
    assert house.do("check", "203.0.113.7").startswith(
        "203.0.113.7 would be refused until ")
    assert house.json("check", "203.0.113.7")["listed"] is False


# ---- the same again, and what lies inside a client ----

@pytest.mark.parametrize("banned, cleared", [
    ("2001:db8:1:2::5/128", "2001:db8:1:2::5"),
    ("2001:db8:1:2::5/128", "2001:db8:1:2::/64"),
    ("2001:db8:1:2::5/128", "2001:db8:1:2::6"),
    ("2001:db8:1:2::/80", "2001:db8:1:2::5"),
    ("2001:db8:1:2::/64", "2001:db8:1:2::5/128"),
    ("203.0.113.7/32", "203.0.113.7"),
])
def test_clear_lifts_what_lies_in_the_client_whatever_its_length(
        house, banned, cleared):
    house.do("ban", banned, "2h")
    assert house.do("clear", cleared).startswith("lifted 1 ban")
    house.do("check", banned.split("/")[0])


def test_the_same_banned_again_is_one_row_and_says_what_became_of_it(house):
    house.do("ban", "203.0.113.7", "2h", "--note", "first")
    ref, = house.sql("SELECT ref FROM ban")
    assert "prolonged" in house.do("ban", "203.0.113.7", "20h")
    assert "replaced" in house.do("ban", "203.0.113.7", "1h")
    assert house.sql("SELECT ref, note FROM ban") == [(*ref, "first")]
    begins, ends = house.sql("SELECT begins, ends FROM ban")[0]
    assert HOUR <= ends - begins <= HOUR + 60
    house.do("ban", "203.0.113.7", "1h", "--note", "second")
    assert house.sql("SELECT note FROM ban") == [("second",)]
    house.do("clear", "203.0.113.7")
    assert house.do("ban", "203.0.113.7", "1h").startswith("banned ")
    assert house.sql("SELECT count(*) FROM ban") == [(2,)]
