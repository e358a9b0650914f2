"""Behind nginx as the manual page has it, on a unix socket, and with TLS."""

import os
import pwd
import re
import signal
import socket
import ssl
import subprocess
import urllib.parse
import warnings

import pytest

from website import Website, wait_for

# As root, workers would become somebody who cannot reach the test's folder.
USER = f"user {pwd.getpwuid(0).pw_name};" if os.getuid() == 0 else ""

# What would else be made below /var/lib/nginx, even by nginx -t.
PATHS = """
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
"""

NGINX = """
{user}
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ }}
http {{
    access_log off;
    {paths}
    # Who says so in X-Client comes from there, as if from outside.
    set_real_ip_from unix:;
    real_ip_header X-Client;
    server {{
        listen unix:{folder}/nginx.sock;
        {location}
    }}
}}
"""


def snippet(start):
    """A block of the manual page's examples, from the line that begins so to
    the one that closes it."""
    with open("src/web/videur-web.8", encoding="utf-8") as file:
        found = re.search(rf"^( *){re.escape(start)}.*?^\1}}\n", file.read(),
                          re.M | re.S)
    assert found, start
    return found[0]


class Nginx:
    """A private nginx in front of a website, on a unix socket."""

    def __init__(self, folder, location):
        self.where = f"unix:{folder}/nginx.sock"
        conf = f"{folder}/nginx.conf"
        with open(conf, "w", encoding="utf-8") as file:
            file.write(NGINX.format(
                user=USER, folder=folder, location=location,
                paths=PATHS.format(folder=folder)))
        self.child = subprocess.Popen(
            ["/usr/sbin/nginx", "-e", f"{folder}/nginx.log", "-c", conf],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        wait_for(lambda: self.answers() or self.child.poll() is not None,
                 20, "nginx listens")
        assert self.child.poll() is None, open(
            f"{folder}/nginx.log", encoding="utf-8").read()

    def answers(self):
        """Whether it listens: the file is there before."""
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(self.where[len("unix:"):]) == 0

    def stop(self):
        """End it."""
        self.child.terminate()
        self.child.wait(20)


CLIENT = "198.51.100.1"


def behind(site, block, named, real):
    """nginx with a location block of the manual page, aimed at where the
    site really is."""
    assert named in block
    return Nginx(site.folder, block.replace(named, real))


@pytest.fixture
def proxied(tmp_path):
    """A website on a port, and nginx in front of it as documented."""
    site = Website(tmp_path, more='trusted-proxies = {"127.0.0.1"} rate = 3')
    site.videur("ban", "192.0.2.7", "2h")
    nginx = None
    try:
        site.start()
        port = urllib.parse.urlsplit(site.where).port
        nginx = behind(site, snippet("location / {"),
                       "127.0.0.1:8025", f"127.0.0.1:{port}")
        site.front = nginx.where
        yield site
    finally:
        if nginx is not None:
            nginx.stop()
        site.close()


@pytest.mark.parametrize("claim", [
    "192.0.2.7", "127.0.0.1", "192.0.2.7, 127.0.0.1", "unknown", "<script>",
    "192.0.2.7,,,", "::1"])
def test_what_the_client_claims_is_not_believed(proxied, claim):
    page = proxied.ask("/", where=proxied.front, X_Client=CLIENT,
                       X_Forwarded_For=claim)
    assert page.status == 200
    assert f"You connect from {CLIENT}" in page.words


def test_the_rate_is_the_clients_whatever_he_claims(proxied):
    said = [proxied.ask("/?ip=192.0.2.7", where=proxied.front,
                        X_Client=CLIENT,
                        X_Forwarded_For=f"203.0.113.{number}").status
            for number in range(5)]
    assert said == [200, 200, 200, 429, 429]
    assert proxied.ask("/?ip=192.0.2.7", where=proxied.front,
                       X_Client="198.51.100.2").status == 200


@pytest.mark.parametrize("header", [
    {"X_Forwarded_For": "198.51.100.1"},
    {"Forwarded": "for=198.51.100.1"}], ids=["X-Forwarded-For", "Forwarded"])
def test_a_proxy_that_is_not_trusted_is_told_of(tmp_path, header):
    """All its visitors share one rate, and nobody would know why."""
    site = Website(tmp_path,
                   more='rate = 60 metrics-listen = "127.0.0.1:0"')
    site.videur("ban", "192.0.2.7", "2h")
    try:
        site.start()
        assert site.ask("/healthz").text == "ok\n"
        assert "not in trusted-proxies" in site.ask("/healthz", **header).text
        statuses = [site.ask("/?ip=192.0.2.7", **header).status
                    for _ in range(80)]
        assert statuses.count(429) >= 19
        told = [line for line in site.lines() if "trusted-proxies" in line]
        assert len(told) == 1
        assert "too many requests from 127.0.0.1, which asks for others" \
            in told[0]
        health = site.ask("/healthz")
        assert health.status == 200
        assert "not in trusted-proxies" in health.text
        number = int(re.search(
            r"^videur_web_untrusted_proxy_requests_total (\d+)$",
            site.ask("/metrics", where=site.metrics_where).text, re.M)[1])
        assert number == statuses.count(429)
    finally:
        site.close()


def test_a_visitor_who_asks_too_often_is_no_proxy(tmp_path):
    site = Website(tmp_path, more="rate = 3")
    site.videur("ban", "192.0.2.7", "2h")
    try:
        site.start()
        assert [site.ask("/").status for _ in range(5)].count(429) == 2
        assert site.ask("/healthz").text == "ok\n"
        assert site.logged("trusted-proxies") is None
    finally:
        site.close()


def test_the_page_comes_through_whole(proxied):
    direct = proxied.ask("/?ip=192.0.2.7")
    page = proxied.ask("/?ip=192.0.2.7", where=proxied.front)
    assert "192.0.2.7 is blocked" in page.words
    assert page.headers["Content-Security-Policy"] \
        == direct.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    style = proxied.ask("/style.css", where=proxied.front)
    assert style.body == proxied.ask("/style.css").body


def test_below_a_path_over_a_unix_socket(tmp_path):
    """The links are relative, so that they lead back below it."""
    path = f"{tmp_path}/web.sock"
    site = Website(tmp_path, listen=f"unix:{path}")
    site.videur("ban", CLIENT, "2h")
    nginx = None
    try:
        site.start()
        nginx = behind(site, snippet("location /postmaster/ {"),
                       "/run/videur/web.sock", path)
        page = site.ask("/postmaster/", where=nginx.where, X_Client=CLIENT)
        assert page.status == 200
        assert f"{CLIENT} is blocked" in page.words
        links = re.findall(r'(?:href|src|action)="([^"]*)"', page.text)
        assert links
        for link in links:
            if urllib.parse.urlsplit(link).scheme in ("", "http"):
                whole = urllib.parse.urljoin("http://x/postmaster/", link)
                assert whole.startswith("http://x/postmaster/"), link
        assert site.ask("/postmaster/style.css",
                        where=nginx.where).status == 200
    finally:
        if nginx is not None:
            nginx.stop()
        site.close()


def test_a_whole_server_of_the_manual_is_understood(tmp_path):
    """nginx checks the example, with files of a certificate that are
    there."""
    make_certificate(tmp_path, "one")
    server = snippet("server {").replace(
        "/etc/ssl/postmaster.pem", f"{tmp_path}/one.pem").replace(
        "/etc/ssl/private/postmaster.key", f"{tmp_path}/one.key").replace(
        "listen 443 ssl;", f"listen unix:{tmp_path}/s.sock ssl;")
    conf = f"{tmp_path}/nginx.conf"
    with open(conf, "w", encoding="utf-8") as file:
        file.write(f"pid {tmp_path}/pid; events {{ }} http {{ access_log off;"
                   f" {PATHS.format(folder=tmp_path)} {server} }}")
    done = subprocess.run(
        ["/usr/sbin/nginx", "-t", "-e", f"{tmp_path}/log", "-c", conf],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20,
        check=False)
    assert done.returncode == 0, done.stderr


# ---- TLS ----

def make_certificate(folder, name):
    """NAME.pem and NAME.key for 127.0.0.1, signed by itself."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem"],
        check=True, stdin=subprocess.DEVNULL, capture_output=True,
        timeout=60)


@pytest.fixture
def secure(tmp_path):
    """A website with TLS, not started; its certificate is now.pem."""
    make_certificate(tmp_path, "now")
    site = Website(tmp_path, more=f'certificate = "{tmp_path}/now.pem" '
                                  f'key = "{tmp_path}/now.key"')
    site.videur("ban", "192.0.2.7", "2h")
    site.trusted = f"{tmp_path}/now.pem"
    yield site
    site.close()


def test_the_page_over_tls(secure):
    assert secure.start().where.startswith("https://127.0.0.1:")
    page = secure.ask("/?ip=192.0.2.7")
    assert "192.0.2.7 is blocked" in page.words
    assert "Strict-Transport-Security" not in page.headers
    assert secure.stop() == 0


def test_plain_words_to_tls_harm_nobody(secure):
    secure.start()
    plain = secure.where.replace("https:", "http:")
    with pytest.raises(OSError):
        secure.ask("/?ip=192.0.2.7", where=plain)
    assert secure.ask("/healthz").status == 200


def handshake(site, version):
    """The version that is spoken when none but this is offered."""
    context = ssl.create_default_context(cafile=site.trusted)
    with warnings.catch_warnings():  # of versions that are too old
        warnings.simplefilter("ignore")
        context.minimum_version = context.maximum_version = version
    place = urllib.parse.urlsplit(site.where)
    with socket.create_connection((place.hostname, place.port), 10) as plain:
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as sock:
            return sock.version()


def test_versions(secure):
    secure.start()
    assert handshake(secure, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    assert handshake(secure, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    with pytest.raises(OSError):
        handshake(secure, ssl.TLSVersion.TLSv1_1)


def test_a_new_certificate_by_reload(secure):
    """Nobody is hung up on."""
    secure.start()
    old = secure.connection()
    old.request("GET", "/healthz")
    assert old.getresponse().read() == b"ok\n"
    make_certificate(secure.folder, "next")
    for kind in "key", "pem":
        os.replace(f"{secure.folder}/next.{kind}",
                   f"{secure.folder}/now.{kind}")
    secure.signal(signal.SIGHUP)
    wait_for(lambda: secure.logged("configuration reloaded"), 20,
             "it says so")
    assert "192.0.2.7 is blocked" in secure.ask("/?ip=192.0.2.7").words
    old.request("GET", "/healthz")
    assert old.getresponse().read() == b"ok\n"
    old.close()
    assert secure.stop() == 0


@pytest.mark.parametrize("spoil", ["missing", "rubbish", "another's"])
def test_a_bad_certificate_by_reload_changes_nothing(secure, spoil):
    secure.start()
    with open(secure.trusted, encoding="utf-8") as file:
        good = file.read()
    key = f"{secure.folder}/now.key"
    if spoil == "missing":
        os.unlink(key)
    elif spoil == "rubbish":
        with open(key, "w", encoding="utf-8") as file:
            file.write("nothing\n")
    else:
        make_certificate(secure.folder, "other")
        os.replace(f"{secure.folder}/other.key", key)
    secure.signal(signal.SIGHUP)
    wait_for(lambda: secure.logged("certificate and key stay as they were"),
             20, "it says so")
    wait_for(lambda: secure.logged("configuration reloaded"), 20,
             "the rest is reloaded")
    with open(secure.trusted, encoding="utf-8") as file:
        assert file.read() == good
    assert "192.0.2.7 is blocked" in secure.ask("/?ip=192.0.2.7").words


@pytest.mark.parametrize("spoil, said", [
    ("missing", "now.key: No such file"),
    ("rubbish", "certificate and key cannot be used")])
def test_a_bad_certificate_at_the_start(secure, spoil, said):
    key = f"{secure.folder}/now.key"
    if spoil == "missing":
        os.unlink(key)
    else:
        with open(key, "w", encoding="utf-8") as file:
            file.write("nothing\n")
    with pytest.raises(AssertionError):
        secure.start()
    assert secure.child.poll() == 2
    assert secure.logged(said)
