"""codes: what a policy says to clients, and when."""

import csv
import os
import re

import pytest
from conftest import flat, rows

HOURS = 3600

OWN = """
rule "guess" {
	events  = {recipient, sender}
	limit   = 7
	within  = 10m
	reason  = recipient
	service = mx
	stage   = mail
	ban     = {90s, 2h}
	reply   = "450 4.7.1 Too many unknown users"
	code    = "OWN_104"
}
"""


FULL = """
limit "connections" {
	most  = {20, 10, 0}
	reply = "421 Too many connections, slow down."
	code  = "OFR004_104 [104]"
}
limit "messages" {
	most  = {100}
	reply = "421 4.7.1 Too many messages"
}
rule "trap" {
	events      = {spam}
	limit       = 1
	within      = 1h
	reason      = spam
	ban         = {2h, 4h, 8h}
	soft        = 2
	reply       = "550 5.7.1 Client host blocked for spamming issues."
	code        = "OFR006_102"
	reply-again = "421 Service refused, please try later."
	code-again  = "OFR_999 [999]"
}
"""
SHIPPED = os.path.join(os.path.dirname(__file__), "../../src/conf/policies")


def chapters(text):
    """The tables by their titles, each as rows without its lead.  What has
    no room beside its row, or not all of it, stands below it."""
    assert all(len(line) <= 80 for line in text.splitlines())
    found = {}
    for block in text.strip().split("\n\n")[1:]:
        title, _, table = block.partition("\n")
        table = re.sub(r"\n {5,}", "  ", table)
        found[title] = rows(table)
    return found


def own_policy(house, text=OWN):
    folder = house.folder / "policies"
    folder.mkdir()
    (folder / "own.conf").write_text(text)


def test_the_replies_of_franceserv_stand_to_the_letter(house):
    said = house.do("codes")
    assert said.startswith("policy franceserv, ")
    replies = chapters(said)["Replies to who is banned:"]
    assert replies[0] == ["CODE", "ENHANCED", "RULE", "HEARD",
                          "REASON", "STAGE", "SERVICE"]
    assert ["530", "5.7.0", "auth", "always", "auth", "helo", "submission",
            "Too many authentication errors from your IP"
            ] in replies
    assert {(row[0], row[-1]) for row in replies[1:-1]} == {
        ("500", "Too many spams/virus from your IP"),
        ("530", "Too many authentication errors from your IP"),
        ("550", "Too many errors from your IP")}


def test_the_ban_by_hand_stands_last(house):
    replies = chapters(house.do("codes"))["Replies to who is banned:"]
    assert replies[-1] == ["550", "5.7.1", "manual", "always", "error",
                           "rcpt", "any", "Blocked by the administrator"]


def test_a_ban_by_hand_says_what_codes_tells(house):
    manual = house.json("codes")["manual"]
    house.do("ban", "203.0.113.7", "2h")
    ban, = house.json("list")
    assert ban["reply"].startswith(manual["reply"] + " [203.0.113.7]")
    assert (ban["rule"], ban["reason"]) == (manual["rule"], manual["reason"])


def test_what_leads_to_a_ban_and_how_long_it_lasts(house):
    table = chapters(house.do("codes"))[
        "What leads to a ban, and how long each lasts:"]
    assert table[0] == ["RULE", "LIMIT", "LASTS", "SOFT", "COUNTS"]
    assert ["spam", "5 in 1h", "3h 6h 12h 1d", "-",
            "spam complaint; ratio 0.3"] in table


def test_what_spares_is_told_with_the_rule(house):
    own_policy(house, OWN.replace("within  = 10m", "within  = 10m\n"
               "settle = 6m\nratio = 0.25\ncredit = 50\nweight = 0.1\n"
               "same-recipient = 1").replace(", sender", ""))
    said = house.do("codes", "--policy", "own")
    assert ("recipient; ratio 0.25, settle 6m, credit 50, weight 0.1, "
            "same-recipient 1") in flat(said)
    assert "auth; same-user 3" in house.do("codes")
    rule, = house.json("codes", "--policy", "own")["rules"]
    assert (rule["settle"], rule["ratio"], rule["credit"], rule["weight"],
            rule["same_recipient"]) == (360, 0.25, 50, 0.1, 1)


def test_a_policy_without_limits_says_so(house):
    own_policy(house)
    assert chapters(house.do("codes", "--policy", "own"))[
        "Limits by reputation:"] == [["none"]]
    assert house.json("codes", "--policy", "own")["limits"] == []


def test_a_second_reply_stands_below_the_first(house):
    own_policy(house, FULL)
    replies = chapters(house.do("codes", "--policy", "own"))[
        "Replies to who is banned:"]
    assert [row[:4] + row[-1:] for row in replies[1:3]] == [
        ["550", "5.7.1", "trap", "first",
         "Client host blocked for spamming issues. OFR006_102"],
        ["421", "-", "trap", "again",
         "Service refused, please try later. OFR_999 [999]"]]
    rule, = house.json("codes", "--policy", "own")["rules"]
    assert rule["again"] == {
        "code": "421", "enhanced": None, "own": "OFR_999 [999]",
        "phrase": "Service refused, please try later.",
        "reply": "421 Service refused, please try later. OFR_999 [999]"}


def test_soft_steps_are_counted_and_explained(house):
    own_policy(house, FULL)
    assert "SOFT" not in house.do("codes").split("COUNTS")[1]
    rules = chapters(house.do("codes", "--policy", "own"))[
        "What leads to a ban, and how long each lasts:"]
    assert rules[1:] == [["trap", "1 in 1h", "2h 4h 8h", "2", "spam"],
                         ["SOFT: so many first steps answer 450 instead of "
                          "5xx"]]
    assert house.json("codes", "--policy", "own")["rules"][0]["soft"] == 2


def test_limits_are_told_by_reputation_with_their_replies(house):
    own_policy(house, FULL)
    assert chapters(house.do("codes", "--policy", "own"))[
        "Limits by reputation:"] == [
            ["LIMIT", "GOOD", "NEUTRAL", "POOR", "CODE", "ENHANCED", "OWN"],
            ["connections", "20", "10", "-", "421", "-", "OFR004_104 [104]",
             "Too many connections, slow down."],
            ["messages", "100", "100", "100", "421", "4.7.1", "-",
             "Too many messages"]]
    limits = house.json("codes", "--policy", "own")["limits"]
    assert limits[0] == {
        "limit": "connections", "good": 20, "neutral": 10, "poor": None,
        "code": "421", "enhanced": None, "own": "OFR004_104 [104]",
        "phrase": "Too many connections, slow down.",
        "reply": "421 Too many connections, slow down. OFR004_104 [104]"}
    assert [limit["limit"] for limit in limits] == ["connections",
                                                    "messages"]


@pytest.mark.parametrize("name", sorted(
    name.removesuffix(".conf") for name in os.listdir(SHIPPED)))
def test_every_reply_of_a_shipped_policy_is_decoded(house, name):
    codes = house.json("codes", "--policy", name)
    said = [entry for rule in codes["rules"] + codes["limits"]
            for entry in (rule, rule.get("again")) if entry]
    assert said
    for entry in said:
        finds = house.json("decode", entry["reply"])
        assert [find["known"] for find in finds] == [True], entry
        assert finds[0]["code"] == entry["code"]
        if name not in finds[0]["providers"]:
            # Each policy has the rule for logins of franceserv.
            assert entry["reason"] == "auth", entry
        if entry["own"]:
            assert finds[0]["own"] == entry["own"].split(" [")[0]


def test_json_names_things_as_elsewhere(house):
    codes = house.json("codes")
    assert set(codes) == {"policy", "memory", "rules", "limits", "manual"}
    assert (codes["policy"], codes["memory"]) == ("franceserv",
                                                  90 * 24 * HOURS)
    errors, = [rule for rule in codes["rules"] if rule["rule"] == "errors"]
    assert errors == {
        "rule": "errors", "reason": "error",
        "kinds": ["sender", "helo", "command", "disconnect", "probe",
                  "relay"],
        "limit": 20, "within": HOURS, "settle": 0, "ratio": 0.5, "credit": 0,
        "weight": 1, "same_user": 0, "same_recipient": 0,
        "ban": [h * HOURS for h in (2, 4, 8, 16, 24)], "soft": 0,
        "widens": ["/56:100", "/48:200"], "stage": "rcpt", "service": "mx",
        "code": "550", "enhanced": "5.7.1", "own": None,
        "phrase": "Too many errors from your IP",
        "reply": "550 5.7.1 Too many errors from your IP", "again": None}


@pytest.mark.parametrize("configured", [False, True],
                         ids=["--policy", "configured"])
def test_another_policy_is_told_as_it_is_written(house, configured):
    own_policy(house)
    words = ["codes", "--policy", "own"]
    if configured:
        house.configure('policy = "own"')
        words = ["codes"]
    rule, = house.json(*words)["rules"]
    assert rule == {
        "rule": "guess", "reason": "recipient",
        "kinds": ["recipient", "sender"], "limit": 7, "within": 600,
        "settle": 0, "ratio": 0, "credit": 0, "weight": 1, "same_user": 0,
        "same_recipient": 0, "ban": [90, 2 * HOURS], "soft": 0, "widens": [],
        "stage": "mail", "service": "mx",
        "code": "450", "enhanced": "4.7.1", "own": "OWN_104",
        "phrase": "Too many unknown users",
        "reply": "450 4.7.1 Too many unknown users OWN_104", "again": None}
    said = chapters(house.do(*words))
    assert said["Replies to who is banned:"][1] == [
        "450", "4.7.1", "guess", "always", "recipient", "mail", "mx",
        "Too many unknown users OWN_104"]
    assert said["What leads to a ban, and how long each lasts:"][1] == [
        "guess", "7 in 10m", "1m30s 2h", "-", "recipient sender"]


def test_csv_names_each_value_as_json_nests_it(house):
    said = dict(csv.reader(house.do("codes", "--csv").splitlines()))
    assert (said["policy"], said["memory"], said["rules.0.kinds.0"]) == (
        "franceserv", str(90 * 24 * HOURS), "virus")


def test_no_database_is_needed_nor_made(house):
    house.do("codes")
    house.do("codes", "--json")
    assert not house.database.exists()


def test_a_policy_that_is_not_there_is_an_error(house):
    done = house.run("codes", "--policy", "nobody")
    assert done.returncode == 2 and done.stdout == ""
    assert "nobody" in done.stderr


def test_a_policy_that_is_wrong_is_named_with_its_line(house):
    own_policy(house, OWN.replace("7", "none"))
    done = house.run("codes", "--policy", "own")
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith(f"{house.folder}/policies/own.conf:4:")
