"""The operator's page: what it tells, to whom, and that it is nowhere else."""

import html
import json
import os
import re
import signal
import sqlite3
import stat
import subprocess
import time
import urllib.parse

import pytest

from website import BUILD, CONF, Website, wait_for

HOUR = 3600
DAY = 24 * HOUR


def fill(site):
    """Bans, one of them of a client whose mail was accepted, and the rest."""
    for offence, times in {"spam 192.0.2.7": 5, "auth 192.0.2.9": 10}.items():
        for _ in range(times):
            site.videur("report", *offence.split())
    site.videur("ban", "203.0.113.0/24", "2d", "--note", "Ticket 17 <b>&")
    site.videur("ban", "2001:db8:0:1::7", "1h", "--reason", "virus")
    site.videur("ban", "198.51.100.66", "2d")
    site.videur("clear", "198.51.100.66", "--mistake")
    site.videur("allow", "add", "198.51.100.0/25", "--for", "7d", "--note",
                "a partner")
    now = int(time.time())
    with sqlite3.connect(site.database) as database:
        database.execute(
            "INSERT INTO tally (client, hour, sessions, messages, recipients,"
            " accepted) VALUES ('192.0.2.7', ?, 5, 9, 8, 7)",
            (now // HOUR * HOUR - 2 * HOUR,))
        database.execute("INSERT INTO daily VALUES (?, 'refused', 'spam', 17)",
                         (now // DAY * DAY,))
        database.execute("INSERT INTO state VALUES ('milter', '0.1.0', ?)",
                         (now,))
        database.execute("INSERT INTO state VALUES ('watch', '0.1.0', ?)",
                         (now - 900,))
        database.execute("INSERT INTO state VALUES ('watch-behind', '300', ?)",
                         (now,))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A started website with an operator's page on a port."""
    site = Website(tmp_path_factory.mktemp("run"),
                   more='operator = "127.0.0.1:0"')
    fill(site)
    yield site.start()
    assert site.stop() == 0
    site.close()


def page(site, path="/", **headers):
    """An answer of the operator's page that is fine."""
    answer = site.ask(path, where=site.operator_where, **headers)
    assert answer.status == 200, answer.text
    return answer


def told(site, path="/"):
    """The same for programs."""
    return json.loads(page(site, path, Accept="application/json").text)


def blocks(site, text):
    """Whose blocks a search finds."""
    path = "/blocks?q=" + urllib.parse.quote(text)
    return [ban["client"] for ban in told(site, path)["bans"]]


def ref_of(site, client):
    """The reference of its block."""
    return next(ban["ref"] for ban in told(site)["bans"]
                if ban["client"] == client)


def section(answer, heading):
    """The words of one section of a page."""
    found = [part for part in answer.text.split("<section")
             if f">{heading}<" in part]
    assert len(found) == 1, heading
    return found[0]


# ---- what it tells ----

def test_the_state_at_a_glance(run):
    words = page(run).words
    for expected in ("Blocks are enforced; policy franceserv", "Brake Off.",
                     "videur-milter Last sign of life",
                     "videur-watch No sign of life for 15 min",
                     "with a lag of 5 min", "Nothing was lost."):
        assert expected in words, expected


def test_the_brake_and_what_was_lost(run):
    now = int(time.time())
    with sqlite3.connect(run.database) as database:
        database.execute("REPLACE INTO state VALUES ('brake', 'on', ?)",
                         (now,))
        database.execute("REPLACE INTO state VALUES ('lost', '12', ?)",
                         (now,))
    try:
        words = page(run).words
        assert "Brake On: new blocks of honest clients refuse nobody" in words
        assert "12 in all" in words
        assert told(run)["brake"]["on"] is True
    finally:
        with sqlite3.connect(run.database) as database:
            database.execute("DELETE FROM state"
                             " WHERE key IN ('brake', 'lost')")


def test_suspects_are_who_had_mail_accepted(run):
    assert [(ban["client"], ban["accepted"])
            for ban in told(run)["suspects"]] == [("192.0.2.7", 7)]
    suspects = section(page(run), "Suspects")
    assert "192.0.2.7" in suspects and "192.0.2.9" not in suspects


def test_blocks_are_those_of_list_in_its_order(run):
    listed = json.loads(run.videur("list", "--json"))
    shown = told(run, "/blocks")["bans"]
    assert [ban["ref"] for ban in shown] == [ban["ref"] for ban in listed]
    for ban, row in zip(shown, listed):
        assert {key: row[key] for key in ban} == ban


@pytest.mark.parametrize("text, clients", [
    ("192.0.2.7", ["192.0.2.7"]),
    (" 192.0.2.7 ", ["192.0.2.7"]),
    ("[192.0.2.7]:25", ["192.0.2.7"]),
    ("connect from unknown[192.0.2.9]", ["192.0.2.9"]),
    ("203.0.113.99", ["203.0.113.0/24"]),
    ("203.0.113.0/24", ["203.0.113.0/24"]),
    ("203.0.112.0/22", ["203.0.113.0/24"]),
    ("203.0.113.128/25", ["203.0.113.0/24"]),
    ("192.0.2.0/28", ["192.0.2.7", "192.0.2.9"]),
    ("2001:db8:0:1::99", ["2001:db8:0:1::/64"]),
    ("192.0.2.8", []),
    ("auth", ["192.0.2.9"]),
    ("ticket 17", ["203.0.113.0/24"]),
    ("<B>&", ["203.0.113.0/24"]),
    ("no such note", []),
    ("%", []),
    ("' OR 1 --", []),
])
def test_search(run, text, clients):
    assert sorted(blocks(run, text)) == sorted(clients)


def test_search_by_reference(run):
    ref = ref_of(run, "192.0.2.9")
    assert blocks(run, ref.lower()) == ["192.0.2.9"]
    assert "192.0.2.9" in page(run, f"/address?ip={ref}").words


def test_a_reference_of_a_block_that_is_over_is_found(run):
    ref = next(ban["ref"] for ban in
               json.loads(run.videur("list", "--all", "--json"))
               if ban["client"] == "198.51.100.66")
    assert ref not in [ban["ref"] for ban in told(run, "/blocks")["bans"]]
    answer = page(run, f"/blocks?q={ref}")
    assert "198.51.100.66" in answer.words and "mistake" in answer.words


def test_notes_are_text(run):
    answer = page(run, "/blocks")
    assert "<b>" not in answer.text
    assert "Ticket 17 <b>&" in answer.words


def test_an_address_as_explain_tells_it(run):
    answer = page(run, "/address?ip=192.0.2.7")
    explained = json.loads(run.videur("explain", "192.0.2.7", "--json"))
    shown = told(run, "/address?ip=192.0.2.7")
    assert shown["verdict"] == explained["verdict"] == "banned"
    assert shown["events"] == explained["events"]
    assert shown["reputation"] == explained["reputation"]["name"]
    assert [ban["ref"] for ban in shown["bans"]] \
        == [ban["ref"] for ban in explained["bans"]]
    for rule in explained["rules"]:
        assert rule["rule"] in answer.words
    for line in ("videur explain 192.0.2.7",
                 "videur clear 192.0.2.7 --mistake",
                 "videur allow add 192.0.2.7"):
        assert f">{line}</pre>" in answer.text


def test_an_allowed_address_says_by_what(run):
    words = page(run, "/address?ip=198.51.100.66").words
    assert "Allowed: never refused." in words
    assert "198.51.100.0/25 a partner" in words


def test_what_is_no_address_is_told(run):
    answer = page(run, "/address?ip=%3Cscript%3E")
    assert "No address, and no reference" in answer.words
    assert "<script>" not in answer.text.replace("<script src", "")


def test_allowed_networks_and_their_end(run):
    assert [(allow["network"], allow["note"]) for allow in
            told(run, "/allowed")["allowed"]] \
        == [("198.51.100.0/25", "a partner")]
    assert "198.51.100.0/25" in page(run, "/allowed").words


def test_changes_are_those_of_log(run):
    changes = told(run, "/changes")["changes"]
    assert changes == json.loads(run.videur("log", "--json"))
    assert (changes[0]["what"], changes[0]["subject"], changes[0]["note"]) \
        == ("allow add", "198.51.100.0/25", "a partner")
    assert "allow add 198.51.100.0/25 a partner" in page(run, "/changes").words


def test_refused_a_day_by_reason(run):
    days = told(run)["refused"]
    assert len(days) == 30
    assert (days[-1]["spam"], days[-1]["auth"], days[0]["spam"]) == (17, 0, 0)
    assert "17" in section(page(run), "Refused sessions a day, 30 days")


def test_lists_are_bounded_and_say_so(tmp_path):
    site = Website(tmp_path, more='operator = "127.0.0.1:0"')
    try:
        site.videur("ban", "192.0.2.1", "2h", "--note", "x" * 200)
        ends = int(time.time()) + HOUR
        with sqlite3.connect(site.database) as database:
            columns = [row[1] for row in
                       database.execute("PRAGMA table_info(ban)")]
            others = [name for name in columns
                      if name not in ("id", "client", "ends", "ref")]
            for i in range(500):
                database.execute(
                    f"INSERT INTO ban (client, ends, ref, {','.join(others)})"
                    f" SELECT ?, ?, ?, {','.join(others)} FROM ban LIMIT 1",
                    (f"10.1.{i // 250}.{i % 250}", ends, f"Z{i:05}"))
        site.start()
        assert told(site)["more"] == 501 - 10
        assert told(site, "/blocks")["more"] == 501 - 50
        assert "451 more." in page(site, "/blocks?lang=en").words
        assert page(site, "/blocks").text.count("<tr>") == 51
    finally:
        site.close()


# ---- to whom ----

def test_only_names_of_this_host_are_answered(run):
    port = urllib.parse.urlsplit(run.operator_where).port
    for host in ("localhost", f"localhost:{port}", "127.0.0.1", "[::1]:8027",
                 "127.1.2.3:80"):
        assert page(run, Host=host).status == 200
    for host in ("mail.example.fr", f"evil.example:{port}", "192.0.2.1",
                 "localhost.evil.example", "127.0.0.1.nip.io", "", "@",
                 "unix:/run/x", "localhost:80:80", "[::ffff:192.0.2.1]",
                 "a" * 300):
        answer = run.ask("/", where=run.operator_where, Host=host)
        assert answer.status in (400, 421), host
        assert "suspects" not in answer.text.lower()


def test_headers_keep_it_to_itself(run):
    for path, accept in (("/", "text/html"), ("/", "application/json")):
        headers = page(run, path, Accept=accept,
                       Origin="https://evil.example").headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Robots-Tag"] == "noindex"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in headers


def test_it_can_only_be_read(run):
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
        answer = run.ask("/", method, where=run.operator_where)
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET, HEAD"
    assert run.ask("/", "HEAD", where=run.operator_where).body == b""


def test_a_forwarded_visitor_is_nobody_here(run):
    answer = page(run, X_Forwarded_For="192.0.2.7")
    assert answer.words == page(run).words


def test_the_pages_stay_apart(run):
    for path in ("/blocks", "/allowed", "/changes", "/address",
                 "/address?ip=192.0.2.7"):
        assert run.ask(path).status == 404
    for path in ("/codes", "/faq", "/api/v1/ip/192.0.2.7", "/healthz",
                 "/metrics", "/x/style.css", "/../etc/passwd", "/nothing"):
        assert run.ask(path, where=run.operator_where).status == 404
    for path in ("/", "/?ip=192.0.2.7", "/faq", "/stats", "/codes",
                 "/?q=192.0.2.7", "/nothing"):
        for word in ("operator", "blocks?q", "Suspects", "Ticket 17"):
            assert word not in run.ask(path).text
    assert "Suspects" not in run.ask("/", Accept="application/json").text


def test_no_link_leads_to_a_public_page(run):
    text = page(run).text
    for path in ("codes", "durations", "faq", "stats"):
        assert f'href="./{path}' not in text
    for path in ("style.css", "page.js", "icon.svg"):
        assert page(run, f"/{path}").status == 200


@pytest.mark.parametrize("path", [
    "blocks?q=ticket+%26+x", "address?ip=192.0.2.7", "blocks?q=%22"])
def test_a_search_is_kept_in_another_language(run, path):
    one = page(run, f"/{path}").text
    link = html.unescape(re.search(r'<a href="(\?[^"]*lang=fr)"', one)[1])
    other = page(run, f"/{path.split('?')[0]}{link}").text
    field = r'name="(?:q|ip)" value="([^"]+)"'
    assert '<html lang="fr">' in other
    assert re.search(field, one)[1] == re.search(field, other)[1]


def test_french(run):
    answer = page(run, "/?lang=fr")
    assert answer.headers["Content-Language"] == "fr"
    assert "État de videur" in answer.words
    assert "./blocks?lang=fr" in answer.text


@pytest.mark.parametrize("text", [
    "%00", "%ff%fe", "<script>alert(1)</script>", "\"'><img src=x>",
    "A" * 4000, "[" * 1000, "%" * 100, "192.0.2.7/99", "0/0", "::/0",
    "\u202e1.2.3.4", "{{#bans}}{{failed}}", "7K2M9Q", "manual"])
def test_whatever_is_typed_does_no_harm(run, text):
    for path in ("blocks?q", "address?ip"):
        answer = page(run, f"/{path}=" + urllib.parse.quote(text))
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text
        answer.body.decode("utf-8")
        told(run, f"/{path}=" + urllib.parse.quote(text))


# ---- sockets, reload, the database ----

def test_a_unix_socket_lets_in_user_and_group(tmp_path):
    path = f"{tmp_path}/op.sock"
    site = Website(tmp_path, more=f'operator = "unix:{path}"')
    try:
        fill(site)
        site.start()
        mode = os.lstat(path).st_mode
        assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o660
        assert os.lstat(path).st_uid == os.stat(tmp_path).st_uid
        assert site.operator_where == f"unix:{path}"
        assert "State of videur" in page(site).words
        assert site.ask("/", where=site.operator_where,
                        Host="evil.example").status == 421
        assert site.stop() == 0
        assert not os.path.exists(path)
    finally:
        site.close()


def test_off_by_default(shown):
    assert shown.operator_where is None
    assert shown.ask("/blocks").status == 404


def test_a_reload_switches_it_on_and_off(tmp_path):
    path = f"{tmp_path}/op.sock"
    site = Website(tmp_path)
    try:
        fill(site)
        site.start()
        site.configure(more=f'operator = "unix:{path}"')
        site.signal(signal.SIGHUP)
        wait_for(lambda: site.logged("operator's page on unix:"), 20, "on")
        assert stat.S_IMODE(os.lstat(path).st_mode) == 0o660
        site.operator_where = f"unix:{path}"
        assert page(site).status == 200
        site.configure()
        site.signal(signal.SIGHUP)
        wait_for(lambda: not os.path.exists(path), 20, "off")
        wait_for(lambda: site.logged(f"not listening on unix:{path}"), 20,
                 "nothing is served there")
        assert site.ask("/").status == 200
        assert site.stop() == 0
    finally:
        site.close()


@pytest.mark.parametrize("where", [
    "0.0.0.0:8027", "[::]:8027", "192.0.2.1:8027", "mail.example.fr:8027",
    "unix:op.sock", "8027", ""])
def test_a_place_that_others_can_reach_is_refused(empty, where):
    empty.configure(more=f'operator = "{where}"')
    with open(empty.log, "wb") as out:
        status = subprocess.run(
            [f"{BUILD}/videur-web", "-c", empty.conf], stderr=out,
            stdin=subprocess.DEVNULL, check=False, timeout=20).returncode
    assert status == 2
    line = CONF.split("{more}", maxsplit=1)[0].count("\n") + 1
    assert f"{empty.conf}:{line}:" in empty.lines()[0]


def test_without_a_database_it_says_so(tmp_path):
    site = Website(tmp_path, more='operator = "127.0.0.1:0"')
    try:
        site.start()
        for path in ("/", "/blocks?q=192.0.2.7", "/address?ip=192.0.2.7",
                     "/allowed", "/changes"):
            answer = site.ask(path, where=site.operator_where)
            assert answer.status == 503
            assert "cannot be read" in answer.words
            assert site.database in answer.words
            assert "None." not in answer.words
            answer = site.ask(path, where=site.operator_where,
                              Accept="application/json")
            assert answer.status == 503
            assert site.database in json.loads(answer.text)["error"]
        words = site.ask("/", where=site.operator_where).words
        assert "Blocks are enforced; policy franceserv" in words
        site.videur("ban", "192.0.2.7", "2h")
        wait_for(lambda: site.ask(
            "/", where=site.operator_where).status == 200, 20, "it is there")
        assert "192.0.2.7" in page(site, "/blocks").words
    finally:
        site.close()


def doctor(site):
    """What the doctor finds of it."""
    said = subprocess.run(
        [f"{BUILD}/videur", "-c", site.conf, "doctor", "--json"], check=False,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    return [(remark["state"], remark["finding"])
            for remark in json.loads(said.stdout)
            if remark["check"] == "operator"]


def test_doctor_says_where_it_is_and_who_can_reach_it(empty, tmp_path):
    assert doctor(empty) == [("ok", "operator")]
    folder = tmp_path / "run"
    folder.mkdir(mode=0o755)
    empty.configure(
        more=f'operator = {{"localhost:0", "unix:{folder}/op.sock"}}')
    empty.start()
    assert doctor(empty) == [("ok", "operator-port"),
                             ("ok", "operator-socket")]
    (folder / "op.sock").chmod(0o666)
    assert doctor(empty)[1] == ("warning", "operator-loose")
    folder.chmod(0o777)
    assert doctor(empty)[1] == ("warning", "operator-open")


# ---- in a browser ----

VIEWS = {"state": "", "blocks": "blocks", "search": "blocks?q=ticket",
         "address": "address?ip=192.0.2.7", "allowed": "allowed",
         "changes": "changes"}


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("view", VIEWS)
def test_as_a_browser_shows_it(run, browser, view, language):
    path = VIEWS[view]
    url = f"{run.operator_where}{path}{'&' if '?' in path else '?'}" \
          f"lang={language}"
    for name, look in {
            "desk": {"width": 1280, "height": 900},
            "phone": {"width": 390, "height": 844, "scheme": "dark"},
            "small": {"width": 320, "height": 640}}.items():
        answer = browser.look(url, axe=True, **look,
                              picture=f"operator-{view}-{language}-{name}")
        assert answer["status"] == 200
        assert answer["violations"] == [] and answer["errors"] == []
        assert answer["outside"] == [] and answer["wide"] == []
        assert answer["small"] == [] and answer["headings"] == 1
        assert answer["width"] <= answer["view"]
    assert browser.complaints(answer["html"]) == []
    still = browser.look(url, js=False, width=390, height=844)
    assert still["status"] == 200 and '<form class="lookup"' in still["html"]


def test_a_command_is_copied_by_a_click(run, browser):
    answer = browser.look(
        f"{run.operator_where}address?ip=192.0.2.7&lang=en", width=390,
        height=844, steps=[{"click": "button[data-copy=line-2]"}])
    assert "Copied" in answer["text"]
