"""Several places to listen, and what a reload makes of them."""

import os
import signal
import socket
import stat
import threading

import pytest

from website import Website, wait_for


def free_ports(count):
    """Ports that nobody has just now."""
    held = [socket.socket() for _ in range(count)]
    for sock in held:
        sock.bind(("127.0.0.1", 0))
    ports = [sock.getsockname()[1] for sock in held]
    for sock in held:
        sock.close()
    return ports


class Places(Website):
    """A website that is told where to listen, by keys of section web."""

    def listen(self, *places, metrics=(), more=""):
        """Write the configuration with lists."""
        def as_list(names):
            return "{" + ", ".join(f'"{name}"' for name in names) + "}"
        self.configure(more=more)
        with open(self.conf, encoding="utf-8") as file:
            text = file.read()
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write(text.replace(
                '"127.0.0.1:0"', as_list(places)
                + "\n  metrics-listen = " + as_list(metrics)))

    def reload(self):
        """Have it read again, and wait until that is done."""
        before = sum("configuration reloaded" in line
                     for line in self.lines())
        self.signal(signal.SIGHUP)
        wait_for(lambda: sum("configuration reloaded" in line
                             for line in self.lines()) > before, 20,
                 "it is read again")

    def serves(self, where):
        """Whether somebody answers there."""
        try:
            return self.ask("/healthz", where=where).status == 200
        except OSError:
            return False


@pytest.fixture
def places(tmp_path):
    """A website with a ban, not started."""
    site = Places(tmp_path)
    site.videur("ban", "198.51.100.9", "2h")
    yield site
    if site.child is not None:
        assert site.stop() == 0
    site.close()


def http_at(port, host="127.0.0.1"):
    """The address of a page."""
    return f"http://{host}:{port}/"


def test_all_of_a_list_are_served(places):
    one, metrics, other = free_ports(3)
    path = f"{places.folder}/web.sock"
    places.listen(f"127.0.0.1:{one}", f"unix:{path}", f"[::1]:{one}",
                  metrics=[f"127.0.0.1:{metrics}", f"127.0.0.1:{other}"])
    places.start()
    for where in http_at(one), f"unix:{path}", http_at(one, "[::1]"):
        assert places.serves(where), where
        assert places.ask("/metrics", where=where).status == 404
    for port in metrics, other:
        assert places.ask("/metrics", where=http_at(port)).status == 200
        assert places.ask("/", where=http_at(port)).status == 404
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o666
    page = places.ask("/", where=f"unix:{path}", X_Forwarded_For="198.51.100.9")
    assert "198.51.100.9" in page.words
    # Who comes straight is not believed.
    page = places.ask("/", where=http_at(one), X_Forwarded_For="198.51.100.9")
    assert "198.51.100.9" not in page.words
    assert places.stop() == 0
    assert not os.path.exists(path)


def test_a_reload_adds_removes_and_keeps(places):
    """On what stays a connection is not cut, and no request fails."""
    kept, gone, new = free_ports(3)
    old_path, path = f"{places.folder}/old.sock", f"{places.folder}/new.sock"
    places.listen(f"127.0.0.1:{kept}", f"127.0.0.1:{gone}",
                  f"unix:{old_path}", more="rate = 0")
    places.start()
    connection = places.connection(http_at(kept))
    connection.request("GET", "/healthz")
    assert connection.getresponse().read() == b"ok\n"
    failed, over = [], threading.Event()

    def go_on_asking():
        while not over.is_set():
            try:
                assert places.ask(
                    "/api/v1/ip/198.51.100.9",
                    where=http_at(kept)).status == 200
            except Exception as wrong:  # whatever it is, it is one
                failed.append(wrong)
    asking = threading.Thread(target=go_on_asking)
    asking.start()
    places.listen(f"127.0.0.1:{new}", f"127.0.0.1:{kept}", f"unix:{path}",
                  metrics=[f"127.0.0.1:{gone}"], more="rate = 0")
    places.reload()
    over.set()
    asking.join()
    assert not failed
    connection.request("GET", "/healthz")
    assert connection.getresponse().read() == b"ok\n"
    connection.close()
    for where in http_at(new), http_at(kept), f"unix:{path}":
        assert places.serves(where), where
    assert not os.path.exists(old_path)
    # The port has another use now.
    assert places.ask("/metrics", where=http_at(gone)).status == 200
    assert places.ask("/", where=http_at(gone)).status == 404


def test_a_wider_place_takes_over(places):
    port, = free_ports(1)
    places.listen(f"127.0.0.1:{port}")
    places.start()
    places.listen(f"0.0.0.0:{port}")
    places.reload()
    assert places.serves(http_at(port, "127.0.0.2"))


def test_a_place_that_cannot_be_had(places):
    """What was there stays, and the next reload tries again."""
    port, taken = free_ports(2)
    places.listen(f"127.0.0.1:{port}")
    places.start()
    with socket.socket() as other:
        other.bind(("127.0.0.1", taken))
        other.listen()
        places.listen(f"127.0.0.1:{taken}")
        places.reload()
        assert places.logged(
            f"cannot listen on 127.0.0.1:{taken}: Address already in use")
        assert places.serves(http_at(port))
    places.reload()
    assert places.serves(http_at(taken))
    assert not places.serves(http_at(port))


def test_a_wrong_configuration_changes_no_place(places):
    port, other = free_ports(2)
    places.listen(f"127.0.0.1:{port}")
    places.start()
    places.listen(f"127.0.0.1:{other}", more="nonsense = 1")
    places.signal(signal.SIGHUP)
    wait_for(lambda: places.logged("configuration not reloaded"), 20,
             "it is told")
    assert places.serves(http_at(port))
    assert not places.serves(http_at(other))


def test_who_serves_again_after_a_crash_serves_all(places):
    one, other = free_ports(2)
    places.listen(f"127.0.0.1:{one}")
    places.start()
    places.listen(f"127.0.0.1:{one}", f"127.0.0.1:{other}")
    places.reload()
    os.kill(places.worker, signal.SIGKILL)
    wait_for(lambda: places.serves(http_at(other)), 10, "the new one")
    assert places.serves(http_at(one))


def test_tls_is_switched_on_all_pages_at_once(places):
    """The metrics stay as they are."""
    one, other, metrics = free_ports(3)
    where = [f"127.0.0.1:{one}", f"127.0.0.1:{other}"]
    places.listen(*where, metrics=[f"127.0.0.1:{metrics}"])
    places.start()
    os.system(f"openssl req -x509 -newkey ec -pkeyopt "
              f"ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost "
              f"-addext subjectAltName=IP:127.0.0.1 "
              f"-keyout {places.folder}/key -out {places.folder}/cert "
              f"2>/dev/null")
    places.listen(*where, metrics=[f"127.0.0.1:{metrics}"], more=(
        f'certificate = "{places.folder}/cert"\n'
        f'key = "{places.folder}/key"'))
    places.reload()
    places.trusted = f"{places.folder}/cert"
    for port in one, other:
        assert places.serves(f"https://127.0.0.1:{port}/")
    assert places.ask("/metrics", where=http_at(metrics)).status == 200
