"""What the page says."""

import json
import re

import pytest

BAD = {
    "": "Please enter one IPv4 address",
    "mx.example.org": "a host name or a mail address cannot be looked up",
    "192.0.2.256": "Please enter one IPv4 address",
    "192.0.2.7%00": "Please enter one IPv4 address",
    "192.0.2.0/24": "Networks cannot be looked up here",
    "2001:db8::/32": "Networks cannot be looked up here",
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
    "192.0.2.7": ["550 5.7.1 Too many errors from your IP [192.0.2.7]",
                  "500 5.7.1 Too many spams/virus from your IP [192.0.2.7]",
                  "step 1 of 5", "step 1 of 4",
                  "recipients that do not exist"],
    "192.0.2.9": ["530 5.7.0 Too many authentication errors from your IP",
                  "Logging in to send mail", "step 1 of 5"],
    "2001:db8:0:1::7": ["500 5.7.1 Too many spams/virus from your IP "
                        "[2001:db8:0:1::7]", "2001:db8:0:1::/64",
                        "step 1 of 1"],
    "203.0.113.5": ["550 5.7.1 Blocked by the administrator [203.0.113.5]",
                    "Applies to 203.0.113.0/24"],
}.items(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_banned_address_reads_what_the_command_knows(shown, ip, said):
    page = shown.ask(f"/?ip={ip}")
    assert page.status == 200
    assert f"{ip} is listed" in page.words
    for words in said:
        assert words in page.words
    bans = bans_of(shown, ip)
    assert bans
    for ban in bans:
        assert f"Reference {ban['ref']}" in page.words
        assert page.words.count(f"blocked until {ban['ends']}") >= 1
        assert f"( {ban['begins']} )" in page.words
        assert f"&ref={ban['ref']}" in page.words


def test_the_ban_that_ends_last_stands_first(shown):
    words = shown.ask("/?ip=192.0.2.7").words
    ends = re.findall(r"blocked until (\S+)\. See", words)
    assert len(ends) == 2
    assert ends == sorted(ends, reverse=True)
    assert words.index("500 5.7.1 Too many spams") < words.index("550 5.7.1")


def test_an_address_of_the_same_64_is_listed_and_the_next_is_not(shown):
    assert "is listed" in shown.ask("/?ip=2001:db8:0:1::abcd").words
    assert "is not listed" in shown.ask("/?ip=2001:db8:0:2::7").words


@pytest.mark.parametrize("ip", ["198.51.100.66", "198.51.100.1"])
def test_a_cleared_or_unknown_address_is_not_listed(shown, ip):
    page = shown.ask(f"/?ip={ip}")
    assert page.status == 200
    assert f"{ip} is not listed" in page.words
    assert "blocked until" not in page.words


def test_the_administrators_note_stays_with_him(shown):
    assert "secret words" not in shown.ask("/?ip=203.0.113.5").text


def test_the_ref_of_the_refusal_is_pointed_out(shown):
    ref = bans_of(shown, "192.0.2.7")[0]["ref"]
    words = shown.ask(f"/?ip=192.0.2.7&ref={ref.lower()}").words
    assert words.count("This is the block your refusal spoke of") == 1
    assert "has ended" not in words


@pytest.mark.parametrize("ref", ["ZZZZZZ", "%3Cb%3E", "x" * 2000, "%00"])
def test_another_ref_does_no_harm(shown, ref):
    page = shown.ask(f"/?ip=192.0.2.7&ref={ref}")
    assert page.status == 200
    assert "192.0.2.7 is listed" in page.words
    if ref != "%00":
        assert "has ended, or is not one of this address" in page.words


def test_how_many_are_listed(empty):
    for who in "192.0.2.7", "203.0.113.0/24", "2001:db8::7", "192.0.2.8":
        empty.videur("ban", who, "2h")
    empty.videur("clear", "192.0.2.8")
    empty.start()
    assert "There are currently 2 IPv4 and 1 IPv6 addresses listed" \
        in empty.ask("/?ip=198.51.100.1").words
    assert "2 en IPv4 et 1 en IPv6" \
        in empty.ask("/?ip=198.51.100.1&lang=fr").words


@pytest.mark.parametrize("ip, said", BAD.items())
def test_bad_input_is_helped(shown, ip, said):
    page = shown.ask(f"/?ip={ip}")
    assert page.status == 400
    assert said in page.words
    assert "<form" in page.text


def test_markup_in_the_address_comes_back_as_text(shown):
    page = shown.ask("/?ip=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert page.status == 400
    assert "<script" not in page.text
    assert "&quot;&gt;&lt;script&gt;" in page.text


@pytest.mark.parametrize("asked", ["%5B192.0.2.7%5D", "+192.0.2.7%0D%0A",
                                   "::ffff:192.0.2.7"])
def test_pasted_addresses_are_understood(shown, asked):
    assert "192.0.2.7 is listed" in shown.ask(f"/?ip={asked}").words


def test_a_visitor_is_told_about_his_own_address(shown):
    page = shown.ask("/", X_Forwarded_For="192.0.2.7")
    assert page.status == 200
    assert "192.0.2.7 is listed" in page.words
    assert "the address you are visiting from" in page.words
    assert 'value="192.0.2.7"' in page.text


def test_a_visitor_from_inside_gets_the_form_alone(shown):
    page = shown.ask("/")
    assert page.status == 200
    assert 'value=""' in page.text
    assert "listed" not in re.sub(r"addresses listed", "", page.words)


def test_only_what_the_proxy_saw_counts(shown):
    page = shown.ask("/", X_Forwarded_For="192.0.2.7, 198.51.100.1")
    assert "198.51.100.1 is not listed" in page.words


def test_several_lines_of_forwarded_are_one_list(shown):
    said = shown.raw(b"GET / HTTP/1.1\r\nHost: x\r\n"
                     b"X-Forwarded-For: 192.0.2.7\r\n"
                     b"X-Forwarded-For: 198.51.100.1\r\n"
                     b"Connection: close\r\n\r\n")
    assert b"198.51.100.1 is not listed" in said
    assert b"192.0.2.7 is" not in said


@pytest.mark.parametrize("lang, accept, want", [
    (None, None, "en"),
    (None, "fr", "fr"),
    (None, "fr-CH, fr;q=0.9, en;q=0.8", "fr"),
    (None, "en;q=0.3, fr;q=0.7", "fr"),
    (None, "fr;q=0.3, en;q=0.7", "en"),
    (None, "de", "en"),
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
    title = {"en": "192.0.2.7 is listed", "fr": "192.0.2.7 est bloquée"}
    assert title[want] in page.words


def test_both_languages_say_the_same_facts(shown):
    facts = []
    for lang in "en", "fr":
        page = shown.ask(f"/?ip=192.0.2.7&lang={lang}")
        facts.append((re.findall(r'datetime="([^"]*)"', page.text),
                      re.findall(r"<code>(.*?)</code>", page.text),
                      re.findall(r"<pre lang=\"en\">(.*?)</pre>", page.text)))
    assert facts[0] == facts[1]
    assert len(facts[0][2]) == 2


def test_no_page_needs_scripts_or_strangers(shown):
    for path in "/", "/?ip=192.0.2.7", "/?ip=x", "/nothing":
        text = shown.ask(path).text
        assert "<script" not in text
        assert not re.search(r"""(src|href|action)="(https?:)?//""", text)
