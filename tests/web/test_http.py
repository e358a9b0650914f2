"""HTTP as programs speak it: JSON, headers, methods, limits."""

import json
import re
import time

import pytest


def test_a_banned_address_as_json(shown):
    before = int(time.time())
    answer = shown.ask("/api/v1/ip/192.0.2.7", X_Forwarded_For="192.0.2.7")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    said = json.loads(answer.text)
    assert set(said) == {"ip", "listed", "bans", "checked_at"}
    assert (said["ip"], said["listed"]) == ("192.0.2.7", True)
    assert said["checked_at"] >= time.strftime(
        "%Y-%m-%dT%H:%M:%SZ", time.gmtime(before))
    known = [ban for ban in json.loads(shown.videur("list", "--json"))
             if ban["client"] == "192.0.2.7"]
    keys = "reason", "rule", "step", "begins", "ends", "ref", "reply"
    assert [{key: ban[key] for key in keys} for ban in said["bans"]] \
        == [{key: ban[key] for key in keys} for ban in known]
    assert [(ban["service"], ban["temporary"]) for ban in said["bans"]] \
        == [("mx", False)] * 2
    assert [ban["reason"] for ban in said["bans"]] == ["spam", "error"]


def test_the_page_and_the_json_quote_the_same_reply(shown):
    words = shown.ask("/?ip=192.0.2.7").words
    heard, silent = json.loads(shown.ask("/api/v1/ip/192.0.2.7").text)["bans"]
    assert heard["reply"] in words
    # Of two at one stage nobody hears the one that ends first.
    assert silent["reply"] not in words


def test_a_clear_address_as_json(shown):
    said = json.loads(shown.ask("/api/v1/ip/2001:DB8::1").text)
    assert said["ip"] == "2001:db8::1"
    assert said["listed"] is False
    assert said["bans"] == []


@pytest.mark.parametrize("asked, why", [
    ("", "not an IPv4 or IPv6 address"),
    ("x", "not an IPv4 or IPv6 address"),
    ("%22%0A", "not an IPv4 or IPv6 address"),
    ("192.0.2.7/extra", "not an IPv4 or IPv6 address"),
    ("192.0.2.0/24", "a network; ask for a single address"),
    ("192.0.2.0%2F24", "a network; ask for a single address"),
    ("127.0.0.1", "private or reserved"),
    ("9" * 4000, "not an IPv4 or IPv6 address"),
])
def test_bad_input_to_the_api(shown, asked, why):
    answer = shown.ask(f"/api/v1/ip/{asked}")
    assert answer.status == 400
    assert answer.headers["Content-Type"] == "application/json"
    assert why in json.loads(answer.text)["error"]


def test_health(shown):
    answer = shown.ask("/healthz")
    assert (answer.status, answer.text) == (200, "ok\n")
    assert re.fullmatch(r"videur-web \d+\.\d+\.\d+.*",
                        answer.headers["X-Videur"])
    assert "X-Videur" not in shown.ask("/").headers


PATHS = ["/", "/?ip=192.0.2.7", "/?ip=x", "/api/v1/ip/192.0.2.7",
         "/api/v1/ip/x", "/api/nothing", "/healthz", "/style.css", "/nothing"]


@pytest.mark.parametrize("path", PATHS)
def test_strict_headers_stand_on_everything(shown, path):
    headers = shown.ask(path).headers
    policy = headers["Content-Security-Policy"].split("; ")
    assert sorted(policy) == [
        "base-uri 'none'", "connect-src 'self'", "default-src 'none'",
        "form-action 'self'", "frame-ancestors 'none'", "img-src 'self'", "script-src 'self'",
        "style-src 'self'"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Robots-Tag"] == "noindex"
    if path == "/style.css":
        assert "max-age" in headers["Cache-Control"]
    else:
        assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", PATHS)
def test_head_is_get_without_the_body(shown, path):
    get, head = shown.ask(path), shown.ask(path, method="HEAD")
    assert head.status == get.status
    assert head.body == b""
    assert head.headers["Content-Type"] == get.headers["Content-Type"]
    # What depends on the second it was asked in may differ in length.
    assert int(head.headers["Content-Length"]) > 0


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS",
                                    "TRACE", "BREW"])
@pytest.mark.parametrize("path", ["/", "/api/v1/ip/192.0.2.7", "/healthz",
                                  "/style.css"])
def test_other_methods_are_not_allowed(shown, method, path):
    answer = shown.ask(path, method=method,
                       body="ip=192.0.2.7" if method == "POST" else None)
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/nothing", "/index.html", "/style.css/",
                                  "/api", "/api/v1/ip", "/healthz/x",
                                  "/../etc/passwd", "//", "/%2e%2e/",
                                  "/?".replace("?", "%3F")])
def test_other_paths_are_not_found(shown, path):
    answer = shown.ask(path)
    assert answer.status == 404


def test_the_style_sheet(shown):
    answer = shown.ask("/style.css")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    with open("web/style.css", "rb") as file:
        assert answer.body == file.read()


@pytest.mark.parametrize("request_line", [
    b"GET /" + b"x" * 100000,
    b"GET /?ip=" + b"x" * 20000,
    b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100000,
], ids=["path", "argument", "header"])
def test_too_much_is_refused_cleanly(shown, request_line):
    said = shown.raw(request_line + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert said.split(b" ")[1] in (b"414", b"431", b"413", b"400")
    assert shown.ask("/healthz").status == 200


@pytest.mark.parametrize("request_bytes", [
    b"", b"\r\n\r\n", b"\0\0\0\0", b"GET", b"GET / HTTP/9.9\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET /?ip=%zz%&&&=&=&ref HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /?ip=%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nAccept-Language: " + b"," * 9000
    + b"\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: " + b"1.2.3.4," * 1000
    + b"\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\nx",
], ids=range(11))
def test_rubbish_does_not_hurt(shown, request_bytes):
    shown.raw(request_bytes)
    assert shown.ask("/healthz").status == 200


@pytest.mark.parametrize("method, status", [("GET", 200), ("POST", 405)])
def test_a_body_is_passed_over(shown, method, status):
    answer = shown.ask("/api/v1/ip/192.0.2.7", method=method,
                       body=b"x" * 100000)
    assert answer.status == status


def test_one_connection_carries_many_requests(shown):
    connection = shown.connection()
    for number in range(1, 101):
        connection.request("GET", f"/api/v1/ip/198.51.100.{number}")
        response = connection.getresponse()
        assert json.loads(response.read())["ip"] == f"198.51.100.{number}"
    connection.close()
