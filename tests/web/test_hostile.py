"""What those try who mean no good, and that nobody else notices."""

import ctypes
import html.parser
import http.client
import itertools
import json
import os
import re
import resource
import select
import socket
import time
import urllib.parse

import pytest

from website import Website, wait_for

# Built with a sanitizer, which takes memory and writes reports.
SANITIZED = "log_path=" in os.environ.get("ASAN_OPTIONS", "")
# Whether the kernel has it; what sanitizers write they could not with it.
LANDLOCK = ctypes.CDLL(None).syscall(444, None, 0, 1) > 0 and not SANITIZED

# ---- markup and headers in every input ----

MARKUP = [
    '"><script>alert(1)</script>', "'><svg onload=alert(1)>",
    "</title></style><img src=x onerror=alert(1)>", "javascript:alert(1)",
    '" autofocus onfocus="alert(1)', "{{contact}}{{#bans}}{{/bans}}{{nope}}",
    "<!--", "]]>", "\u2028<b>\u00e9</b>", "&lt;b&gt;&#60;b&#62;",
    "%3Cb%3E", "\x00<b>", "a" * 3000 + "<b>",
]
LINES = [
    "x\r\nX-Evil: 1", "x\nX-Evil: 1", "x\rX-Evil: 1", "x\r\n\r\n<b>evil</b>",
    "x\r\n X-Evil: 1",
]


class Skeleton(html.parser.HTMLParser):
    """The elements of a page with their attributes' names."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, tuple(sorted(name for name, _ in attrs))))

    def handle_comment(self, data):
        self.found.append("comment")


def skeleton(text):
    """What a browser would build."""
    return Skeleton(text).found


def query(**arguments):
    """A look-up with these arguments."""
    return "/?" + urllib.parse.urlencode(arguments, errors="surrogatepass")


def no_header_came_in(answer):
    """That nothing that was sent became a header."""
    assert "X-Evil" not in answer.headers
    for name, value in answer.headers.items():
        assert "evil" not in f"{name}{value}".lower()
        assert "<" not in value and "alert" not in value


@pytest.mark.parametrize("name, harmless", [
    ("ip", {"ip": "x"}), ("ref", {"ip": "192.0.2.7", "ref": "x"}),
    ("lang", {"ip": "192.0.2.7", "lang": "xx"}),
    ("other", {"ip": "192.0.2.7", "other": "x"})])
@pytest.mark.parametrize("evil", MARKUP + LINES, ids=range(18))
def test_arguments(shown, name, harmless, evil):
    want = shown.ask(query(**harmless))
    got = shown.ask(query(**{**harmless, name: evil}))
    assert got.status == want.status
    assert skeleton(got.text) == skeleton(want.text)
    assert got.headers["Content-Type"] == want.headers["Content-Type"]
    no_header_came_in(got)


@pytest.mark.parametrize("evil", MARKUP + LINES, ids=range(18))
def test_one_of_several_addresses(shown, evil):
    """Beside one that is right, and as the ref of another's block."""
    both = "ip=192.0.2.7&" + query(ip=evil)[2:]
    want = shown.ask("/?ip=192.0.2.7&ip=x")
    got = shown.ask(f"/?{both}")
    assert got.status == want.status == 200
    assert skeleton(got.text) == skeleton(want.text)
    no_header_came_in(got)
    for path in f"/api/v1/ips?{both}", \
            f"/api/v1/ips?ip=192.0.2.7&ip=x&{query(ref=evil)[2:]}":
        said = json.loads(shown.ask(path).text)["answers"]
        assert [ban["ref"] for ban in said[0]["bans"]] == [None, None]
        assert "error" in said[1]


# More arguments than there is memory for are refused before they are read.
@pytest.mark.parametrize("asked", [
    "&".join(["ip"] * 3000), "&".join(["ip="] * 1000),
    "&".join(["ip=%00"] * 2000), "&".join(["ip=::1&ref=x&lang=fr"] * 700),
    "ip=" + "1" * 15000, "ip=" + "192.0.2.7," * 1500, "ip=" + "%2C" * 5000],
    ids=range(7))
@pytest.mark.parametrize("path", ["/", "/api/v1/ips"])
def test_thousands_of_addresses(shown, path, asked):
    said = shown.raw(f"GET {path}?{asked} HTTP/1.1\r\nHost: x\r\n"
                     "Connection: close\r\n\r\n".encode())
    assert not said or re.match(rb"HTTP/1\.1 (200|400|414|431|413) ", said)
    assert b"Internal" not in said
    assert shown.ask("/?ip=192.0.2.7").status == 200


@pytest.mark.parametrize("evil", MARKUP + LINES, ids=range(18))
def test_paths(shown, evil):
    quoted = urllib.parse.quote(evil)
    want = shown.ask("/nothing")
    got = shown.ask(f"/{quoted}")
    assert got.status == want.status == 404
    # The way back differs with the depth of the path, and nothing else.
    assert skeleton(got.text) == skeleton(want.text)
    no_header_came_in(got)
    answer = shown.ask(f"/api/v1/ip/{quoted}")
    assert answer.status == 400
    assert answer.headers["Content-Type"] == "application/json"
    assert "<" not in answer.text
    no_header_came_in(answer)


def raw_request(*lines):
    """A request with headers as they are, whatever is in them."""
    return b"\r\n".join(
        line.encode("utf-8", "surrogatepass") for line in lines) + b"\r\n\r\n"


@pytest.mark.parametrize("name", [
    "Accept-Language", "Accept", "X-Forwarded-For", "Host", "Origin",
    "Referer", "User-Agent", "X-Forwarded-Host", "X-Forwarded-Proto",
    "Cookie", "Range", "If-None-Match", "X-Original-URL", "Forwarded",
    "Connection", "Transfer-Encoding"])
@pytest.mark.parametrize("evil", [
    '"><script>alert(1)</script>', "fr;q=1<b>", "<b>evil</b>, 192.0.2.7<b>",
    "\t\x01\x7f\u00ff<b>", "a" * 6000 + "<b>", "x\nX-Evil: 1", ",;=<b>" * 900,
], ids=range(7))
def test_headers(shown, name, evil):
    said = shown.raw(raw_request("GET / HTTP/1.1", "Host: x",
                                 f"{name}: {evil}", "Connection: close"))
    head = said.partition(b"\r\n\r\n")[0]
    # What says that a body comes, and not how, is hung up on.
    assert head.startswith(b"HTTP/1.1 ") or name == "Transfer-Encoding"
    assert b"evil" not in head.lower()
    assert b"<b>" not in said and b"alert(1)" not in said
    assert shown.ask("/healthz").status == 200


def test_the_page_never_names_a_host_it_was_told(shown):
    """Links are relative or the configuration's own."""
    page = shown.ask("/?ip=192.0.2.7", Host="evil.example",
                     X_Forwarded_Host="evil.example")
    assert "evil.example" not in page.text
    assert "evil.example" not in str(page.headers)


@pytest.mark.parametrize("line", [
    "GET http://evil.example/?ip=192.0.2.7 HTTP/1.1",
    "GET //evil.example/ HTTP/1.1", "GET /\\evil.example HTTP/1.1",
    "GET evil HTTP/1.1", "GET * HTTP/1.1", "CONNECT evil:443 HTTP/1.1",
    "GET /?ip=192.0.2.7&ip=<b> HTTP/1.1", "GET /;/../../etc/passwd HTTP/1.1",
    "GET /%00/../style.css HTTP/1.1", "GET / HTTP/1.1 <b>",
    "<b> / HTTP/1.1", "GET /?\xff\xfe=<b> HTTP/1.1", "GET  /  HTTP/1.1",
])
def test_request_lines(shown, line):
    said = shown.raw(raw_request(line, "Host: x", "Connection: close"))
    assert b"<b>" not in said
    assert b"root:" not in said
    assert b"Location" not in said
    assert shown.ask("/healthz").status == 200


def test_requests_are_not_smuggled(shown):
    """Two lengths, or a length and chunks: one answer, or none."""
    second = "GET /?ip=192.0.2.7 HTTP/1.1\r\nHost: x\r\n\r\n"
    for lines in (
            ["Content-Length: 0", f"Content-Length: {len(second)}"],
            [f"Content-Length: {len(second)}", "Transfer-Encoding: chunked"],
            ["Content-Length: -1"], ["Content-Length: 0x10"],
            ["Transfer-Encoding: chunked, identity"]):
        shown.raw(raw_request("POST / HTTP/1.1", "Host: x", *lines)
                  + second.encode())
        assert shown.ask("/healthz").status == 200


# ---- too often ----

@pytest.fixture
def limited(tmp_path):
    """A website that lets a visitor ask three times a minute."""
    site = Website(tmp_path, more='rate = 3 trusted-proxies = {"127.0.0.1"}')
    site.videur("ban", "192.0.2.7", "2h")
    yield site.start()
    site.close()


def asked(site, visitor, path="/?ip=192.0.2.7", **headers):
    """The status for a visitor."""
    return site.ask(path, X_Forwarded_For=visitor, **headers)


def test_who_asks_too_often_is_told_when_to_come_back(limited):
    assert [asked(limited, "203.0.113.1").status for _ in range(5)] \
        == [200, 200, 200, 429, 429]
    answer = asked(limited, "203.0.113.1")
    assert 1 <= int(answer.headers["Retry-After"]) <= 20
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Too many requests" in answer.words
    assert 'value="192.0.2.7"' in answer.text
    assert asked(limited, "203.0.113.2").status == 200


def test_all_that_costs_is_counted_together(limited):
    paths = ["/", "/api/v1/ip/192.0.2.7", "/nothing", "/api/v1/stats"]
    assert [asked(limited, "203.0.113.1", path).status for path in paths] \
        == [200, 200, 404, 429]


def test_what_is_cheap_is_free(limited):
    for _ in range(10):
        for path in "/style.css", "/healthz", "/api/v1/openapi.json":
            assert asked(limited, "203.0.113.1", path).status == 200
    assert asked(limited, "203.0.113.1").status == 200


def test_a_network_of_ipv6_is_one_visitor(limited):
    statuses = [asked(limited, f"2001:db8:0:1::{number}").status
                for number in range(1, 5)]
    assert statuses == [200, 200, 200, 429]
    assert asked(limited, "2001:db8:0:2::1").status == 200


def test_a_program_hears_it_in_json(limited):
    for _ in range(3):
        asked(limited, "203.0.113.1")
    for answer in (asked(limited, "203.0.113.1", "/api/v1/stats"),
                   asked(limited, "203.0.113.1", Accept="application/json")):
        assert answer.status == 429
        assert answer.headers["Content-Type"] == "application/json"


def test_the_proxy_itself_is_not_limited(limited):
    assert {limited.ask("/").status for _ in range(20)} == {200}


def test_a_stranger_is_counted_by_where_he_comes_from(tmp_path):
    """Whatever he puts into X-Forwarded-For."""
    site = Website(tmp_path, more="rate = 3")
    site.videur("ban", "192.0.2.7", "2h")
    try:
        site.start()
        assert [asked(site, f"203.0.113.{number}").status
                for number in range(5)] == [200, 200, 200, 429, 429]
    finally:
        site.close()


# ---- too many, too slowly ----

@pytest.fixture
def crowd():
    """Room for ten thousand sockets in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16384), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def open_house(tmp_path):
    """A website with nothing in front of it, and its metrics."""
    site = Website(tmp_path, more='metrics-listen = "127.0.0.1:0" rate = 0')
    site.videur("ban", "192.0.2.7", "2h")
    yield site.start()
    assert site.stop() == 0
    site.close()


def sources():
    """Addresses to come from, each for as many connections as one may
    have."""
    for number in itertools.count(1):
        for _ in range(30):
            yield f"127.1.{number // 250}.{number % 250 + 1}"


def dial(site, source):
    """A connection from an address, as it is being made."""
    place = urllib.parse.urlsplit(site.where)
    sock = socket.socket()
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
    sock.bind((source, 0))
    sock.connect_ex((place.hostname, place.port))
    return sock


def trickle(sock, data):
    """Send what goes; False once the other side has hung up."""
    try:
        sock.send(data)
        return True
    except BlockingIOError:
        return True
    except OSError:
        return False


def honest(site):
    """How long an honest visitor waits for his answer."""
    begun = time.monotonic()
    answer = site.ask("/?ip=192.0.2.7")
    assert "192.0.2.7 is blocked" in answer.words
    return time.monotonic() - begun


def hangups(site, cause):
    """How many were hung up on, by the metrics."""
    words = f'videur_web_hangups_total{{cause="{cause}"}} '
    text = site.ask("/metrics", where=site.metrics_where).text
    return int(text.partition(words)[2].split("\n")[0])


def resident(site):
    """Bytes the server has in memory."""
    with open(f"/proc/{site.worker}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("opening", [
    b"", b"GET /?ip=192.0.2.7 HTTP/1.1\r\nHost: x\r\nX: "],
    ids=["silent", "half a request"])
def test_ten_thousand_connections(open_house, crowd, opening):
    held = []
    waits = []
    try:
        for number, source in enumerate(itertools.islice(sources(), 10000)):
            sock = dial(open_house, source)
            held.append(sock)
            if number % 250 == 249:
                for one in held[-250:]:
                    trickle(one, opening)
                waits.append(honest(open_house))
    finally:
        for sock in held:
            sock.close()
    assert len(waits) == 40
    assert max(waits) < 5
    assert sorted(waits)[len(waits) // 2] < 1
    assert hangups(open_house, "full") > 5000
    assert SANITIZED or resident(open_house) < 40 * 1024 * 1024
    assert honest(open_house) < 5


def test_slow_ones_are_hung_up_on(open_house, crowd):
    """A header that never ends, one that never begins, an answer that is
    never read: each for as long as it may take, and meanwhile an honest
    visitor is served."""
    slow = {}
    pipeline = b"GET /?ip=192.0.2.7 HTTP/1.1\r\nHost: x\r\n\r\n" * 2000
    for number, source in enumerate(itertools.islice(sources(), 300)):
        sock = dial(open_house, source)
        opening, more = ((b"GET / HTTP/1.1\r\nX: ", b"x"), (b"", b"\r\n"),
                         (pipeline, b"G"))[number % 3]
        select.select([], [sock], [], 10)
        trickle(sock, opening)
        slow[sock] = more
    begun = time.monotonic()
    waits = []
    while slow and time.monotonic() < begun + 60:
        waits.append(honest(open_house))
        for sock in [sock for sock, more in slow.items()
                     if not trickle(sock, more)]:
            sock.close()
            del slow[sock]
        time.sleep(0.2)
    assert not slow
    assert max(waits) < 5
    assert hangups(open_house, "slow") >= 200


def test_who_asks_in_time_may_stay(open_house):
    """Longer than a slow one may: each answer begins his time anew."""
    connection = open_house.connection()
    begun = time.monotonic()
    while time.monotonic() < begun + 17:
        connection.request("GET", "/healthz")
        assert connection.getresponse().read() == b"ok\n"
        time.sleep(1)
    connection.close()
    assert hangups(open_house, "slow") == 0


def test_a_huge_body_is_not_kept(open_house):
    before = resident(open_house)
    connection = open_house.connection()
    try:
        connection.request("GET", "/?ip=192.0.2.7",
                           body=iter([b"x" * 65536] * 800))
        assert connection.getresponse().status == 200
    except (ConnectionError, http.client.HTTPException):
        pass
    finally:
        connection.close()
    assert resident(open_house) < before + 8 * 1024 * 1024


# ---- and if it were taken over ----

def test_it_can_write_nothing(open_house):
    """The database is open for reading; of the files beside it SQLite
    writes its readers' locks, and their contents are left alone."""
    assert honest(open_house) < 5
    folder = f"/proc/{open_house.worker}/fd"
    seen = []
    for name in os.listdir(folder):
        try:
            path = os.readlink(f"{folder}/{name}")
        except FileNotFoundError:
            continue
        with open(f"{folder}info/{name}", encoding="ascii") as file:
            flags = int(file.read().split("flags:")[1].split()[0], 8)
        if path.startswith("/") and not path.startswith("/dev/"):
            seen.append(path)
            if flags & os.O_ACCMODE != os.O_RDONLY:
                assert path in (f"{open_house.database}-shm",
                                open_house.log) or not LANDLOCK
    assert open_house.database in seen


def test_it_can_gain_nothing(open_house):
    wait_for(lambda: honest(open_house) < 5, 20, "it is up")
    with open(f"/proc/{open_house.worker}/status",
              encoding="ascii") as file:
        status = dict(line.split(":\t", 1) for line in file
                      if ":\t" in line)
    assert status["NoNewPrivs"].strip() == "1"
    assert status["Seccomp"].strip() == "2"
