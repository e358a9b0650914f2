"""What Dovecot is answered, whatever it asks: the protocol of its
auth_policy_server_url."""

import concurrent.futures
import http.client
import json
import os
import signal
import sqlite3
import subprocess
import time

import pytest

from website import BUILD, CONF, Website, wait_for

SECRET = {"X_API_Key": "the secret"}
GUESSER, STRANGER = "192.0.2.9", "198.51.100.7"
PASS = {"status": 0, "msg": ""}
# As 2.4 writes it.
ASKED = {"device_id": "", "login": "joe", "protocol": "imap", "pwhash": "0859",
         "remote": GUESSER, "session_id": "3uyfu0dhOTDGM2QB", "fail_type": "",
         "tls": False}


@pytest.fixture(name="run", scope="module")
def run_fixture(tmp_path_factory):
    site = Website(
        tmp_path_factory.mktemp("run"), more='auth-policy = "127.0.0.1:0" '
        'metrics-listen = "127.0.0.1:0" auth-policy-header = "the secret"')
    for _ in range(10):
        site.videur("report", "auth", GUESSER)
    yield site.start()
    assert site.stop() == 0
    site.close()


def where(site):
    return site.logged("questions on ").split("questions on ", 1)[1]


def post(site, body, path="/?command=allow", method="POST", **headers):
    if isinstance(body, dict):
        body = json.dumps(body)
    return site.ask(path, method, body, where(site), **(headers or SECRET))


def allow(site, remote=GUESSER, **more):
    """What a client is answered."""
    answer = post(site, {**ASKED, "remote": remote, **more})
    assert answer.status == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    return json.loads(answer.text)


def counted(site):
    """The numbers of answers, those that are not 0."""
    text = site.ask("/metrics", where=site.metrics_where).text
    lines = [line.split('answer="')[1] for line in text.splitlines()
             if line.startswith("videur_web_login_questions_total{")]
    assert len(lines) == 6
    return {line.split('"')[0]: int(line.split()[1])
            for line in lines if line.split()[1] != "0"}


def gained(site, before):
    now = counted(site)
    return {name: now[name] - before.get(name, 0) for name in now
            if now[name] != before.get(name, 0)}


def test_a_guesser_is_refused_in_the_words_of_smtp(run):
    (ban,) = json.loads(run.videur("list", "--json", GUESSER))
    (told,) = json.loads(run.ask(
        f"/api/v1/ip/{GUESSER}?ref={ban['ref']}").text)["bans"]
    before = counted(run)
    assert allow(run) == {"status": -1, "msg": told["reply"]}
    assert told["reply"].startswith("530 5.7.0 Too many authentication errors")
    assert allow(run, f"::ffff:{GUESSER}")["status"] == -1
    assert allow(run, STRANGER) == PASS
    assert gained(run, before) == {"refused": 2, "allowed": 1}


@pytest.mark.parametrize("remote", [
    "", "localhost", "192.0.2.9/32", "192.0.2.9 ", "x" * 4000,
    7, None, True, {}, {"remote": GUESSER}, [GUESSER], "' OR 1", "\ud83d"])
def test_what_is_no_address_is_nobodys(run, remote):
    assert allow(run, remote) == PASS


def test_who_asks_without_an_address_passes(run):
    assert json.loads(post(run, "{}").text) == PASS
    assert json.loads(post(run, "[]").text) == PASS


@pytest.mark.parametrize("body", [
    "", "{", "remote=192.0.2.9", '{"remote":"192.0.2.9"', "[" * 8000,
    '{"remote":"192.0.2.9",}x', "\xff\xfe", "<zz>", "{'remote':'192.0.2.9'}"])
def test_what_is_no_json_is_told_so(run, body):
    before = counted(run)
    answer = post(run, body.encode("latin-1"))
    assert (answer.status, answer.text) == (400, "this is no JSON\n")
    assert gained(run, before) == {"wrong": 1}


def test_a_long_name_is_no_way_around_a_ban(run):
    before = counted(run)
    assert allow(run, login="x" * 7900)["msg"].startswith("530 ")
    for remote in (GUESSER, STRANGER):
        told = allow(run, remote, login="x" * 9000)
        assert told == {"status": -1, "msg": "This login is too long."}
    assert post(run, b'{"remote":"192.0.2.9"}\0 ').status == 200
    assert gained(run, before) == {"refused": 1, "wrong": 3}


@pytest.mark.parametrize("path, method, headers, status", [
    ("/", "POST", SECRET, 400),
    ("/?command=deny", "POST", SECRET, 400),
    ("/?command=allow", "GET", SECRET, 405),
    ("/?command=allow", "PUT", SECRET, 405),
    ("/?command=allow", "DELETE", SECRET, 405),
    ("/x?command=allow", "POST", SECRET, 404),
    ("/metrics", "POST", SECRET, 404),
    ("/healthz", "GET", SECRET, 404),
    ("/?command=allow", "POST", {"X_API_Key": "the secreT"}, 403),
    ("/?command=allow", "POST", {"X_API_Key": "the secret2"}, 403),
    ("/?command=report", "POST", {"X_Key": "the secret"}, 403),
    ("/?command=allow&x=" + "y" * 16000, "POST", SECRET, 414),
])
def test_other_questions_are_not_answered(run, path, method, headers, status):
    before = counted(run)
    answer = post(run, ASKED, path, method, **headers)
    assert answer.status == status
    assert "530" not in answer.text
    assert answer.headers["Allow"] == ("POST" if status == 405 else None)
    assert gained(run, before) == {"wrong": 1}


def test_of_what_is_wrong_the_log_tells_once_a_minute(run):
    post(run, "{")
    assert sum("a question was answered with" in line
               for line in run.lines()) == 1


def test_a_report_is_acknowledged_and_changes_nothing(run):
    before = counted(run)
    with sqlite3.connect(run.database) as database:
        events = database.execute("SELECT count(*) FROM event").fetchall()
        for remote in (STRANGER, GUESSER):
            told = post(run, {**ASKED, "remote": remote, "success": False,
                              "policy_reject": False}, "/?command=report")
            assert (told.status, json.loads(told.text)) == (200, PASS)
        assert events == database.execute(
            "SELECT count(*) FROM event").fetchall()
    assert gained(run, before) == {"report": 2}


def test_no_page_of_another_site_may_read_it(run):
    answer = post(run, ASKED, Origin="https://evil.example", **SECRET)
    assert answer.headers["Access-Control-Allow-Origin"] is None
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_the_page_answers_none_of_it(run):
    assert run.ask("/?command=allow", "POST", json.dumps(ASKED)).status == 405
    assert run.ask("/?command=allow", "POST", json.dumps(ASKED),
                   where=run.metrics_where).status in (404, 405)


def test_one_connection_asks_many_times_and_one_host_has_many(run):
    place = where(run).removeprefix("http://").strip("/")
    connections = [http.client.HTTPConnection(place, timeout=20)
                   for _ in range(100)]

    def ask(connection):
        for _ in range(5):
            connection.request("POST", "/?command=allow", json.dumps(ASKED),
                               {"X-API-Key": "the secret"})
            assert json.loads(connection.getresponse().read())["status"] == -1
        return True

    with concurrent.futures.ThreadPoolExecutor(8) as many:
        assert all(many.map(ask, connections))
    for connection in connections:
        connection.close()


# ---- the database, and the configuration ----

@pytest.fixture(name="site")
def site_fixture(tmp_path):
    site = Website(tmp_path, more='auth-policy = "127.0.0.1:0"')
    yield site
    site.close()


def test_without_a_database_all_pass_and_the_log_says_so_once(site):
    site.start()
    for _ in range(3):
        assert allow(site) == PASS
    assert sum("videur.db" in line and "running as root" not in line
               for line in site.lines()) == 1
    site.videur("ban", GUESSER, "1h", "--reason", "auth")
    assert wait_for(lambda: allow(site)["status"] == -1, 20, "it is there")


def test_a_ban_that_is_lifted_or_over_refuses_no_more(site):
    site.videur("ban", GUESSER, "1h", "--reason", "auth")
    site.start()
    assert allow(site)["status"] == -1
    site.videur("clear", GUESSER)
    assert allow(site) == PASS
    site.videur("ban", GUESSER, "1h", "--reason", "auth")
    assert allow(site)["status"] == -1
    with sqlite3.connect(site.database) as database:
        database.execute("UPDATE ban SET ends = ?", (int(time.time()),))
    assert allow(site) == PASS


@pytest.mark.parametrize("reason", ["spam", "virus", "error"])
def test_a_ban_for_other_reasons_refuses_nobody(site, reason):
    site.videur("ban", GUESSER, "1h", "--reason", reason)
    site.start()
    assert allow(site) == PASS


def test_an_observed_ban_refuses_nobody_and_is_told(site):
    site.videur("ban", GUESSER, "1h", "--reason", "auth")
    with sqlite3.connect(site.database) as database:
        database.execute("UPDATE ban SET observed = 1")
    site.start()
    assert allow(site) == PASS
    assert site.logged(f"{GUESSER} (imap) may log in, its ban ")


def test_a_unix_socket_and_a_header_of_another_name(tmp_path):
    path = f"{tmp_path}/policy.sock"
    site = Website(tmp_path, more=f'auth-policy = "unix:{path}" '
                   'auth-policy-header = "Authorization: Basic eDp5"')
    try:
        site.videur("ban", GUESSER, "1h", "--reason", "auth")
        site.start()
        right = post(site, ASKED, Authorization="Basic eDp5")
        assert json.loads(right.text)["status"] == -1
        assert post(site, ASKED, Authorization="Basic").status == 403
        # A reload takes it away.
        site.configure()
        site.signal(signal.SIGHUP)
        wait_for(lambda: not os.path.exists(path), 20, "off")
        assert site.stop() == 0
    finally:
        site.close()


@pytest.mark.parametrize("setting, why", [
    ('auth-policy = "0.0.0.0:9111"', "a private address"),
    ('auth-policy = "192.0.2.1:9111"', "a private address"),
    ('auth-policy = "[2001:db8::1]:9111"', "a private address"),
    ('auth-policy = "127.0.0.1:8025" listen = "127.0.0.1:8025"', "same place"),
    ('auth-policy = "9111"', "HOST:PORT"),
    ('auth-policy-header = "X Key: a"', '"NAME: VALUE"'),
    ('auth-policy-header = "X-Key: "', '"NAME: VALUE"'),
    ('auth-policy-header = ": a"', '"NAME: VALUE"'),
])
def test_what_cannot_be_is_refused_with_its_line(site, setting, why):
    with open(site.conf, "w", encoding="utf-8") as file:
        file.write(CONF.format(folder=site.folder, listen="127.0.0.1:0",
                               more=setting).replace(
                                   'listen = "127.0.0.1:0"\n', ""))
    told = subprocess.run(
        [f"{BUILD}/videur-web", "-c", site.conf], capture_output=True,
        stdin=subprocess.DEVNULL, check=False, timeout=20, text=True)
    assert told.returncode == 2
    assert f"{site.conf}:" in told.stderr and why in told.stderr


@pytest.mark.parametrize("place", [
    "10.1.2.3:9", "172.31.0.1:9", "192.168.7.7:9", "100.64.0.1:9",
    "[fd00::7]:9", "localhost:9", "[::1]:9", "127.7.7.7:9"])
def test_a_private_address_can_be_named(site, place):
    site.configure(more=f'auth-policy = "{place}"')
    site.videur("config", "check")
