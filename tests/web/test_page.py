"""What the page says."""

import datetime
import html
import json
import os
import re
import signal
import socket
import sqlite3
import time
import urllib.parse

import pytest

from website import Website, wait_for

TREE = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))

BAD = {
    "": "Please enter one IPv4 address",
    "mx.example.org": "Host names and email addresses cannot be checked",
    "192.0.2.256": "Please enter one IPv4 address",
    "192.0.2.7x%00": "Please enter one IPv4 address",
    "192.0.2.0/24": "Networks cannot be checked here",
    "2001:db8::/32": "Networks cannot be checked here",
    "127.0.0.1": "private or reserved",
    "10.1.2.3": "private or reserved",
    "::1": "private or reserved",
    "fe80::1": "private or reserved",
}


def bans_of(shown, ip):
    """What the command knows of an address."""
    clients = {"2001:db8:0:1::7": "2001:db8:0:1::/64",
               "203.0.113.5": "203.0.113.0/24"}
    return [ban for ban in json.loads(shown.videur("list", "--json"))
            if ban["client"] == clients.get(ip, ip)]


@pytest.mark.parametrize("ip, said", {
    "192.0.2.7": ["Too many mail errors from this address",
                  "500 5.7.1 Too many spams/virus from your IP [192.0.2.7]",
                  "Block number 1 for this reason",
                  "the next block will last 6 h",
                  "the next block will last 4 h",
                  "unknown recipients"],
    "192.0.2.9": ["530 5.7.0 Too many authentication errors from your IP",
                  "Logging in to send mail", "the next block will last 4 h"],
    "2001:db8:0:1::7": ["500 5.7.1 Too many spams/virus from your IP "
                        "[2001:db8:0:1::7]", "2001:db8:0:1::/64",
                        "A block like this always lasts 24 h"],
    "203.0.113.5": ["550 5.7.1 Blocked by the administrator [203.0.113.5]",
                    "Applies to all of 203.0.113.0/24"],
}.items(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_banned_address_reads_what_the_command_knows(shown, ip, said):
    page = shown.ask(f"/?ip={ip}", X_Forwarded_For=ip)
    assert page.status == 200
    assert f"{ip} is blocked" in page.words
    for words in said:
        assert words in page.words
    bans = bans_of(shown, ip)
    assert bans
    for ban in bans:
        assert f"Reference {ban['ref']}" in page.words
        assert f'<time datetime="{ban["begins"]}">' in page.text
        assert f'<time datetime="{ban["ends"]}">' in page.text
    # The error message of the one that a sender hears, and no other.
    messages = re.findall(r"blocked until (\S+Z)(?: with all of \S+)?\. See"
                          r" \S+&ref=(\w+)", re.split(
                              r"A mistake\?|Why this", page.words)[0])
    assert messages == [(bans[0]["ends"], bans[0]["ref"])]


def refs_in(shown, path, **headers):
    """The refs of the website's bans that an answer holds, in whatever form:
    page or JSON, link or mail; it must not depend on the letters' case."""
    answer = shown.ask(path, **headers)
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    everything = (html.unescape(answer.text)
                  + str(answer.headers)).upper()
    return {ban["ref"] for ban in
            json.loads(shown.videur("list", "--all", "--json"))
            if ban["ref"] in everything}


# The client's own address, another of its /64, and the ways to say it.
@pytest.mark.parametrize("json_too", [False, True], ids=["page", "json"])
@pytest.mark.parametrize("visitor, headers, ip, brings, sees", [
    ("192.0.2.7", {}, "192.0.2.7", None, "all"),
    ("192.0.2.9", {}, "192.0.2.7", None, "nothing"),
    (None, {}, "192.0.2.7", None, "nothing"),
    ("192.0.2.9", {}, "192.0.2.7", "192.0.2.7", "all"),
    ("192.0.2.9", {}, "192.0.2.7", "192.0.2.9", "nothing"),
    ("2001:db8:0:1::abcd", {}, "2001:db8:0:1::7", None, "all"),
    ("2001:db8:0:2::7", {}, "2001:db8:0:1::7", None, "nothing"),
    # A wider network's is known to whoever brings it, and to the client.
    ("203.0.113.5", {}, "203.0.113.5", None, "all"),
    ("203.0.113.6", {}, "203.0.113.5", None, "nothing"),
    ("203.0.113.6", {}, "203.0.113.5", "203.0.113.5", "all"),
    # A page of another site, in a browser there.
    ("192.0.2.7", {"Origin": "https://x.example"}, "192.0.2.7", None,
     "nothing"),
    ("192.0.2.9", {"Origin": "https://x.example"}, "192.0.2.7", "192.0.2.7",
     "all"),
])
def test_a_ref_is_for_whom_it_concerns(
        shown, json_too, visitor, headers, ip, brings, sees):
    if visitor:
        headers = {**headers, "X_Forwarded_For": visitor}
    own = {ban["ref"] for ban in bans_of(shown, ip)}
    ref = bans_of(shown, brings)[0]["ref"] if brings else ""
    query = f"ref={ref}" if ref else ""
    if json_too:
        paths = [f"/api/v1/ip/{ip}?{query}", f"/?ip={ip}&{query}"]
        headers["Accept"] = "application/json"
    else:
        paths = [f"/?ip={ip}&lang={lang}&{query}" for lang in ("en", "fr")]
    for path in paths:
        seen = refs_in(shown, path, **headers)
        if sees == "all":
            assert seen == own, path
        elif not json_too and ref:
            assert seen == {ref}, path  # in the notice that it is none
        else:
            assert seen == set(), path


def test_the_ref_of_a_wide_network_opens_no_other(empty):
    """It was told to others, too."""
    empty.configure(more='trusted-proxies = {"127.0.0.0/8"}')
    empty.videur("ban", "192.0.2.0/24", "2d", "--force")
    empty.videur("report", "virus", "192.0.2.7")
    empty.start()
    wide, = (ban["ref"] for ban in json.loads(empty.videur("list", "--json"))
             if ban["client"] == "192.0.2.0/24")
    page = empty.ask(f"/?ip=192.0.2.7&ref={wide}",
                     X_Forwarded_For="192.0.2.8")
    assert page.words.count("Reference") == 1
    assert SEEN not in page.words
    said = json.loads(empty.ask(f"/api/v1/ip/192.0.2.7?ref={wide}",
                                X_Forwarded_For="192.0.2.8").text)
    assert [ban["ref"] for ban in said["bans"]] == [wide, None]
    assert "ref=" not in said["bans"][1]["reply"]


def test_the_ban_that_ends_last_stands_first(shown):
    words = shown.ask("/?ip=192.0.2.7").words
    ends = re.findall(r"blocked until (\S+)\. See",
                      words.split("A mistake?")[0])
    assert ends == [bans_of(shown, "192.0.2.7")[0]["ends"]]
    assert words.index("Spam was sent") < words.index("Too many mail errors")


def test_the_ban_that_was_asked_for_stands_before_one_that_ends_last(shown):
    last, first = bans_of(shown, "192.0.2.7")
    page = shown.ask(f"/?ip=192.0.2.7&ref={first['ref']}")
    words = page.words.split("What to do")[1]
    assert words.index("Too many mail errors") < words.index("Spam was sent")
    until = re.findall(r'<time datetime="([^"]+)">', page.text)
    assert until[0] == first["ends"]
    assert "the last of them ends on" in page.words
    assert last["ends"] in until
    assert page.text.count("<details open>") == 1


def test_what_to_do_stands_before_the_details(shown):
    words = shown.ask("/?ip=192.0.2.7", X_Forwarded_For="192.0.2.7").words
    assert words.index("What to do") < words.index("Reference")


def test_who_logs_in_here_is_told_what_that_means(shown):
    words = shown.ask("/?ip=192.0.2.9").words
    assert "I send mail with my account here" in words
    assert "Check the user name and password of every account" in words
    assert "your provider’s server that is blocked" not in words
    assert "Your message is still in your mail program" in words
    assert "came back" not in words.split("A mistake?")[0]


def test_whether_the_message_comes_again_by_itself_is_said(shown, empty):
    assert "send it again after the end" in \
        shown.ask("/?ip=192.0.2.7").words
    with open(empty.conf, "a", encoding="utf-8") as conf:
        conf.write('policy = "laposte"\n')
    empty.videur("report", "virus", "192.0.2.7")
    empty.start()
    assert "tries again by itself" in empty.ask("/?ip=192.0.2.7").words


def test_an_address_of_the_same_64_is_listed_and_the_next_is_not(shown):
    assert "is blocked" in shown.ask("/?ip=2001:db8:0:1::abcd").words
    assert "is not blocked" in shown.ask("/?ip=2001:db8:0:2::7").words


@pytest.mark.parametrize("ip", ["198.51.100.66", "198.51.100.1"])
def test_a_cleared_or_unknown_address_is_not_listed(shown, ip):
    page = shown.ask(f"/?ip={ip}")
    assert page.status == 200
    assert f"{ip} is not blocked" in page.words
    assert "blocked until 20" not in page.words


def test_the_administrators_note_stays_with_him(shown):
    assert "secret words" not in shown.ask("/?ip=203.0.113.5").text


def test_the_ref_of_the_refusal_is_pointed_out(shown):
    ref = bans_of(shown, "192.0.2.7")[0]["ref"]
    words = shown.ask(f"/?ip=192.0.2.7&ref={ref.lower()}").words
    assert words.count("This is the block named in your error message") == 1
    assert "has ended" not in words


@pytest.mark.parametrize("ref", ["ZZZZZZ", "%3Cb%3E", "x" * 2000, "%00"])
def test_another_ref_does_no_harm(shown, ref):
    page = shown.ask(f"/?ip=192.0.2.7&ref={ref}")
    assert page.status == 200
    assert "192.0.2.7 is blocked" in page.words
    if ref != "%00":
        assert "it ended long ago, belongs to another address" in page.words


@pytest.fixture(scope="module")
def over(tmp_path_factory):
    """A website with blocks of the past, as of four hours before."""
    site = Website(tmp_path_factory.mktemp("over"),
                   more='trusted-proxies = {"127.0.0.0/8"}')
    long_ago = f"@{int(time.time()) - 4 * 3600}"
    for offence, times in {"auth 192.0.2.9": 10, "spam 192.0.2.7": 5,
                           "virus 2001:db8:0:1::7": 1}.items():
        for _ in range(times):
            site.videur("report", *offence.split(), "--at", long_ago)
    site.videur("ban", "198.51.100.66", "2d")
    site.videur("clear", "198.51.100.66")
    site.videur("ban", "192.0.2.7", "2d", "--reason", "virus")
    yield site.start()
    assert site.stop() == 0
    site.close()


def ref_of(site, client, reason):
    """The reference of its newest block for that reason."""
    return next(ban["ref"]
                for ban in json.loads(site.videur("list", "--all", "--json"))
                if ban["client"] == client and ban["reason"] == reason)


def test_a_block_that_is_over_is_told_of_by_its_reference(over):
    ref = ref_of(over, "192.0.2.9", "auth")
    page = over.ask(f"/?ip=192.0.2.9&ref={ref.lower()}")
    assert page.status == 200
    assert "192.0.2.9 is not blocked" in page.words
    assert f"The block {ref} ended" in page.words
    assert re.search(r"ended (1 h 59 min|2 h( \d min)?) ago", page.words)
    assert "Send your message again." in page.words
    assert "Why it was blocked" in page.words
    assert "If it happens again, the next block will last 4 h" in page.words
    assert "is not one of this address" not in page.words
    page = over.ask(f"/?ip=192.0.2.9&ref={ref}&lang=fr")
    assert f"Le blocage {ref} a été levé automatiquement" in page.words
    assert "Renvoyez votre message." in page.words
    assert "le prochain blocage durera 4 h" in page.words


def test_the_reference_alone_finds_its_block(over):
    ref = ref_of(over, "192.0.2.9", "auth")
    for asked in f"/?ref={ref}", f"/?ip=&ref={ref}", f"/?ip={ref}":
        page = over.ask(asked, X_Forwarded_For="203.0.113.77")
        assert "192.0.2.9 is not blocked" in page.words, asked
        assert f"The block {ref} ended" in page.words
        assert "You are browsing from this address" not in page.words
    ref = ref_of(over, "192.0.2.7", "virus")
    page = over.ask(f"/?ref={ref}", X_Forwarded_For="203.0.113.77")
    assert "192.0.2.7 is blocked" in page.words
    assert "192.0.2.7" in over.ask(f"/?ref={ref}", Accept="application/json",
                                   X_Forwarded_For="203.0.113.77").text


def test_a_block_that_was_lifted_is_said_to_be(over):
    ref = ref_of(over, "198.51.100.66", "error")
    page = over.ask(f"/?ip=198.51.100.66&ref={ref}")
    assert f"The block {ref} was lifted" in page.words


def test_beside_another_block_one_that_is_over_is_told_of(over):
    ref = ref_of(over, "192.0.2.7", "spam")
    page = over.ask(f"/?ip=192.0.2.7&ref={ref}")
    assert "192.0.2.7 is blocked" in page.words
    assert f"The block {ref} ended" in page.words
    assert "It was not the only one." in page.words
    assert "Send your message again." not in page.words


def test_the_reference_of_another_address_tells_nothing(over):
    ref = ref_of(over, "192.0.2.9", "auth")
    page = over.ask(f"/?ip=192.0.2.8&ref={ref}")
    assert "192.0.2.8 is not blocked" in page.words
    assert "belongs to another address" in page.words
    assert "192.0.2.9" not in page.words


@pytest.mark.parametrize("ref", ["ZZZZZZ", "zzzzz", "x" * 200])
def test_a_reference_that_nobody_knows_is_said_to_be_none(shown, ref):
    """To a visitor of no public address, who has the form alone."""
    page = shown.ask(f"/?ref={ref}&lang=en", X_Forwarded_For="10.1.2.3")
    assert page.status == 200 and 'name="ip"' in page.text
    assert "We know of no block " in page.words
    assert ("ZZZZZZ" in page.words) == (ref == "ZZZZZZ")
    assert "We know of no block" not in shown.ask(
        "/?lang=en", X_Forwarded_For="10.1.2.3").words


@pytest.mark.parametrize("asked, longer, says", [
    # A reply that begins with 4 is heard until the longer one has 5.
    (("sfr", "spam", 5), "12h", "send it again after"),
    (("franceserv", "spam", 5), "1h", "send it again after the end."),
    (("franceserv", "spam", 5), "12h", ", when no block is left"),
    (("sfr", "spam", 5), "1h", "Your server keeps the message"),
])
def test_who_has_to_send_again_is_told_by_what_is_heard_now(
        tmp_path, asked, longer, says):
    policy, kind, times = asked
    site = Website(tmp_path)
    with open(site.conf, "a", encoding="utf-8") as conf:
        conf.write(f'policy = "{policy}"\n')
    for _ in range(times):
        site.videur("report", kind, "192.0.2.7")
    (ban,) = json.loads(site.videur("list", "--json"))
    site.videur("ban", "192.0.2.7", longer)
    site.start()
    try:
        page = site.ask(f"/?ip=192.0.2.7&ref={ban['ref']}&lang=en")
        verdict = page.text.split("<section")[1]
        assert says in " ".join(re.sub("<[^>]*>", "", verdict).split())
    finally:
        site.close()


# ---- a policy of the owner's ----

POLICY = """
rule "many" {{
	events = {{{events}}} limit = {limit} within = 1h {more}
	reason = {reason} service = {service} ban = {{{ban}}}
	reply = "{code} 5.7.1 Too much"
}}
"""


def with_policy(site, *rules, conf=""):
    """Start a site that follows these rules."""
    os.makedirs(f"{site.folder}/policies")
    with open(f"{site.folder}/policies/mine.conf", "w",
              encoding="utf-8") as file:
        for number, rule in enumerate(rules):
            file.write(POLICY.format(**{
                "limit": 20, "more": "", "service": "mx", "ban": "2h",
                "code": 550, **rule}).replace("many", f"many-{number}"))
    with open(site.conf, "a", encoding="utf-8") as file:
        file.write(f'policy = "mine"\n{conf}')
    return site.start()


PROSE = ("why", "faq", "durations", "codes")
SPAM = {"events": "spam", "reason": "spam"}
# What the pages may say only under a policy that has it: in each language.
CLAIMS = {
    "recipient": (["nknown recipients", "such attempts lead to one"],
                  ["destinataires inconnus", "essais de ce genre"],
                  ["nbekannte Empfänger", "solche Versuche führen"]),
    "greylist": (["greylisting counts", "never sent again"],
                 ["après la liste grise", "jamais renvoyé"],
                 ["Greylisting", "nie erneut"]),
    "virus": (["finds a virus", "with a virus"], ["contenant un virus"],
              ["mit einem Virus"]),
    "auth": (["I have an account here"], ["J’ai un compte chez vous"],
             ["Ich habe hier ein Konto"]),
    "grows": (["may be longer", "Only blocks of the last", "longer this time"],
              ["peut être plus long", "Seuls comptent les blocages"],
              ["länger dauern", "Nur Sperren der letzten"]),
    "many": (["Each reason is counted separately"],
             ["Chaque motif est compté séparément"],
             ["Jeder Grund wird für sich gezählt"]),
    "wide": (["several clients of one network", "block a larger network"],
             ["plusieurs clients d’un même réseau", "bloquer un réseau plus"],
             ["mehrere Absender eines Netzes", "größeres Netz"]),
    "weighed": (["how large a part"], ["la part de mauvais messages"],
                ["der Anteil schlechter Nachrichten"]),
    "once": (["nce can be enough"], ["ne seule fois peut suffire"],
             ["in Mal kann genügen"]),
}


def claims_of(site, language):
    """What the pages say of the policy in that language."""
    words = "\n".join(site.ask(f"/{page}?lang={language}").words
                      for page in PROSE)
    place = ("en", "fr", "de").index(language)
    return {name for name, said in CLAIMS.items()
            if all(part in words for part in said[place])}, {
        name for name, said in CLAIMS.items()
        if any(part in words for part in said[place])}


@pytest.mark.parametrize("language", ["en", "fr", "de"])
@pytest.mark.parametrize("rules, true", [
    ([SPAM], set()),
    ([{**SPAM, "ban": "2h, 2h, 2h"}], set()),
    ([{**SPAM, "ban": "2h, 4h"}], {"grows"}),
    ([{**SPAM, "more": "ratio = 0.5"}], {"weighed"}),
    ([{**SPAM, "more": "credit = 50"}], {"weighed"}),
    ([{**SPAM, "more": "widen = {56}"}], {"wide"}),
    ([{**SPAM, "limit": 1}], {"once"}),
    ([{"events": "virus", "reason": "virus"}], {"virus"}),
    ([{"events": "recipient", "reason": "error"}], {"recipient"}),
    ([{"events": "greylist", "reason": "error"}], {"greylist"}),
    ([SPAM, {"events": "auth", "reason": "auth", "code": 530,
             "service": "submission"}], {"auth", "many"}),
], ids=lambda value: "+".join(sorted(value)) or "none"
   if isinstance(value, set) else "")
def test_the_prose_speaks_of_the_policy_in_force(empty, language, rules, true):
    every, some = claims_of(with_policy(empty, *rules), language)
    assert every == some == true


def test_the_questions_say_what_is_counted_by_which_rule_and_where(empty):
    with_policy(empty, {"events": "helo, relay", "reason": "error"},
                {"events": "auth", "reason": "auth", "code": 535},
                {"events": "complaint, spam", "reason": "spam"},
                conf="sources { helo = watch relay = none }\n")
    page = empty.ask("/faq?lang=en")
    said = page.words.split("What do you count?")[1].split("I did nothing")[0]
    assert "Errors: missing or invalid HELO or EHLO, attempts to relay" in said
    assert "Failed logins: failed logins" in said
    live, logs = said.split("in live connections:") if (
        "in live connections:" in said) else ("", said)
    logs, reports = logs.split("only when it is reported to us:")
    assert "missing or invalid HELO or EHLO" in logs.split("in our logs:")[1]
    assert "failed logins" in logs.split("in our logs:")[1]
    assert "attempts to relay through us" in reports
    assert "complaints from recipients" in reports
    assert re.search(r'#535">535</a>', page.text)
    assert "and on what is reported to us" in page.words


def test_in_observe_mode_all_is_said_to_be_what_would_be(empty):
    with open(empty.conf, "a", encoding="utf-8") as conf:
        conf.write("mode = observe\n")
    for _ in range(25):
        empty.videur("report", "helo", "192.0.2.7")
    empty.start()
    would = {"en": ("we only observe", "would hear", "Such a block would last",
                    "Every block would end", "What would get an address"),
             "fr": ("nous observons seulement", "nous répondrions",
                    "Un tel blocage durerait", "Chaque blocage serait",
                    "Ce qui ferait bloquer"),
             "de": ("beobachten wir nur", "würden wir einer gesperrten",
                    "Eine solche Sperre würde", "würde von selbst enden",
                    "gesperrt würde")}
    for language, said in would.items():
        for path in "", "?ip=192.0.2.7&", *PROSE, "stats":
            words = empty.ask(f"/{path.rstrip('&')}"
                              f"{'&' if '?' in path else '?'}"
                              f"lang={language}").words
            assert said[0] in words, path
        codes, durations, why = (
            empty.ask(f"/{path}?lang={language}").words
            for path in ("codes", "durations", "why"))
        assert said[1] in codes and said[2] in codes
        assert said[3] in durations and said[4] in why
    # Nobody is counted as blocked who is not refused.
    listed = json.loads(empty.videur("list", "--json"))
    status = json.loads(empty.videur("status", "--json"))
    figures = json.loads(empty.ask("/api/v1/stats").text)
    assert [ban["observed"] for ban in listed] == [True]
    assert sum(status["listed"].values()) == 0 and status["observed"] == 1
    assert sum(figures["bans"].values()) == 0
    assert figures["listed"] == {"ipv4": 0, "ipv6": 0}
    assert sum(figures["days"][-1]["bans"].values()) == 0
    assert "0 IPv4 addresses blocked" in empty.ask("/?lang=en").words
    assert "is not blocked" in empty.ask("/?ip=192.0.2.7&lang=en").words
    assert json.loads(empty.ask("/api/v1/ip/192.0.2.7").text)["bans"] == []
    empty.configure()
    empty.signal(signal.SIGHUP)
    wait_for(lambda: "we only observe" not in empty.ask("/why?lang=en").words,
             20, "the mode is another one")
    assert "would" not in empty.ask("/durations?lang=en").words


def test_how_many_are_blocked_and_as_of_when(empty):
    for who in "192.0.2.7", "203.0.113.0/24", "2001:db8::7", "192.0.2.8":
        empty.videur("ban", who, "2h")
    empty.videur("clear", "192.0.2.8")
    empty.start()
    assert re.search(
        r"As of \d\d:\d\d UTC: 1 IPv4 address blocked, 1 IPv4 network blocked, "
        r"1 IPv6 network blocked\.", empty.ask("/").words)
    assert re.search(
        r"À \d\d:\d\d UTC : 1 adresse IPv4 bloquée, 1 réseau IPv4 bloqué, "
        r"1 réseau IPv6 bloqué\.", empty.ask("/?lang=fr").words)
    words = empty.ask("/stats").words
    for told in ("IPv4 address blocked 1", "IPv4 network blocked 1",
                 "IPv6 network blocked 1", "By the administrator 3"):
        assert told in words


def test_no_count_stands_beside_an_answer(empty):
    """It would be of another moment than the answer."""
    empty.videur("ban", "192.0.2.7", "2h")
    empty.start()
    for path in ("/?ip=192.0.2.7", "/?ip=192.0.2.8", "/?ip=x", "/codes",
                 "/faq"):
        assert "addresses blocked" not in empty.ask(path).words, path


def test_statistics_of_a_missing_database_are_none(empty):
    empty.start()
    for path in "/stats", "/api/v1/stats":
        answer = empty.ask(path)
        assert answer.status == 503, path
        assert int(answer.headers["Retry-After"]) > 0
    empty.videur("ban", "192.0.2.7", "2h")
    for path in "/stats", "/api/v1/stats":
        wait_for(lambda path=path: empty.ask(path).status == 200, 20, path)
    for name in os.listdir(empty.folder):
        if name.startswith("videur.db"):
            os.unlink(f"{empty.folder}/{name}")
    # All that ask within a millisecond look at the files once.
    for path in "/stats", "/api/v1/stats":
        wait_for(lambda path=path: empty.ask(path).status == 503, 1, path)


@pytest.mark.parametrize("contact, hits, opened", [
    ("postmaster@example.fr", 10, True), ("", 9, True), ("", 10, False)])
def test_the_postmaster_is_open_as_long_as_the_milter_says(
        tmp_path, contact, hits, opened):
    site = Website(tmp_path)
    with open(site.conf, encoding="utf-8") as file:
        text = file.read()
    with open(site.conf, "w", encoding="utf-8") as file:
        file.write(text.replace('"postmaster@example.fr"', f'"{contact}"'))
    for _ in range(20):
        site.videur("report", "recipient", "192.0.2.7")
    with sqlite3.connect(site.database) as database:
        database.execute("UPDATE ban SET hits = ?", (hits,))
    site.start()
    try:
        words = site.ask("/?ip=192.0.2.7").words
        assert ("except to postmaster@" in words) == opened
    finally:
        site.close()


@pytest.mark.parametrize("ip, said", BAD.items())
def test_bad_input_is_helped(shown, ip, said):
    page = shown.ask(f"/?ip={ip}")
    assert page.status == 400
    assert said in page.words
    assert "<form" in page.text


def test_markup_in_the_address_comes_back_as_text(shown):
    page = shown.ask("/?ip=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert page.status == 400
    assert "<script>" not in page.text
    assert "&quot;&gt;&lt;script&gt;" in page.text


BOUNCE = """<joe@example.org>: host mx.example[198.51.100.25] said: 550 5.7.1
    Too many errors from your IP [192.0.2.7], blocked until
    2026-11-21T18:05:42Z. See https://mx.example/?ip=192.0.2.7&ref=REF (in
    reply to RCPT TO command)"""


@pytest.mark.parametrize("asked", [
    "[192.0.2.7]", " 192.0.2.7\r\n", "::ffff:192.0.2.7", "192.0.2.7:25",
    "192.0.2.7/32", "unknown[192.0.2.7]", BOUNCE, "x" * 2000 + "\n" + BOUNCE])
def test_pasted_addresses_are_understood(shown, asked):
    page = shown.ask(f"/?ip={urllib.parse.quote(asked)}")
    assert "192.0.2.7 is blocked" in page.words
    assert 'value="192.0.2.7"' in page.text


def test_the_reference_in_a_pasted_bounce_is_the_one_asked_for(shown):
    ref = bans_of(shown, "192.0.2.7")[0]["ref"]
    page = shown.ask(f"/?ip={urllib.parse.quote(BOUNCE.replace('REF', ref))}")
    assert "it ended long ago, belongs to another address" not in page.words
    assert "This is the block named in your error message" in page.words
    page = shown.ask(f"/?ip={urllib.parse.quote(BOUNCE.replace('REF', 'ZZZZZZ'))}")
    assert "it ended long ago, belongs to another address" in page.words


# Each is the two addresses, and nothing else.
@pytest.mark.parametrize("asked", [
    "ip=192.0.2.7&ip=2001:db8:0:1::7",
    "ip=192.0.2.7+2001:db8:0:1::7",
    "ip=192.0.2.7,2001:db8:0:1::7",
    "ip=192.0.2.7,+2001:db8:0:1::7+and+192.0.2.7",
    "ip=192.0.2.7%0D%0A2001:db8:0:1::7%0D%0A",
    "ip=%5B192.0.2.7%5D%3B+%5BIPv6:2001:db8:0:1::7%5D",
    "ip=IPv4:+192.0.2.7+IPv6:+2001:db8:0:1::7",
    "ip=A+192.0.2.7+/+AAAA+2001:db8:0:1::7",
    "ip=%5B%22192.0.2.7%22,%222001:db8:0:1::7%22%5D",
    "ip=192.0.2.7/32+2001:db8:0:1::7/128",
    "ip=&ip=192.0.2.7:25&ip=+&ip=2001:db8:0:1::7",
])
def test_several_addresses_at_once(shown, asked):
    page = shown.ask(f"/?{asked}")
    assert page.status == 200
    assert page.text.count('<section class="verdict') == 2
    for ip in "192.0.2.7", "2001:db8:0:1::7":
        assert f"{ip} is blocked" in re.sub("<wbr>|</?span.*?>", "",
                                              page.text)
        end = max(ban["ends"] for ban in bans_of(shown, ip))
        assert f'datetime="{end}"' in page.text
        assert f'href="./?ip={ip}&amp;"' in page.text
        assert shown.ask(f"/?ip={ip}&").status == 200
    assert 'value="192.0.2.7 2001:db8:0:1::7"' in page.text \
        or "%0D" in asked or "ip=" in asked
    assert page.text.index(">192.0.2.7 is") < page.text.index(">2001:<wbr>")
    french = shown.ask(other_language(page, f"/?{asked}"))
    assert "Plusieurs adresses" in french.words
    assert "L’adresse 192.0.2.7 est bloquée" in french.words


@pytest.mark.parametrize("asked", [
    "ip=192.0.2.7,+192.0.2.7", "ip=192.0.2.7&ip=192.0.2.7", "ip=&ip=192.0.2.7",
    "ip=192.0.2.7&ip=%5B192.0.2.7%5D:25", "ip=from+192.0.2.7",
    "ip=" + urllib.parse.quote(BOUNCE),
    "ip=client%3Dunknown%5B192.0.2.7%5D,+relay%3Dmx%5B198.51.100.25%5D"])
def test_one_address_is_no_list(shown, asked):
    page = shown.ask(f"/?{asked}")
    assert "192.0.2.7 is blocked" in page.words
    assert "Several addresses" not in page.words


def test_of_several_each_has_its_own_answer(shown):
    asked = ("192.0.2.7", "198.51.100.1", "192.0.2.256", "10.0.0.1",
             "203.0.113.0/24")
    page = shown.ask("/?ip=" + "+".join(asked))
    assert page.status == 200
    for words in ("192.0.2.7 is blocked", "198.51.100.1 is not blocked",
                  "192.0.2.256 That is not an IP address",
                  "10.0.0.1 This address is never blocked",
                  "203.0.113.0/24 Please ask for a single address"):
        assert words in page.words
    assert f'value="{" ".join(asked)}"' in page.text


def test_a_ref_opens_one_of_several(shown):
    ref = bans_of(shown, "192.0.2.7")[0]["ref"]
    path = f"/?ip=192.0.2.7+192.0.2.9&ref={ref}"
    page = shown.ask(path)
    assert f'href="./?ip=192.0.2.7&amp;ref={ref}&amp;"' in page.text
    assert 'href="./?ip=192.0.2.9&amp;"' in page.text
    assert refs_in(shown, path) == {ref}
    assert refs_in(shown, "/?ip=192.0.2.7+192.0.2.9",
                   X_Forwarded_For="192.0.2.7") == set()


@pytest.mark.parametrize("asked", [
    "&".join(["ip=x"] * 17), "&".join(["ip=%00"] * 100),
    "ip=" + "+".join(f"192.0.2.{n}" for n in range(1, 18)),
    "ip=" + ",".join(["192.0.2.1"] * 8 + ["192.0.2.7/24"] * 30)], ids=["of x", "of %00", "listed", "with networks"])
def test_too_many_addresses_are_told(shown, asked):
    page = shown.ask(f"/?{asked}")
    assert page.status == 400
    assert "At most 16 addresses" in page.words


def test_an_address_of_this_host_is_said_to_be_one(empty):
    empty.configure(listen=f"unix:{empty.folder}/web.sock")
    empty.videur("ban", "192.0.2.7", "2h")
    empty.start(before=[
        "unshare", "-n", "sh", "-c", "ip link set lo up && "
        'ip address add 198.51.100.25/32 dev lo && exec "$@"', "sh"])
    page = empty.ask("/?ip=198.51.100.25")
    assert page.status == 200
    assert "That is an address of our own server" in page.words
    assert "une adresse de notre propre serveur" in \
        empty.ask("/?ip=198.51.100.25&lang=fr").words
    # A log line has both, without words by which they are told apart.
    assert "203.0.113.9 is not blocked" in empty.ask(
        "/?ip=from%20198.51.100.25%20to%20203.0.113.9").words
    assert json.loads(empty.ask("/api/v1/ip/198.51.100.25").text) \
        ["listed"] is False


def test_a_visitor_is_told_about_his_own_address(shown):
    page = shown.ask("/", X_Forwarded_For="192.0.2.7")
    assert page.status == 200
    assert "192.0.2.7 is blocked" in page.words
    assert "You are browsing from this address" in page.words
    assert 'value="192.0.2.7"' in page.text


def test_a_visitor_from_inside_gets_the_form_alone(shown):
    page = shown.ask("/")
    assert page.status == 200
    assert 'value=""' in page.text
    assert "is blocked" not in page.words
    assert "is not blocked" not in page.words


def test_only_what_the_proxy_saw_counts(shown):
    page = shown.ask("/", X_Forwarded_For="192.0.2.7, 198.51.100.1")
    assert "You connect from 198.51.100.1 : not blocked" in page.words


def test_several_lines_of_forwarded_are_one_list(shown):
    said = shown.raw(b"GET / HTTP/1.1\r\nHost: x\r\n"
                     b"X-Forwarded-For: 192.0.2.7\r\n"
                     b"X-Forwarded-For: 198.51.100.1\r\n"
                     b"Connection: close\r\n\r\n")
    assert b">198.51.100.1</a>: not" in said
    assert b"192.0.2.7 is" not in said


@pytest.mark.parametrize("lang, words", [
    ("en", "You connect from 198.51.100.1 : not blocked. Checked on"),
    ("fr", "depuis l’adresse 198.51.100.1 : elle n’est pas bloquée. Vérifié")])
def test_the_front_page_is_the_form_and_a_line_of_the_visitor(
        shown, lang, words):
    page = shown.ask(f"/?lang={lang}", X_Forwarded_For="198.51.100.1")
    text = page.text
    assert words in page.words
    assert text.index('id="ip"') < text.index('class="aside visitor"')
    assert f'href="./?ip=198.51.100.1&amp;lang={lang}"' in text
    assert 'value="198.51.100.1"' in text
    assert "verdict good" not in text and "Good to know" in \
        shown.ask("/", X_Forwarded_For="198.51.100.1").words
    # A link to the page in another language is one to the front page.
    assert re.findall(r'href="(\S*)" lang=', text) == [
        f"?lang={other}" for other in ("en", "de", "fr") if other != lang]


def test_on_the_front_page_the_form_stands_before_a_red_card(shown):
    text = shown.ask("/", X_Forwarded_For="192.0.2.7").text
    assert text.index('id="ip"') < text.index('class="verdict bad"')
    assert text.count('id="ip"') == 1
    text = shown.ask("/?ip=192.0.2.7", X_Forwarded_For="192.0.2.7").text
    assert text.index('id="ip"') > text.index('class="verdict bad"')


@pytest.mark.parametrize("conf, host", [
    ('web {{ site-name = "Chez Jo" {} }}', "Chez Jo"),
    ('lookup-url = "https://postmaster.example.fr:81/"\nweb {{ {} }}',
     "postmaster.example.fr"),
    ('lookup-url = "https://[2001:db8::5]/"\nweb {{ {} }}', "[2001:db8::5]"),
    ('contact = "jo@example.org"\nweb {{ {} }}', "example.org"),
    ('web {{ {} }}', socket.gethostname()),
])
def test_whose_page_it_is(empty, conf, host):
    """In the title, in the first line, and in the verdict."""
    with open(empty.conf, "w", encoding="utf-8") as file:
        file.write(f'database = "{empty.database}"\n')
        file.write(conf.format('listen = "127.0.0.1:0"'))
    empty.videur("ban", "192.0.2.7", "2h")
    empty.start()
    for path in "/", "/faq", "/?ip=192.0.2.7", "/?ip=x":
        page = empty.ask(path)
        assert re.search(r"<title>.* – (.*)</title>", page.text)[1] == host
        assert f'alt=""> <span>{host}</span>' in page.text
    assert f"{host} refuses mail from this address" in \
        empty.ask("/?ip=192.0.2.7").words


@pytest.mark.parametrize("zone, lang, words", [
    ("Europe/Paris", "fr", r"\d\d:\d\d \(heure de Paris\)"),
    ("Europe/London", "fr", r"\d\d:\d\d \(heure de Londres\)"),
    ("Europe/Athens", "fr", r"\d\d:\d\d \(heure d’Athènes\)"),
    ("America/New_York", "en", r"\d\d:\d\d New York time"),
    ("America/Argentina/Buenos_Aires", "fr", r"\(heure de Buenos Aires\)"),
    ("Etc/GMT+5", "en", r"\d\d:\d\d -05"),
    pytest.param("EST5EDT", "en", r"\d\d:\d\d E[SD]T",
                 marks=pytest.mark.skipif(
                     not os.path.exists("/usr/share/zoneinfo/EST5EDT"),
                     reason="an old name, in tzdata-legacy since Debian 13")),
])
def test_the_zone_is_named_by_its_place(empty, zone, lang, words):
    empty.configure(more=f'zone = "{zone}"')
    empty.videur("ban", "192.0.2.7", "2h")
    empty.start()
    page = empty.ask(f"/?ip=192.0.2.7&lang={lang}")
    assert re.search(words, page.words)
    assert re.search(r"\d\d:\d\d:\d\d UTC", page.words)


@pytest.mark.parametrize("more", ["", 'zone = "Asia/Kathmandu"'])
def test_a_minute_that_is_told_is_never_before_the_end(tmp_path, more):
    """Whatever the seconds are: in the times, the last of several, and the
    time left."""
    site = Website(tmp_path, more=more)
    for seconds in 7200, 7230, 7259, 90061:
        site.videur("ban", f"192.0.2.{seconds % 100}", f"{seconds}s")
        site.videur("ban", f"192.0.2.{seconds % 100}", f"{seconds // 2}s",
                    "--reason", "spam")
    site.start()
    try:
        for seconds in 7200, 7230, 7259, 90061:
            page = site.ask(f"/?ip=192.0.2.{seconds % 100}")
            told = re.findall(
                r'<time datetime="([^"]*)">\d+ \w+ \d+, (\d\d:\d\d)\s',
                page.text)
            assert told
            for iso, clock in told:
                end = datetime.datetime.fromisoformat(iso[:-1])
                if more:
                    end += datetime.timedelta(hours=5, minutes=45)
                end += datetime.timedelta(seconds=-end.second % 60)
                assert clock == f"{end:%H:%M}"
            left = re.search(r'data-left="(\d+)".*?>([^<]*)<', page.text, re.S)
            units = {"d": 86400, "h": 3600, "min": 60, "s": 1}
            words = left[2].split()
            assert sum(int(number) * units[unit] for number, unit
                       in zip(words[::2], words[1::2])) >= int(left[1])
    finally:
        site.stop()
        site.close()


@pytest.mark.parametrize("lang, accept, want", [
    (None, None, "en"),
    (None, "fr", "fr"),
    (None, "fr-CH, fr;q=0.9, en;q=0.8", "fr"),
    (None, "en;q=0.3, fr;q=0.7", "fr"),
    (None, "fr;q=0.3, en;q=0.7", "en"),
    (None, "tlh", "en"),
    ("fr", "en", "fr"),
    ("en", "fr", "en"),
    ("xx", "fr", "fr"),
])
def test_the_language_the_visitor_wishes_for(shown, lang, accept, want):
    path = "/?ip=192.0.2.7" + (f"&lang={lang}" if lang else "")
    headers = {"Accept_Language": accept} if accept else {}
    page = shown.ask(path, **headers)
    assert f'<html lang="{want}">' in page.text
    assert page.headers["Content-Language"] == want
    assert page.headers["Vary"] == "Accept, Accept-Language"
    title = {"en": "192.0.2.7 is blocked", "fr": "L’adresse 192.0.2.7 est bloquée"}
    assert title[want] in page.words


def other_language(page, path):
    """Where the link to the page in French leads."""
    link = html.unescape(
        re.search(r'<a href="([^"]*)" lang="fr"', page.text)[1])
    return urllib.parse.urljoin("http://x" + path, link)[len("http://x"):]


@pytest.mark.parametrize("path, status, said", [
    ("/?ip=192.0.2.7", 200, "192.0.2.7 est bloquée"),
    ("/?ip=192.0.2.7&ref=ZZZZZZ", 200, "ZZZZZZ"),
    ("/?ip=192.0.2.7&ref=%3Cb%3E", 200, "la référence"),
    ("/?ip=192.0.2.7&ref=" + "x" * 2000, 200, "la référence"),
    ("/?ip=mx.example.org", 400, 'value="mx.example.org"'),
    ("/?ip=a%26b%3Dc%20%22%3C%C3%A9&ref=7K2M9Q", 400, "IP"),
    ("/?ip=" + "%22" * 3000, 400, "IP"),
    ("/?ip=10.0.0.1", 400, 'value="10.0.0.1"'),
    ("/?ip=192.0.2.0/24", 400, 'value="192.0.2.0/24"'),
    ("/nothing/at/all", 404, "<h1>"),
    ("/codes", 200, "<h1>"),
])
def test_the_same_in_another_language(shown, path, status, said):
    """The link keeps address, ref and what the page says."""
    for headers in {}, {"X_Forwarded_For": "192.0.2.7"}:
        english = shown.ask(path, **headers)
        assert english.status == status
        link = other_language(english, path)
        french = shown.ask(link, **headers)
        assert french.status == status
        assert '<html lang="fr">' in french.text
        assert said in french.text
        asked, again = (urllib.parse.parse_qs(
            urllib.parse.urlsplit(one).query) for one in (path, link))
        assert again == {**asked, "lang": ["fr"]}


def test_no_link_is_longer_than_a_request(shown):
    """Bytes that need no escaping as they come, and do in a link."""
    path = "/?ip=" + "!" * 8000
    page = shown.ask(path)
    assert other_language(page, path) == "/?lang=fr"
    assert 'value=""' in page.text


def test_both_languages_say_the_same_facts(shown):
    facts = []
    for lang in "en", "fr":
        page = shown.ask(f"/?ip=192.0.2.7&lang={lang}")
        facts.append((re.findall(r'datetime="([^"]*)"', page.text),
                      re.findall(r"<code>(.*?)</code>", page.text),
                      re.findall(r"<pre lang=\"en\".*?>(.*?)</pre>",
                                 page.text)))
    assert facts[0] == facts[1]
    assert len(facts[0][2]) == 1


SITE = "/codes", "/durations", "/why", "/faq", "/stats"


def test_no_page_needs_scripts_or_strangers(shown):
    for path in ("/", "/?ip=192.0.2.7", "/?ip=x", "/nothing", *SITE):
        text = shown.ask(path).text
        # One file of our own, and nothing that is written into the page.
        assert re.findall(r"<script[^>]*>", text) == \
            re.findall(r'<script src="\./page\.js\?v=[0-9a-f]{8}" defer>', text)
        assert " style=" not in text and "<style" not in text
        assert not re.search(r" on[a-z]+=", text)
        # A link that tells whose an address is may be followed.
        text = text.replace('href="https://client.rdap.org/', "")
        assert not re.search(r"""(src|href|action)="(https?:)?//""", text)


@pytest.mark.parametrize("path", ["/style.css", "/page.js", "/icon.svg"])
def test_files_of_the_site(shown, path):
    answer = shown.ask(path)
    kind = {"css": "text/css; charset=utf-8", "svg": "image/svg+xml",
            "js": "text/javascript; charset=utf-8"}[path.split(".")[1]]
    assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
    assert "max-age=" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", SITE)
def test_every_page_of_the_site_in_both_languages(shown, path):
    titles = set()
    for lang in "en", "fr":
        page = shown.ask(f"{path}?lang={lang}")
        assert page.status == 200
        assert f'<html lang="{lang}">' in page.text
        assert page.text.count("<h1>") == 1
        assert f'<a href=".{path}?lang={lang}" aria-current="page">' \
            in page.text
        titles.add(re.search(r"<h1>(.*)</h1>", page.text)[1])
    assert len(titles) == 2


# ---- what was seen of an address, and who may see it ----

SEEN = "What we saw in the last 48 hours"


@pytest.mark.parametrize("ip, path, sees", [
    ("192.0.2.7", "/", True),
    ("192.0.2.7", "/?ip=192.0.2.7", True),
    ("2001:db8:0:1::abcd", "/?ip=2001:db8:0:1::7", True),
    ("2001:db8:0:2::7", "/?ip=2001:db8:0:1::7", False),
    ("192.0.2.9", "/?ip=192.0.2.7", False),
    ("192.0.2.9", "/?ip=192.0.2.7&ref=ZZZZZZ", False),
    ("192.0.2.9", "/?ip=192.0.2.7&ref=REF", True),
    ("192.0.2.7", "/?ip=198.51.100.1", False),
    ("203.0.113.6", "/?ip=203.0.113.5&ref=WIDE", False),
])
def test_who_sees_what_was_seen(shown, ip, path, sees):
    path = path.replace("REF", bans_of(shown, "192.0.2.7")[0]["ref"])
    path = path.replace("WIDE", bans_of(shown, "203.0.113.5")[0]["ref"])
    page = shown.ask(path, X_Forwarded_For=ip)
    assert page.status == 200
    assert (SEEN in page.words) == sees
    assert ('role="img"' in page.text) == sees


def test_what_was_seen_is_counted_by_hour(shown):
    words = shown.ask("/", X_Forwarded_For="192.0.2.7").words
    table = words[words.index("Show as a table"):]
    assert "20 unknown recipients" in table
    assert "5 messages recognised as spam" in table


@pytest.mark.parametrize("times, language, words", [
    (5, "en", "a neutral reputation with us"),
    (5, "fr", "n’a ni bonne ni mauvaise réputation chez nous"),
    (30, "en", "a poor reputation with us"),
    (30, "fr", "a mauvaise réputation chez nous"),
])
def test_its_reputation_is_told_in_words(tmp_path, times, language, words):
    site = Website(tmp_path, more='trusted-proxies = {"127.0.0.0/8"}')
    for _ in range(times):
        site.videur("report", "spam", "192.0.2.7")
    site.start()
    try:
        page = site.ask(f"/?lang={language}", X_Forwarded_For="192.0.2.7")
        assert words in page.words.replace("\xa0", " ")
        stranger = site.ask(f"/?ip=192.0.2.7&lang={language}")
        assert words not in stranger.words.replace("\xa0", " ")
        assert site.stop() == 0
    finally:
        site.close()


def test_what_to_send_can_be_copied(shown):
    ban = bans_of(shown, "192.0.2.7")[1]
    page = shown.ask(f"/?ip=192.0.2.7&ref={ban['ref']}")
    report = html.unescape(
        re.search(r'<pre id="report"[^>]*>(.*?)</pre>', page.text, re.S)[1])
    assert "Sending IP address: 192.0.2.7\n" in report
    assert report.endswith(f"Full SMTP error message:\n{ban['reply']}\n")
    link = html.unescape(re.search(r'href="(mailto:[^"?]+\?[^"]*)"',
                                   page.text)[1])
    mail = urllib.parse.urlsplit(link)
    words = urllib.parse.parse_qs(mail.query)
    assert mail.path == "postmaster@example.fr"
    assert words["subject"] == [f"192.0.2.7 is blocked ({ban['ref']})"]
    assert words["body"] == [report.replace("\n", "\r\n")]


def shared(page):
    """What is to be sent to one's provider, and the link that is copied."""
    mail = html.unescape(re.search(r'href="mailto:\?([^"]*)"', page.text)[1])
    link = html.unescape(re.search(r'data-link="([^"]*)"', page.text)[1])
    return urllib.parse.parse_qs(mail), link


def test_what_is_sent_to_the_provider(shown, empty):
    ban = bans_of(shown, "192.0.2.7")[1]
    words, link = shared(shown.ask(f"/?ip=192.0.2.7&ref={ban['ref']}"))
    assert link == \
        f"https://postmaster.example.fr/?ip=192.0.2.7&ref={ban['ref']}"
    assert words["subject"] == ["192.0.2.7 is blocked by postmaster.example.fr"]
    assert f"\r\n{ban['reply']}\r\n" in words["body"][0]
    assert f"\r\n{link}\r\n" in words["body"][0]
    # Of a block whose reference one need not know.
    words, link = shared(shown.ask("/?ip=192.0.2.7"))
    assert link == "https://postmaster.example.fr/?ip=192.0.2.7"
    with open(empty.conf, "w", encoding="utf-8") as file:
        file.write(f'database = "{empty.database}"\n'
                   'web { listen = "127.0.0.1:0" }\n')
    empty.videur("ban", "192.0.2.7", "2h")
    words, link = shared(empty.start().ask("/?ip=192.0.2.7"))
    assert link == "?ip=192.0.2.7" and link not in words["body"][0]


# ---- the active policy ----

def rules_of(policy):
    """Replies and durations of a shipped policy, read from its file."""
    with open(f"{TREE}/src/conf/policies/{policy}.conf",
              encoding="utf-8") as file:
        text = re.sub(r"#.*", "", file.read())
    replies = re.findall(r'reply(?:-again)?\s*=\s*"([^"]*)"', text)
    bans = {duration.strip() for row in re.findall(r"ban\s*=\s*{([^}]*)}", text)
            for duration in row.split(",")}
    return replies, bans


def test_codes_and_durations_are_those_of_the_active_policy(empty):
    empty.videur("ban", "192.0.2.7", "2h")
    empty.start()
    with open(empty.conf, encoding="utf-8") as file:
        conf = file.read()
    policies = sorted(name[:-5] for name in
                      os.listdir(f"{TREE}/src/conf/policies"))
    pages = {}
    for policy in policies:
        with open(empty.conf, "w", encoding="utf-8") as file:
            file.write(f'policy = "{policy}"\n{conf}')
        count = len(empty.lines())
        empty.signal(signal.SIGHUP)
        wait_for(lambda count=count: any(
            "configuration reloaded" in line
            for line in empty.lines()[count:]), 20, "the policy is read")
        replies, bans = rules_of(policy)
        codes = empty.ask("/codes").words
        durations = empty.ask("/durations").words
        by_hand = "550 5.7.1 Blocked by the administrator"
        for reply in {*replies, by_hand}:
            assert reply in codes, policy
        for ban in bans:
            assert f" {ban[:-1]} {ban[-1]} " in durations, policy
        pages[policy] = codes + durations
        french = empty.ask("/codes?lang=fr").words
        assert by_hand in french and "vérifiez votre adresse" in french
    assert len(set(pages.values())) == len(policies)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_reply_is_explained_where_the_answer_links_to(shown, language):
    for ip, anchors in {"192.0.2.9": ["530"], "192.0.2.7": ["500"],
                        "203.0.113.5": ["by-hand"]}.items():
        answer = shown.ask(f"/?ip={ip}&lang={language}").text
        assert re.findall(r'href="\./codes\?lang=..#([^"]*)"', answer) == anchors
        codes = shown.ask(f"/codes?lang={language}").text
        for anchor in anchors:
            assert codes.count(f' id="{anchor}"') == 1


def test_who_logs_in_here_reads_the_same_of_each_page(shown):
    codes = shown.ask("/codes").text
    section = codes[codes.index('id="530"'):].split("</section>")[0]
    assert "I send mail with my account here" in section
    assert "every device" in section
    assert "provider" not in section and "is returned" not in section
    assert 'href="./codes#530"' in shown.ask("/faq").text


def test_what_is_kept_how_long_is_the_configurations(empty):
    with open(empty.conf, "a", encoding="utf-8") as conf:
        conf.write('mode = "observe"\npolicy = "sfr"\n'
                   'keep { events = 11d tallies = 12d bans = 13d '
                   'audit = 14d }\n')
    empty.start()
    words = empty.ask("/faq").words.replace("\u00a0", " ")
    for told in ("for 11 d;", "for 12 d;", "for 103 d after their end",
                 "for 14 d.", "No new block is in force"):
        assert told in words, told
    assert "weeks" not in words
    durations = empty.ask("/durations").text
    assert "every time</td>" in durations


# ---- the owner's hand ----

def test_the_owners_settings(tmp_path):
    logo = f"{tmp_path}/logo.png"
    with open(logo, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\nnothing more")
    site = Website(tmp_path, more=f"""
        site-name = "Chez <Nous>"
        zone = "Europe/Paris"
        logo = "{logo}"
        accent = "#ff8800"
        abuse = "abuse@example.fr"
        languages = {{"fr"}}
        paragraph = "Ask Jo & Co"
    """)
    site.videur("ban", "192.0.2.7", "2h")
    try:
        site.start()
        page = site.ask("/?ip=192.0.2.7&lang=en", Accept_Language="en")
        assert '<html lang="fr">' in page.text
        assert "Chez &lt;Nous&gt;" in page.text
        assert "Ask Jo &amp; Co" in page.text
        assert 'class="languages"' not in page.text
        assert re.search(r"\d\d:\d\d \(heure de Paris\)", page.words)
        assert re.search(r"\d\d:\d\d:\d\d UTC", page.words)
        assert 'href="mailto:abuse@example.fr"' in page.text
        logo = site.ask("/logo")
        assert logo.headers["Content-Type"] == "image/png"
        assert logo.body.endswith(b"nothing more")
        style = site.ask("/style.css").text
        assert "The owner's colour" in style
        # Too light to be read on light paper, and made darker for it.
        light, dark = re.findall(r"--accent:(#[0-9a-f]{6});--on-accent",
                                 style)
        assert light != "#ff8800"
        assert dark == "#ff8800"
    finally:
        site.close()


def test_the_first_language_is_the_default(tmp_path):
    site = Website(tmp_path, more='languages = {"fr", "en"}')
    try:
        site.start()
        for accept, want in (None, "fr"), ("de", "fr"), ("en", "en"):
            headers = {"Accept_Language": accept} if accept else {}
            assert f'<html lang="{want}">' in site.ask("/faq", **headers).text
    finally:
        site.close()


def contrast(one, other):
    """Of two colours, by WCAG 2.1."""
    def luminance(colour):
        parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
        parts = [part / 12.92 if part <= 0.04045
                 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part
                   in zip((0.2126, 0.7152, 0.0722), parts)) + 0.05
    pair = sorted((luminance(one), luminance(other)))
    return pair[1] / pair[0]


@pytest.mark.parametrize("colour", [
    "#000000", "#ffffff", "#ff8800", "#ffff00", "#0000ff", "#00ff00",
    "#777777", "#0B5C8A", "#e30613", "#7f1fa0"])
def test_any_colour_of_the_owner_can_be_read(tmp_path, colour):
    site = Website(tmp_path, more=f'accent = "{colour}"')
    try:
        style = site.start().ask("/style.css").text
    finally:
        site.close()
    papers = [re.findall(rf"--{name}: (#[0-9a-f]+);", style)
              for name in ("paper", "card", "quiet")]
    found = re.findall(r"--accent:(#\w{6});--on-accent:(#\w{6})", style)
    assert len(found) == 2
    for mode, (accent, ink) in enumerate(found):
        assert contrast(accent, ink) >= 4.5
        for paper in papers:
            paper = paper[mode]
            if len(paper) == 4:
                paper = "#" + "".join(2 * digit for digit in paper[1:])
            assert contrast(accent, paper) >= 4.5


def test_templates_of_the_owner(tmp_path):
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "en.phrases").write_text(
        "about = Hello from us.\n"
        "protections = <ul><li>We sign with DKIM.</li></ul>\n")
    (folder / "faq.html").write_text("<h1>Ours</h1>\n{{no-such-name}}\n")
    (folder / "page.css").write_text("")
    site = Website(tmp_path, more=f'templates = "{folder}"')
    site.videur("ban", "192.0.2.7", "2h")
    try:
        site.start()
        assert "Hello from us." in site.ask("/").words
        assert "How we protect our users We sign with DKIM." \
            in site.ask("/why").words
        assert "Comment nous protégeons" not in site.ask("/why?lang=fr").words
        # The broken one is named, and the compiled-in one stays.
        assert site.logged(f"{folder}/faq.html:2: unknown name")
        assert "Questions and answers" in site.ask("/faq").words
        assert site.logged(f"{folder}/page.css is not used")
        (folder / "faq.html").write_text("<h1>Ours</h1>\n")
        (folder / "style.css").write_text("body { color: red }\n")
        site.signal(signal.SIGHUP)
        wait_for(lambda: "<h1>Ours</h1>" in site.ask("/faq").text, 20,
                 "the mended file is read")
        assert site.ask("/style.css").text == "body { color: red }\n"
        (folder / "layout.html").write_text("{{#ip}}")
        site.signal(signal.SIGHUP)
        wait_for(lambda: site.logged(
            f"{folder}/layout.html:1: a block is never closed"), 20,
            "the broken one is named")
        assert "<h1>Ours</h1>" in site.ask("/faq").text
    finally:
        site.close()


def test_a_network_is_listed_for_what_its_clients_did_together(tmp_path):
    site = Website(tmp_path)
    when = f"@{int(time.time()) // 3600 * 3600 - 600}"  # in one clock hour
    for number in range(25):
        site.videur("report", "spam", f"2001:db8:1:10{number // 4}::1",
                    "--at", when)
    site.start()
    try:
        page = site.ask("/?ip=2001:db8:1:1ff::1")
        french = site.ask("/?ip=2001:db8:1:1ff::1&lang=fr")
        answer = json.loads(site.ask("/api/v1/ip/2001:db8:1:1ff::1").text)
        durations = site.ask("/durations?lang=en")
    finally:
        site.stop()
        site.close()
    network = "2001:db8:1:100::/56"
    assert f"(all of {network})" in page.words.split("What to do")[0]
    assert (f"Applies to all of {network} The address is one of this network. "
            "Several clients in it did together") in page.words
    assert f"{network} L’adresse fait partie de ce réseau." in french.words
    assert [ban["network"] for ban in answer["bans"]] == [network]
    assert f"Z with all of {network}" in answer["bans"][0]["reply"]
    assert "we block the whole network and count that separately" in (
        durations.words)



# ---- the words ----

def phrases(language):
    """Name and text of each phrase."""
    with open(f"{TREE}/web/{language}.phrases", encoding="utf-8") as file:
        text = re.sub(r"(?m)^#.*\n", "", file.read())
    return dict(entry.split(" = ", 1)
                for entry in re.split(r"\n(?=\S)", text.strip()))


def names(text):
    """The variables and phrases that a phrase names."""
    return {re.sub("day-french(-text)?", "day", name)
            for name in re.findall(r"{{[#^/]?([a-z0-9-]+)}}", text)}


def said(text):
    """What a reader sees of a phrase."""
    text = re.sub(r"{{[#^/].*?}}|{{!.*?}}|<[^>]*>", "", text)
    return html.unescape(re.sub(r"{{.*?}}", "x", text))


LANGUAGES = sorted(name[:-len(".phrases")] for name in os.listdir(
    f"{TREE}/web") if name.endswith(".phrases"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_languages_say_the_same(language):
    english, other = phrases("en"), phrases(language)
    # Which one alone needs: the first of a month, what zones are called, and
    # forms for numbers.
    odd = {name.split("[")[0] for name in set(english) ^ set(other)
           if not name.startswith(("zone-", "language-"))}
    odd -= {name.split("[")[0] for name in english if "[" in name}
    assert odd <= {"day-french", "day-french-text"}
    for name in set(english) & set(other):
        assert names(english[name]) == names(other[name]), name


# One word for one thing: blocked, error message, we.
FORBIDDEN = {
    "en": r"\blisted\b|\brefusals?\b|this host|look(ed|s|ing)? up|undesirable"
          r"|introduction|hijack|\bmend|good name",
    "fr": r"\bidentifi(er|cations?)\b|\braisons? (du\b|de ce|pour)|courriel|nº"
          r"|prend fin|fai(re|tes|t) suivre|ce serveur (voit|compte|a vu)",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_word_stands_for_one_thing(language):
    for name, text in phrases(language).items():
        found = re.search(FORBIDDEN.get(language, "$^"), said(text), re.I)
        assert not found, (name, found)


def test_french_is_set_as_french_is():
    for name, text in phrases("fr").items():
        text = re.sub(r"{{[#^/].*?}}|<[^>]*>", "", text)
        text = re.sub(r"{{.*?}}", "x", text)
        text = re.sub(r"&nbsp;", "\u00a0", re.sub(r"&amp;", "&", text))
        assert "'" not in text and '"' not in text, name
        assert "..." not in text, name
        for sign in re.findall(r"(.)([;!?»:])(?=\s|$)", text):
            assert sign[0] == "\u00a0", (name, sign)
        for after in re.findall(r"«(.)", text):
            assert after == "\u00a0", name
        # "est-il" is no place for a line to end.
        assert not re.search(r"\w-(t-)?(ils?|on|je|ce|vous|le)\b", text), name


def test_german_is_set_as_german_is():
    for name, text in phrases("de").items():
        text = said(text)
        assert not re.search("""['"”]|[.]{3}| [?:;!]""", text), name
        assert text.count("„") == text.count("“"), name


def test_english_is_set_as_english_is():
    for name, text in phrases("en").items():
        text = re.sub(r"{{[#^/].*?}}|<[^>]*>", "", text)
        text = re.sub(r"{{.*?}}", "x", text)
        assert "'" not in text and '"' not in text, name
        assert " ?" not in text and " :" not in text, name
