"""Requests by their bytes (tests/data/requests.rows), and what every site is
asked for."""

import calendar
import codecs
import os
import re
import time

import pytest

from website import Website

ROWS = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                    "../data/requests.rows")
KINDS = {"page": "text/html; charset=utf-8",
         "text": "text/plain; charset=utf-8"}


def rows():
    """What it is, the bytes, the status and the body of each row."""
    with open(ROWS, encoding="ascii") as file:
        lines = file.read().split("\n\n", 3)[3].splitlines()
    for line in lines:
        if not line or line.startswith("#"):
            continue
        name, request, status, body = (
            field.strip(" ") for field in line.split(" | "))
        request = re.sub(r"\{(\d+):([^}]*)\}",
                         lambda m: m[2] * int(m[1]), request)
        request = codecs.decode(request, "unicode_escape").encode("latin-1")
        request = request.replace(b"\n", b"\r\n")
        ended = b"\r\n\r\n" in request
        yield name, request + (b"" if ended else b"\r\n\r\n"), status, body


def one_of(statuses, bodies, status):
    """What was answered, if it is one of these, and the body that belongs to
    it."""
    wanted = dict(zip(statuses.split(" or "), bodies.split(" or ")))
    assert status in wanted
    return status, wanted[status]


@pytest.mark.parametrize(
    "request_bytes, status, body",
    [pytest.param(*row[1:], id=row[0]) for row in rows()])
def test_a_request(shown, request_bytes, status, body):
    said = shown.raw(request_bytes)
    head, _, rest = said.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    status, body = one_of(status, body, (lines[0] or "- -").split(" ")[1])
    for word in (b"libmicrohttpd", b"MHD", b"webserver", b"malformed",
                 b"\r\nServer:"):
        assert word not in said
    headers = dict(line.split(": ", 1) for line in lines[1:])
    if body == "none":
        # Where two lengths are wrong it is said twice, and nothing else.
        assert re.sub(rb"HTTP/1.1 (\d+) .*\r\n(.*\r\n)*\r\n", b"",
                      rest).strip() == b""
        assert headers.get("Content-Length", "0") == "0" \
            or request_bytes.startswith(b"HEAD")
    else:
        assert headers["Content-Type"] == KINDS.get(body, body)
        assert len(rest) == int(headers["Content-Length"]) > 0
        assert headers["Content-Security-Policy"]
        assert body != "page" or b'<html lang="' in rest
    if status == "405" or request_bytes.startswith(b"OPTIONS"):
        assert headers["Allow"] == "GET, HEAD"
    assert shown.ask("/healthz").status == 200


def test_a_page_is_one_whatever_leads_to_it(shown):
    """But for the links, which are relative."""
    one = shown.ask("/codes").words
    for path in "/codes/", "/%63odes", "http://example.org/codes":
        assert shown.ask(path).words == one
    text = shown.ask("/codes/").text
    assert 'href="./../style.css' in text
    assert 'aria-current="page"' in text


def test_robots_find_pages_and_no_address(shown):
    robots = shown.ask("/robots.txt").text.splitlines()
    assert robots == ["User-agent: *", "Disallow: /?", "Disallow: /api/"]
    for path in "/codes", "/durations", "/why", "/faq", "/stats", "/codes/":
        assert "X-Robots-Tag" not in shown.ask(path).headers
    for path in ("/", "/?ip=192.0.2.7", "/?ip=x", "/?ip=192.0.2.7&as=ics",
                 "/api/v1/ip/192.0.2.7", "/nothing", "/api/v1/stats"):
        assert shown.ask(path).headers["X-Robots-Tag"] == "noindex"


def test_a_file_by_its_version_is_kept_for_good(shown):
    version = re.search(r"style\.css\?v=([0-9a-f]+)",
                        shown.ask("/").text)[1]
    for name in "style.css", "page.js", "icon.svg":
        headers = shown.ask(f"/{name}?v={version}").headers
        assert headers["Cache-Control"] \
            == "public, max-age=31536000, immutable"
        for other in "", "?v=", "?v=0", f"?v={version}0":
            headers = shown.ask(f"/{name}{other}").headers
            assert headers["Cache-Control"] == "public, max-age=3600"


def test_whom_to_tell_of_holes(shown, tmp_path):
    said = shown.ask("/.well-known/security.txt").text.splitlines()
    assert said[0] == "Contact: mailto:postmaster@example.fr"
    until = time.strptime(said[1], "Expires: %Y-%m-%dT%H:%M:%SZ")
    assert 0 < calendar.timegm(until) - time.time() < 365 * 86400
    site = Website(tmp_path)
    with open(site.conf, encoding="utf-8") as file:
        text = file.read()
    with open(site.conf, "w", encoding="utf-8") as file:
        file.write(text.replace('contact = "postmaster@example.fr"', ""))
    try:
        answer = site.start().ask("/.well-known/security.txt")
        assert answer.status == 404
        assert b"mailto:\n" not in answer.body
    finally:
        site.close()
