"""status, list and check: what is known, for people and for programs."""

import json
import re

import pytest
from conftest import DAY, HOUR, at, flat, local, minute, now, rows, seconds

BAN_KEYS = ["client", "reason", "rule", "step", "begins", "ends", "cleared",
            "observed", "ref", "hits", "note", "reply"]


# ---- list ----

def test_nobody_banned_is_said_and_is_a_no(house):
    house.do("clear", "203.0.113.7", status=1)
    assert house.do("list", status=1) == "nobody is banned\n"
    assert house.do("list", "--json", status=1) == "[]\n"
    assert "spam" in house.do("list", "--reason", "spam", status=1)
    assert "nobody is banned" in house.do("list", "--all", status=1)


def test_list_is_an_aligned_table_with_a_summary(house):
    house.do("ban", "203.0.113.7", "2h")
    house.do("ban", "2001:db8:1234:5678::/64", "3h", "--reason", "spam")
    said = house.do("list")
    lines = said.splitlines()
    assert rows(said)[0][:7] == ["ADDRESS", "REASON", "STEP", "UNTIL",
                                 "LEFT", "REF", "HITS"]
    assert len({line.index(word) for line, word in
                zip(lines[1:], ("spam", "error"))}) == 1
    assert lines[-1] == "2 bans, 2 active"
    assert not any(line != line.rstrip() for line in lines)


def test_list_says_who_why_until_left_ref_and_hits(house):
    house.do("report", "virus", "203.0.113.7")
    house.sql("UPDATE ban SET hits = 17")
    ban = house.json("list")[0]
    _, row, _ = rows(house.do("list"))
    assert row[:4] == ["203.0.113.7", "virus", "1", minute(ban["ends"])]
    assert row[4] in ("1d", "23h59m")
    assert row[5:] == [ban["ref"], "17"]


def test_list_sorts_the_last_ending_first(house):
    for address, lasts in (("203.0.113.1", "2h"), ("203.0.113.2", "9h"),
                           ("203.0.113.3", "1h"), ("203.0.113.4", "5h")):
        house.do("ban", address, lasts)
    wanted = ["203.0.113.2", "203.0.113.4", "203.0.113.1", "203.0.113.3"]
    assert [ban["client"] for ban in house.json("list")] == wanted
    assert [row[0] for row in rows(house.do("list"))[1:5]] == wanted


def test_list_by_reason_leaves_the_others_out(house):
    house.do("ban", "203.0.113.1", "2h", "--reason", "spam")
    house.do("ban", "203.0.113.2", "2h", "--reason", "auth")
    assert [ban["client"] for ban in house.json("list", "--reason",
                                                "auth")] == ["203.0.113.2"]
    assert "203.0.113.1" not in house.do("list", "--reason", "auth")


def test_list_json_has_exactly_these_names(house):
    house.do("ban", "203.0.113.7", "2h", "--note", "two words")
    ban, = house.json("list")
    assert list(ban) == BAN_KEYS
    assert ban["client"] == "203.0.113.7" and ban["reason"] == "error"
    assert ban["rule"] == "manual" and ban["step"] == 0
    assert ban["cleared"] is None and ban["observed"] is False
    assert ban["hits"] == 0 and ban["note"] == "two words"
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{6}", ban["ref"])
    assert seconds(ban["ends"]) - seconds(ban["begins"]) == 2 * HOUR
    assert ban["reply"] == (
        "550 5.7.1 Blocked by the administrator [203.0.113.7], blocked until "
        f"{ban['ends']}. See https://postmaster.example/?ip=203.0.113.7"
        f"&ref={ban['ref']}")


def test_a_ban_that_is_over_or_cleared_is_listed_with_all_only(house):
    house.do("report", "virus", "203.0.113.1", "--at", at(3 * DAY))
    house.do("ban", "203.0.113.2", "2h")
    house.do("clear", "203.0.113.2")
    house.do("ban", "203.0.113.3", "2h")
    house.do("clear", "203.0.113.3", "--mistake")
    house.do("ban", "203.0.113.4", "2h")
    assert [b["client"] for b in house.json("list")] == ["203.0.113.4"]
    state = {row[0]: row[4] for row in rows(house.do("list", "--all"))[1:-1]}
    assert state["203.0.113.1"] == "over"
    assert state["203.0.113.2"] == "cleared"
    assert state["203.0.113.3"] == "mistake"
    assert state["203.0.113.4"] in ("2h", "1h59m")
    assert house.do("list", "--all").endswith("4 bans, 1 active\n")
    cleared = {b["client"]: b["cleared"] for b in house.json("list", "--all")}
    assert cleared["203.0.113.1"] is None
    assert abs(seconds(cleared["203.0.113.2"]) - now()) < 60


def test_a_ban_is_over_in_the_second_it_ends(house):
    house.do("ban", "203.0.113.7", "2h")
    house.sql("UPDATE ban SET begins = begins - ?, ends = ?", 2 * HOUR, now())
    house.do("list", status=1)
    assert "clear" in house.do("check", "203.0.113.7")


def test_observed_bans_are_listed_and_marked_but_ban_nobody(house):
    house.configure('mode = "observe"')
    house.do("report", "virus", "203.0.113.7")
    ban, = house.json("list")
    assert ban["observed"] is True
    said = house.do("list")
    assert rows(said)[1][4] == "observed"
    assert said.endswith(
        "1 ban, 0 active, 1 would be refused (only observed)\n")
    assert house.do("check", "203.0.113.7").startswith(
        "203.0.113.7 would be refused until ")
    assert house.json("check", "203.0.113.7")["bans"] == []


def test_what_stands_in_the_database_cannot_reach_the_terminal(house):
    house.do("ban", "203.0.113.7", "2h", "--note", "café")
    house.do("allow", "add", "198.51.100.0/24")
    house.sql("UPDATE ban SET note = ?, rule = ?", "a\x1b]0;b\x07\u202ec\x9bd",
              "r\n\rx")
    house.sql("UPDATE allow SET note = ?", "e\x1bf")
    for words in (["list"], ["explain", "203.0.113.7"], ["check", "203.0.113.7"],
                  ["allow"]):
        said = house.run(*words).stdout
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", said), said
        assert "\nx" not in said
    assert "a?]0;b?" in house.do("explain", "203.0.113.7")
    assert house.json("list")[0]["note"] == "a\x1b]0;b\x07\u202ec\x9bd"


def test_a_note_keeps_its_accents(house):
    house.do("ban", "203.0.113.7", "2h", "--note", "relais compromis, Orléans")
    assert "Orléans" in house.do("explain", "203.0.113.7")


# ---- check ----

def test_check_of_a_clear_address(house):
    house.do("ban", "203.0.113.8", "2h")
    assert house.do("check", "203.0.113.7") == "203.0.113.7 is clear\n"
    answer = house.json("check", "203.0.113.7")
    assert list(answer) == ["ip", "listed", "bans", "checked_at"]
    assert answer["listed"] is False and answer["bans"] == []


def test_check_of_a_banned_address_says_until_when_and_why(house):
    house.do("report", "virus", "203.0.113.7")
    ban, = house.json("list")
    said = house.do("check", "203.0.113.7", status=1)
    assert said.startswith(
        f"203.0.113.7 is banned until {local(ban['ends'])} (")
    for word in ("reason virus", "rule virus", "step 1", ban["ref"],
                 "refused at RCPT TO, port 25"):
        assert word in flat(said)


def test_check_json_of_a_banned_address(house):
    house.do("report", "virus", "203.0.113.7")
    answer = house.json("check", "203.0.113.7", status=1)
    assert answer["ip"] == "203.0.113.7" and answer["listed"] is True
    ban, = answer["bans"]
    assert list(ban) == ["reason", "rule", "step", "begins", "ends", "ref",
                         "reply"]
    assert abs(seconds(answer["checked_at"]) - now()) < 60


def test_check_lists_several_bans_the_last_ending_first(house):
    house.do("ban", "203.0.113.7", "2h")
    house.do("ban", "203.0.113.0/24", "5h", "--reason", "spam")
    house.do("ban", "203.0.113.7", "9h", "--reason", "auth")
    said = house.do("check", "203.0.113.7", status=1)
    assert flat(said.split("REF")[0]).endswith(", by 3 bans:")
    text = flat(said)
    refs = [ban["ref"] for ban in house.json("check", "203.0.113.7",
                                             status=1)["bans"]]
    auth, spam, error = [text.split(ref)[1] for ref in refs]
    assert "auth" in auth and "refused at HELO, submission" in auth
    assert ("refused at RCPT TO, port 25, together with all of 203.0.113.0/24"
            in spam)
    assert f"covered by ref {refs[1]}" in text and "error" in error


def test_check_says_forever_of_a_ban_without_end(house):
    house.do("ban", "203.0.113.7", "forever")
    assert house.do("check", "203.0.113.7", status=1).startswith(
        "203.0.113.7 is banned forever: reason error, ")


SAME = [
    ("a mapped address is the IPv4 one", "203.0.113.7", "::ffff:203.0.113.7",
     "203.0.113.7"),
    ("a NAT64 address is the IPv4 one", "203.0.113.7", "64:ff9b::203.0.113.7",
     "203.0.113.7"),
    ("a neighbour in the same /64 is the same client", "2001:db8::1",
     "2001:db8::ffff:2", "2001:db8::ffff:2"),
    ("an address may be written at length", "2001:db8::1",
     "2001:0DB8:0:0:0:0:0:1", "2001:db8::1"),
]


@pytest.mark.parametrize("banned, asked, shown", [row[1:] for row in SAME],
                         ids=[row[0] for row in SAME])
def test_check_knows_the_client_behind_an_address(house, banned, asked,
                                                  shown):
    house.do("ban", banned, "2h")
    assert house.do("check", asked, status=1).startswith(
        f"{shown} is banned until ")


def test_check_of_the_next_64_is_clear(house):
    house.do("ban", "2001:db8::1", "2h")
    assert house.json("list")[0]["client"] == "2001:db8::/64"
    house.do("check", "2001:db8:0:1::1")


def test_check_of_what_is_never_banned(house):
    house.do("ban", "172.0.0.0/9", "2h")
    assert "never banned" in house.do("check", "172.16.0.1")
    assert house.json("check", "127.0.0.1")["listed"] is False
    house.do("check", "172.15.255.255", status=1)


def test_check_of_an_allowed_address_says_by_what(house):
    house.configure('allow = {"198.51.100.0/24"}')
    house.do("allow", "add", "203.0.113.0/28", "--note", "office")
    said = house.do("check", "203.0.113.7")
    assert said.startswith("203.0.113.7 is allowed: 203.0.113.0/28")
    assert "office" in said
    assert "configuration" in house.do("check", "198.51.100.9")


# ---- status ----

def test_status_counts_bans_by_family_and_reason(house):
    house.do("ban", "203.0.113.1", "2h")
    house.do("ban", "203.0.113.2", "2h", "--reason", "spam")
    house.do("ban", "2001:db8::1", "2h", "--reason", "spam")
    house.do("ban", "203.0.113.3", "2h")
    house.do("clear", "203.0.113.3")
    house.do("allow", "add", "198.51.100.0/24")
    house.configure('mode = "observe"')
    house.do("report", "virus", "203.0.113.9")
    said = house.do("status")
    for word in (str(house.database), "3 active, of 2 addresses and 1 network",
                 "3 by hand", "1 would be refused (only observed)",
                 "observing", "franceserv", "1 network by command",
                 "schema version"):
        assert word in said, said
    answer = house.json("status")
    assert answer["listed"] == {"ipv4": 2, "ipv6": 1}
    assert answer["addresses"] == {"ipv4": 2, "ipv6": 0}
    assert answer["networks"] == {"ipv4": 0, "ipv6": 1}
    assert answer["reasons"]["spam"] == 0 and answer["reasons"]["manual"] == 3
    assert answer["observed"] == 1 and answer["allowed"] == 1
    assert answer["mode"] == "observe" and answer["events"] == 1
    assert answer["bytes"] > 0 and answer["schema"] >= 1


def test_status_tells_the_last_sign_of_life_of_each_service(house):
    house.do("clear", "203.0.113.7", status=1)
    said = house.do("status")
    assert re.search("^milter +no sign of life yet$", said, re.M)
    assert re.search("^watch +no sign of life yet$", said, re.M)
    assert "brake" not in said
    house.sql("INSERT INTO state (key, value, since) VALUES"
              " ('milter', '0.1.0', ?), ('brake', 'on', ?)", now() - 90,
              now() - 600)
    answer = house.json("status")
    assert answer["services"]["watch"] is None
    assert answer["services"]["milter"]["value"] == "0.1.0"
    since = local(answer["services"]["milter"]["since"])
    said = house.do("status")
    assert f"last sign of life {since}, 1 min 3" in said
    assert re.search("^brake +on since ", said, re.M)
    assert said.startswith("BRAKE ON ")
    assert answer["brake"]["value"] == "on"
    house.do("brake", "release")
    said = house.do("status")
    assert re.search("^brake +off since ", said, re.M)
    assert "BRAKE ON" not in said


# ---- log ----

def test_log_tells_changes_newest_first(house):
    house.do("log", status=3)
    house.do("ban", "203.0.113.1", "2h", "--note", "a, \"b\"")
    house.do("allow", "add", "198.51.100.0/24")
    changes = house.json("log")
    assert [(change["what"], change["subject"], change["note"])
            for change in changes] == [
        ("allow add", "198.51.100.0/24", ""),
        ("ban", "203.0.113.1", 'a, "b"')]
    assert seconds(changes[0]["at"]) >= seconds(changes[1]["at"])
    said = house.do("log")
    assert said.index("allow add") < said.index("203.0.113.1")
    assert "2 changes" in said
    assert '"a, ""b"""' in house.do("log", "--csv")


def test_log_of_nothing(house):
    house.do("report", "spam", "203.0.113.1")
    house.sql("DELETE FROM audit")
    assert house.do("log", status=1) == "nothing was changed by hand\n"


# ---- by ref, by name, several, sorted ----

def test_a_ref_stands_wherever_an_address_does(house):
    house.do("ban", "203.0.113.7", "2h")
    house.do("ban", "203.0.113.7", "3h", "--reason", "spam")
    refs = {ban["reason"]: ban["ref"] for ban in house.json("list")}
    asked = house.json("check", refs["spam"].lower(), status=1)
    assert asked["ip"] == "203.0.113.7" and len(asked["bans"]) == 2
    assert house.json("explain", refs["error"])["ip"] == "203.0.113.7"
    assert [b["ref"] for b in house.json("list", refs["error"])] == [
        refs["error"]]
    house.do("clear", refs["error"])
    assert [b["ref"] for b in house.json("list")] == [refs["spam"]]
    gone = house.run("check", "000000")
    assert (gone.returncode, gone.stderr) == (
        1, 'videur: no ban has the ref "000000"\n')


def test_several_are_asked_at_once_and_answered_as_an_array(house):
    house.do("ban", "203.0.113.7", "2h")
    done = house.run("check", "198.51.100.1", "-", "--json",
                     given="203.0.113.7\n2001:db8::1\n")
    assert done.returncode == 1
    assert [(a["ip"], a["listed"]) for a in json.loads(done.stdout)] == [
        ("198.51.100.1", False), ("203.0.113.7", True),
        ("2001:db8::1", False)]


@pytest.mark.parametrize("words, wanted", [
    (["--sort", "address"], "123"), (["--sort", "hits"], "312"),
    (["--sort", "reason"], "213"), (["--limit", "2"], "32"),
    (["--rule", "manual"], "321"), (["--rule", "spam"], ""),
    (["--since", "1h"], "321"), (["203.0.113.2"], "2"),
    (["203.0.113.0/30"], "321")], ids=lambda words: " ".join(words))
def test_list_sorts_limits_and_filters(house, words, wanted):
    for last, lasts, reason in ((1, "1h", "auth"), (2, "2h", "spam"),
                                (3, "3h", "error")):
        house.do("ban", f"203.0.113.{last}", lasts, "--reason", reason)
        house.sql("UPDATE ban SET hits = ? WHERE client = ?",
                  (5, 1, 9)[last - 1], f"203.0.113.{last}")
    listed = house.json("list", *words, status=0 if wanted else 1)
    assert "".join(ban["client"][-1] for ban in listed) == wanted


@pytest.mark.parametrize("words", [
    ["ban", "203.0.113.9", "2h"], ["clear", "203.0.113.7"], ["clear", "all"],
    ["allow", "add", "203.0.113.0/24"],
    ["allow", "remove", "198.51.100.0/24"]], ids=" ".join)
def test_a_dry_run_changes_nothing_and_says_what_it_would(house, words):
    house.do("ban", "203.0.113.7", "2h")
    house.do("allow", "add", "198.51.100.0/24")
    before = house.json("list", "--all"), house.json("allow"), house.audit()
    said = house.do(*words, "--dry-run")
    assert said.startswith("dry run: ") and said.count("\n") > 1
    assert before == (house.json("list", "--all"), house.json("allow"),
                      house.audit())


def test_times_are_utc_where_that_is_asked_for(house):
    house.do("ban", "203.0.113.7", "2h")
    ban, = house.json("list")
    assert rows(house.do("list", "--utc"))[1][3] == ban["ends"][:16].replace(
        "T", " ")


@pytest.mark.parametrize(("words", "subjects"), [
    # An address: what was about it, or a network around it, or everybody.
    (["203.0.113.7"], ["all", "203.0.113.0/24", "203.0.113.7"]),
    # A network: its parts as well, but not its neighbours.
    (["203.0.113.0/25"], ["all", "203.0.113.0/24", "203.0.113.7"]),
    (["198.51.100.0/24"], ["all", "198.51.100.9"]),
    (["2001:db8:1:2::1"], ["all", "2001:db8:1:2::/64"]),
    # Several are asked for at once.
    (["203.0.113.7", "198.51.100.9", "--limit", "2"],
     ["all", "198.51.100.9"]),
    # What is from before is left out, and the limit counts what is shown.
    (["--since", "2h"], ["all", "2001:db8:1:2::/64", "198.51.100.9"]),
    (["--since", "2h", "198.51.100.9"], ["all", "198.51.100.9"]),
    (["--limit", "1", "2001:db8:1:2::/64"], ["all"]),
], ids=lambda value: " ".join(value))
def test_log_of_some(house, words, subjects):
    for who in ["203.0.113.7", "203.0.113.0/24", "198.51.100.9",
                "2001:db8:1:2::/64"]:
        house.do("ban", who, "2h")
    house.do("clear", "all")
    house.sql("UPDATE audit SET at = at - 3 * 3600"
              " WHERE subject LIKE '203.%'")
    rows = house.json("log", *words)
    assert [row["subject"] for row in rows] == subjects


def test_log_takes_a_ref(house):
    house.do("ban", "203.0.113.7", "2h")
    house.do("ban", "198.51.100.9", "2h")
    ref = house.sql("SELECT ref FROM ban WHERE client = '203.0.113.7'")[0][0]
    assert [row["subject"] for row in house.json("log", ref)] == ["203.0.113.7"]


def test_log_says_where_no_change_is_meant(house):
    house.do("ban", "203.0.113.7", "2h")
    for words in [["192.0.2.1"], ["--since", "@4000000000"]]:
        assert house.do("log", *words, status=1) == "no such change\n"
    done = house.run("log", "203.0.113.7/24")
    assert done.returncode == 2 and "bits set behind" in done.stderr, done


def test_log_has_80_columns_and_no_control_characters(house):
    house.do("ban", "2001:db8:1234:5678:9abc:def0:1234:5678/128", "2h",
             "--note", "a note that no line of a screen can hold " * 4)
    house.sql("INSERT INTO audit (at, who, what, subject, note) SELECT at, "
              "char(27) || '[31mroot', what, subject || char(10),"
              " 'x' || char(7) FROM audit")
    said = house.do("log")
    assert max(map(len, said.splitlines())) <= 80, said
    assert not set("\x1b\x07") & set(said)


# ---- several hosts ----

def share(house):
    """Two more hosts, one of which saw and banned somebody."""
    house.configure('share { database = "postgresql://192.0.2.9/videur"'
                    ' name = "mx1" }')
    house.do("ban", "203.0.113.1", "2h")
    house.do("ban", "203.0.113.2", "3h")
    house.do("report", "spam", "203.0.113.2")
    house.sql("INSERT INTO peer (id, name) VALUES (1, 'mx2'), (2, 'mx3')")
    house.sql("UPDATE ban SET host = 1 WHERE client = '203.0.113.2'")
    house.sql("INSERT INTO event (client, address, kind, at, source, host)"
              " SELECT client, address, kind, at, source, 2 FROM event")
    house.sql("UPDATE audit SET host = 1 WHERE subject = '203.0.113.2'")


def test_where_several_share_each_ban_says_whose_it_is(house):
    share(house)
    assert {ban["client"]: ban["host"] for ban in house.json("list")} == {
        "203.0.113.1": "mx1", "203.0.113.2": "mx2"}
    said = house.do("list").splitlines()
    assert said[0].split()[-1] == "NOTE"
    assert [line.endswith(" by mx2") for line in said[1:3]] == [True, False]
    assert "host" in house.do("list", "--csv").splitlines()[0].split(",")
    assert re.search(r"HOST +mx2\n", house.do("list", "--long"))
    house.sql("UPDATE peer SET name = 'a-mail-host-of-ours.example.org'"
              " WHERE id = 1")
    house.sql("UPDATE ban SET hits = 1234567890, client = '2001:db8:1234::/64',"
              " note = 'seen in the logs of a friend' WHERE host = 1")
    said = house.do("list")
    assert max(map(len, said.splitlines())) <= 80
    assert "by a-mail-host-of-ours.example.org: seen in the logs" in flat(said)


@pytest.mark.parametrize("host, wanted", [
    ("mx1", ["203.0.113.1"]), ("mx2", ["203.0.113.2"]), ("mx3", [])])
def test_list_by_host_leaves_the_others_out(house, host, wanted):
    share(house)
    assert [ban["client"] for ban in house.json(
        "list", "--host", host, status=0 if wanted else 1)] == wanted


def test_a_host_that_there_is_not_is_said(house):
    share(house)
    assert "(there are mx1, mx2, mx3)" in house.run(
        "list", "--host", "mx9").stderr
    house.sql("DELETE FROM peer")
    assert house.run("list", "--host", "mx1").returncode == 2
    assert "host" not in house.json("list")[0]


def test_explain_tail_and_log_say_on_which_host(house):
    share(house)
    told = house.json("explain", "203.0.113.2")
    assert [event["host"] for event in told["events"]] == ["mx1", "mx3"]
    assert told["bans"][0]["host"] == "mx2"
    said = house.do("explain", "203.0.113.2")
    assert ", by mx2" in flat(said) and " mx3 " in said
    assert [change["host"] for change in house.json("log")] == [
        "mx2", "mx2", "mx1"]
    house.sql("DELETE FROM peer")
    assert "host" not in house.json("log")[0]
    assert "host" not in house.json("explain", "203.0.113.2")["bans"][0]
