"""decode: what a refusal of one of the four providers means."""

import csv
import json
import re
import subprocess

import pytest
from conftest import local

ORANGE = ("421 Service refuse. Veuillez essayer plus tard. Service refused, "
          "please try later. OFR_999 [999]")
LAPOSTE = ("450 4.7.1 Client host rejected: Service refuse. Veuillez essayer "
           "plus tard. service refused, please try later. LPN027_503")
VIDEUR = ("550 5.7.1 Too many errors from your IP [203.0.113.7], blocked "
          "until 2026-11-21T18:05:42Z. See "
          "https://postmaster.example/?ip=203.0.113.7&ref=7K2M9Q")
NAMES = ["line", "providers", "own", "phrase", "code", "enhanced",
         "temporary", "known", "old", "means", "lasts", "seconds", "remedy",
         "ip", "ends", "ref"]


def told(text):
    """Each find as its head and a dict of what is told of it."""
    assert all(len(line) <= 80 for line in text.splitlines())
    finds = []
    for block in re.sub(r"\n {5,}", " ", text).strip().split("\n\n"):
        head, *lines = block.splitlines()
        finds.append((head, {line.split()[0]: line.split(None, 1)[1]
                             for line in lines}))
    return finds


def test_a_bounce_is_explained_to_people(house):
    (head, said), = told(house.do("decode", ORANGE))
    assert head == "OFR_999 (421): Orange, temporary"
    assert "earlier reply" in said["means"]
    assert said["lasts"] == "2 h"
    assert "fix what it names" in said["do"]


def test_the_words_need_no_quotes(house):
    assert house.do("decode", *ORANGE.split()) == house.do("decode", ORANGE)


def test_a_dash_among_the_words_is_no_standard_input(house):
    assert told(house.do("decode", *(
        "450 4.7.1 Service refused due to bad behavior - Virus detected "
        "SFR_IN_102").split()))[0][0] == "SFR_IN_102 (450 4.7.1): SFR, " \
        "temporary"


def test_what_videur_says_besides_is_told(house):
    (head, said), = told(house.do("decode", VIDEUR))
    assert head == ("Too many errors from your IP (550 5.7.1): FranceServ, "
                    "Free, final")
    assert said["address"] == "203.0.113.7"
    assert said["until"].startswith(local("2026-11-21T18:05:42Z"))
    assert said["ref"] == "7K2M9Q"


def test_a_live_ban_is_understood_from_its_own_reply(house):
    house.do("ban", "203.0.113.7", "2h")
    ban, = house.json("list")
    find, = house.json("decode", ban["reply"])
    assert find["providers"] == ["videur"]
    assert (find["ip"], find["ends"], find["ref"]) == (
        "203.0.113.7", ban["ends"], ban["ref"])
    assert "left" in told(house.do("decode", ban["reply"]))[0][1]["until"]


def test_every_reply_of_the_shipped_policy_is_understood(house):
    for rule in house.json("codes")["rules"]:
        find, = house.json("decode", rule["reply"])
        assert find["known"] and "franceserv" in find["providers"]
        assert (find["code"], find["enhanced"]) == (rule["code"],
                                                    rule["enhanced"])


def test_json_has_these_names_in_this_order(house):
    find, = json.loads(house.do("decode", "--json", VIDEUR))
    assert list(find) == NAMES
    assert (find["line"], find["own"], find["phrase"]) == (
        1, None, "Too many errors from your IP")
    assert find["providers"] == ["franceserv", "free"]
    assert find["temporary"] is False and find["known"] is True
    assert (find["ip"], find["ends"], find["ref"]) == (
        "203.0.113.7", "2026-11-21T18:05:42Z", "7K2M9Q")


def test_json_has_null_for_what_is_not_there(house):
    find, = house.json("decode", "OFR_425")
    assert list(find) == NAMES
    for name in ("phrase", "code", "enhanced", "temporary", "lasts",
                 "seconds", "ip", "ends", "ref"):
        assert find[name] is None, name


def test_csv_has_a_line_for_each(house):
    names, *lines = csv.reader(
        house.do("decode", "--csv", ORANGE, VIDEUR).splitlines())
    assert names == NAMES
    assert [line[1:3] for line in lines] == [["orange", "OFR_999"],
                                             ["franceserv free", ""]]


def test_102_differs_by_provider(house):
    orange, laposte = house.json("decode", "OFR006_102 and LPN007_102")
    assert "Cloudmark" in orange["means"]
    assert "SenderScore" in laposte["means"]


def test_an_old_code_says_so(house):
    assert "an old code" in told(house.do("decode", "LPN418"))[0][1]["means"]
    assert house.json("decode", "LPN418")[0]["old"] is True


def test_several_codes_are_each_explained(house):
    heads = [head for head, _ in told(house.do("decode", ORANGE, LAPOSTE))]
    assert heads == ["OFR_999 (421): Orange, temporary",
                     "LPN027_503 (450 4.7.1): laposte.net, temporary"]


# ---- standard input ----

REPORT = """\
This is the mail system at host mail.example.

<a@laposte.net>: host smtp.laposte.net[192.0.2.9] said: 450 4.7.1 Client
    host rejected: Service refuse. Veuillez essayer plus tard. service
    refused, please try later. LPN027_503 (in reply to RCPT TO command)

<b@example.net>: host mx.example.net[192.0.2.10] said: 550 5.7.1 Too many
    errors from your IP [203.0.113.7], blocked until
    2026-11-21T18:05:42Z. See
    https://postmaster.example/?ip=203.0.113.7&ref=7K2M9Q (in reply to
    RCPT TO command)
"""


def test_a_report_of_non_delivery_is_read_with_its_folded_lines(house):
    laposte, videur = json.loads(
        house.do("decode", "--json", "-", given=REPORT))
    assert (laposte["line"], laposte["own"], laposte["code"],
            laposte["enhanced"]) == (3, "LPN027_503", "450", "4.7.1")
    assert (videur["line"], videur["code"], videur["ip"], videur["ref"]) == (
        7, "550", "203.0.113.7", "7K2M9Q")


def test_a_whole_report_may_be_one_word(house):
    assert [(find["own"], find["ref"]) for find in
            house.json("decode", REPORT)] == [("LPN027_503", None),
                                              (None, "7K2M9Q")]


def test_lines_of_a_log_are_told_with_their_numbers(house):
    said = told(house.do("decode", "-", given=f"x\n{ORANGE}\n\n{LAPOSTE}\n"))
    assert [(head.split()[0], find["line"]) for head, find in said] == [
        ("OFR_999", "2"), ("LPN027_503", "4")]


def test_standard_input_without_any_says_so(house):
    assert "nothing" in house.do("decode", "-", given="x\ny\n", status=1)
    assert json.loads(house.do("decode", "--json", "-", status=1)) == []


# ---- nothing, and worse ----

@pytest.mark.parametrize("text", ["", "LPN12", "OFR_9999", "hello",
                                  "450 4.7.1 greylisted, try again"])
def test_what_is_not_known_says_what_would_be(house, text):
    said = house.do("decode", text, status=1)
    assert "nothing" in said and "LPN027_503" in said and "OFR_999" in said
    assert json.loads(house.do("decode", "--json", text, status=1)) == []


def test_a_form_without_a_known_reason_is_shown_as_such(house):
    (head, said), = told(house.do("decode", "550 SFR_IN_999", status=1))
    assert head == "SFR_IN_999 (550): SFR, final"
    assert said["means"].startswith("not known")
    find, = json.loads(house.do("decode", "--json", "SFR_IN_999", status=1))
    assert find["known"] is False and find["means"] is None


def test_nothing_of_the_text_itself_reaches_the_terminal(house):
    said = house.do("decode", f"\x1b[31m {ORANGE} \x1b[0m\x07\u202e")
    assert "\x1b" not in said and "\x07" not in said and "\u202e" not in said
    assert said.startswith("OFR_999 (421): Orange")


def test_any_bytes_on_standard_input_are_taken(house):
    noise = bytes(range(256)) * 4096 + b"\n" + ORANGE.encode() + b"\n"
    done = subprocess.run(house.command("decode", "--json", "-"),
                          input=noise, capture_output=True, timeout=60,
                          check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert [find["own"] for find in json.loads(done.stdout)] == ["OFR_999"]


def test_no_text_at_all_is_an_error(house):
    done = house.run("decode")
    assert done.returncode == 2 and "TEXT is missing" in done.stderr
    assert "usage: videur decode" in done.stderr


def test_no_database_is_needed_nor_made(house):
    house.do("decode", ORANGE)
    assert not house.database.exists()
