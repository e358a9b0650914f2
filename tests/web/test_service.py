"""The service: options, sockets, signals, and databases that fail it."""

import http.client
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import time

import pytest

from website import BUILD, Website, wait_for

WEB = f"{BUILD}/videur-web"


def run(*words):
    """Run the program to its end."""
    return subprocess.run([WEB, *words], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=20,
                          check=False)


def test_help():
    done = run("-h")
    assert done.returncode == 0
    assert done.stdout.startswith("usage: videur-web ")
    assert done.stderr == ""


def test_version():
    done = run("-V")
    assert done.returncode == 0
    assert done.stdout.startswith("videur-web ")


@pytest.mark.parametrize("words", [["-x"], ["extra"], ["-c"]])
def test_wrong_usage(words):
    done = run(*words)
    assert done.returncode == 2
    assert "usage: videur-web" in done.stderr
    assert done.stdout == ""


def test_a_missing_configuration(tmp_path):
    done = run("-c", f"{tmp_path}/none.conf")
    assert done.returncode == 2
    assert "none.conf" in done.stderr


def test_a_wrong_configuration_is_named_by_its_line(empty):
    with open(empty.conf, "w", encoding="utf-8") as file:
        file.write("\nnonsense = 1\n")
    done = run("-c", empty.conf)
    assert done.returncode == 2
    assert f"{empty.conf}:2:1: " in done.stderr


def test_a_port_in_use(empty):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        empty.configure(listen=f"127.0.0.1:{port}")
        done = run("-c", empty.conf)
    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" \
        in done.stderr


def test_a_port_that_its_owner_would_share_is_in_use(empty):
    """The page's own sockets share one; nobody else's."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        empty.configure(listen=f"127.0.0.1:{other.getsockname()[1]}")
        done = run("-c", empty.conf)
    assert done.returncode == 2
    assert "Address already in use" in done.stderr


def test_connections_are_spread_over_two_sockets(empty):
    empty.start()
    port = int(empty.where.rstrip("/").rpartition(":")[2])
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file]
    assert [row[3] for row in rows
            if row[1].endswith(f":{port:04X}")] == ["0A", "0A"]  # LISTEN


def test_an_ipv6_socket(tmp_path):
    site = Website(tmp_path, listen="[::1]:0")
    site.videur("ban", "192.0.2.7", "2h")
    try:
        assert site.start().where.startswith("http://[::1]:")
        assert site.ask("/healthz").status == 200
        assert site.stop() == 0
    finally:
        site.close()


def test_a_unix_socket_is_open_to_the_proxy(tmp_path):
    path = f"{tmp_path}/web.sock"
    site = Website(tmp_path, listen=f"unix:{path}")
    site.videur("ban", "192.0.2.7", "2h")
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(path)
    try:
        site.start()
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o666
        page = site.ask("/", X_Forwarded_For="192.0.2.7")
        assert "192.0.2.7 is blocked" in page.words
        assert site.ask("/").status == 200
        second = run("-c", site.conf)
        assert second.returncode == 2
        assert "Address already in use" in second.stderr
        assert site.ask("/healthz").status == 200
        assert site.stop() == 0
        assert not os.path.exists(path)
    finally:
        site.close()


def test_a_file_that_is_no_socket_is_left_alone(tmp_path):
    path = f"{tmp_path}/precious"
    with open(path, "w", encoding="utf-8") as file:
        file.write("data")
    site = Website(tmp_path, listen=f"unix:{path}")
    done = run("-c", site.conf)
    assert done.returncode == 2
    assert path in done.stderr
    with open(path, encoding="utf-8") as file:
        assert file.read() == "data"


def test_a_database_that_comes_later(empty):
    empty.start()
    for path in "/", "/?ip=192.0.2.7", "/api/v1/ip/192.0.2.7", "/healthz":
        answer = empty.ask(path)
        assert answer.status == 503, path
        assert answer.headers["Retry-After"]
    assert "try again in a minute" in empty.ask("/?ip=192.0.2.7").words
    assert empty.ask("/style.css").status == 200
    assert empty.ask("/?ip=x").status == 400
    complaints = [line for line in empty.lines() if "No such file" in line]
    assert len(complaints) == 1
    empty.videur("ban", "192.0.2.7", "2h")
    assert empty.ask("/healthz").status == 200
    assert "192.0.2.7 is blocked" in empty.ask("/?ip=192.0.2.7").words
    assert empty.logged("can be read again")


def test_a_database_that_is_replaced(empty):
    empty.videur("ban", "192.0.2.7", "2h")
    empty.start()
    assert "is blocked" in empty.ask("/?ip=192.0.2.7").words
    for name in os.listdir(empty.folder):
        if name.startswith("videur.db"):
            os.unlink(f"{empty.folder}/{name}")
    # Requests within a millisecond share one look at the file.
    wait_for(lambda: empty.ask("/?ip=192.0.2.7").status == 503, 2,
             "the page misses the database")
    empty.videur("ban", "192.0.2.8", "2h")
    assert "is not blocked" in empty.ask("/?ip=192.0.2.7").words
    assert "is blocked" in empty.ask("/?ip=192.0.2.8").words


def test_it_crashes_and_serves_on(empty):
    """Nobody is refused meanwhile."""
    empty.videur("ban", "192.0.2.7", "2h")
    empty.start()
    for times, number in enumerate((signal.SIGBUS, signal.SIGKILL), 1):
        os.kill(empty.worker, number)
        begun = time.monotonic()
        while time.monotonic() - begun < 2:
            try:
                assert "is blocked" in empty.ask("/?ip=192.0.2.7").words
                break
            except (ConnectionResetError, http.client.RemoteDisconnected):
                pass  # it was in the one that crashed
        assert time.monotonic() - begun < 1
        wait_for(lambda: sum("crashed (" in line for line in empty.lines())
                 == times, 10, "it is told")
    assert empty.stop() == 0


def test_readers_locks_are_taken_of_new_files_too(empty):
    """Else the log of the database could not be moved under a busy page."""
    def writable():
        found = set()
        folder = f"/proc/{empty.worker}/fd"
        for name in os.listdir(folder):
            with open(f"{folder}info/{name}", encoding="ascii") as file:
                flags = int(file.read().split("flags:")[1].split()[0], 8)
            if flags & os.O_ACCMODE != os.O_RDONLY:
                found.add(os.readlink(f"{folder}/{name}"))
        return found

    empty.videur("ban", "192.0.2.7", "2h")
    empty.start()
    assert f"{empty.database}-shm" in writable()
    for name in os.listdir(empty.folder):
        if name.startswith("videur.db"):
            os.unlink(f"{empty.folder}/{name}")
    empty.videur("ban", "192.0.2.7", "2h")
    wait_for(lambda: empty.logged("starting again"), 5, "it starts again")

    def locked():
        try:
            assert "is blocked" in empty.ask("/?ip=192.0.2.7").words
            return f"{empty.database}-shm" in writable()
        except (OSError, http.client.RemoteDisconnected):
            return False
    wait_for(locked, 5, "it takes locks of the new files")


def test_a_database_that_is_none(empty):
    with open(empty.database, "wb") as file:
        file.write(b"no database at all\n" * 100)
    empty.start()
    assert empty.ask("/healthz").status == 503
    assert empty.ask("/?ip=192.0.2.7").status == 503
    with open(empty.database, "rb") as file:
        assert file.read() == b"no database at all\n" * 100


def damage(database, table):
    """Overwrite the root pages of a table and its indexes."""
    with sqlite3.connect(database) as one:
        one.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size, = one.execute("PRAGMA page_size").fetchone()
        pages = [row[0] for row in one.execute(
            "SELECT rootpage FROM sqlite_master WHERE tbl_name = ?",
            (table,)) if row[0]]
    one.close()
    with open(database, "r+b") as file:
        for page in pages:
            file.seek((page - 1) * size)
            file.write(b"\xa5" * size)


@pytest.mark.parametrize("table", ["ban", "tally", "event"])
def test_health_makes_a_real_look_up(empty, table):
    """A page that answers no visitor is not healthy, whatever else of the
    database can still be read."""
    empty.videur("ban", "192.0.2.7", "2h")
    damage(empty.database, table)
    empty.start()
    answer = empty.ask("/healthz")
    assert answer.status == 503
    # No page needs events: that damage is found by looking for it.
    assert answer.text == "the database cannot be read: " + (
        "damaged pages\n" if table == "event"
        else "database disk image is malformed\n")
    assert empty.logged("is damaged")
    assert "X-Videur" in answer.headers
    assert empty.ask("/style.css").status == 200


def test_a_big_database_is_inspected_behind_those_who_ask(empty):
    """What is found is told as ever."""
    empty.videur("ban", "192.0.2.7", "2h")
    with sqlite3.connect(empty.database) as one:
        one.execute("CREATE TABLE big (bytes BLOB)")
        one.execute("INSERT INTO big VALUES (zeroblob(40000000))")
    one.close()
    damage(empty.database, "event")
    empty.start()
    assert empty.ask("/api/v1/ip/192.0.2.7").status == 200
    wait_for(lambda: empty.ask("/healthz").text.endswith(
        ": damaged pages\n"), 20, "it is inspected")
    assert empty.logged("is damaged")


def test_health_is_well_again_with_a_sound_database(empty):
    empty.videur("ban", "192.0.2.7", "2h")
    damage(empty.database, "event")
    empty.start()
    assert empty.ask("/healthz").status == 503
    for name in os.listdir(empty.folder):
        if name.startswith("videur.db"):
            os.unlink(f"{empty.folder}/{name}")
    empty.videur("ban", "192.0.2.8", "2h")
    wait_for(lambda: empty.ask("/healthz").text == "ok\n", 5,
             "it is inspected")


def test_health_says_why(empty):
    empty.start()
    assert empty.ask("/healthz").text \
        == "the database cannot be read: No such file or directory\n"


@pytest.mark.parametrize("ago, status", [(60, 503), (5, 200)])
def test_health_asks_whether_the_milter_lives_and_writes(empty, ago, status):
    empty.videur("ban", "192.0.2.7", "2h")
    with sqlite3.connect(empty.database) as one:
        one.execute("INSERT INTO state (key, value, since) VALUES"
                    " ('milter', 'x', ?)", (int(time.time()) - ago,))
    one.close()
    answer = empty.start().ask("/healthz")
    assert answer.status == status
    assert ("videur-milter has written nothing" in answer.text) is (ago > 30)


def test_a_locked_database_is_not_waited_for_long(empty):
    empty.videur("ban", "192.0.2.7", "2h")
    lock = sqlite3.connect(empty.database)
    lock.execute("PRAGMA locking_mode = EXCLUSIVE")
    lock.execute("BEGIN EXCLUSIVE")
    empty.start()
    begun = time.monotonic()
    assert empty.ask("/?ip=192.0.2.7").status == 503
    assert time.monotonic() - begun < 5
    lock.rollback()
    lock.close()
    wait_for(lambda: "192.0.2.7 is blocked" in empty.ask(
        "/?ip=192.0.2.7").words, 5, "it is read again")


def test_nothing_is_ever_written(empty):
    empty.videur("ban", "192.0.2.7", "2h")
    with open(empty.database, "rb") as file:
        before = file.read()
    empty.start()
    for path in "/", "/?ip=192.0.2.7", "/api/v1/ip/192.0.2.7", "/healthz":
        assert empty.ask(path).status == 200
    assert empty.stop() == 0
    with open(empty.database, "rb") as file:
        assert file.read() == before


def test_what_others_change_is_seen_at_once(empty):
    empty.videur("ban", "192.0.2.7", "2h")
    empty.start()
    assert "is blocked" in empty.ask("/?ip=192.0.2.7").words
    empty.videur("clear", "192.0.2.7")
    assert "is not blocked" in empty.ask("/?ip=192.0.2.7").words


def test_reload(empty):
    empty.videur("ban", "192.0.2.7", "2h")
    empty.start()
    assert "postmaster@example.fr" in empty.ask("/").words
    with open(empty.conf, encoding="utf-8") as file:
        text = file.read()
    with open(empty.conf, "w", encoding="utf-8") as file:
        file.write(text.replace("postmaster@example.fr", "abuse@example.fr"))
    empty.signal(signal.SIGHUP)
    wait_for(lambda: "abuse@example.fr" in empty.ask("/").words, 20,
             "the new contact is shown")
    with open(empty.conf, "w", encoding="utf-8") as file:
        file.write("nonsense = 1\n")
    empty.signal(signal.SIGHUP)
    wait_for(lambda: empty.logged("configuration not reloaded"), 20,
             "the wrong configuration is named")
    assert "abuse@example.fr" in empty.ask("/").words
    assert empty.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop(empty, number):
    empty.start()
    idle = empty.connection()
    idle.connect()
    empty.signal(number)
    assert empty.child.wait(20) == 0
    assert empty.logged("stopped")
    idle.close()


def test_one_visitor_cannot_take_all_connections(empty):
    empty.videur("ban", "192.0.2.7", "2h")
    empty.start()
    held = []
    try:
        for _ in range(100):
            connection = empty.connection()
            connection.connect()
            held.append(connection)
        # 32 are served; the others are hung up on.
        refused = 0
        for connection in held:
            try:
                connection.request("GET", "/healthz")
                refused += connection.getresponse().status != 200
            except OSError:
                refused += 1
        assert refused == 100 - 32
    finally:
        for connection in held:
            connection.close()
    wait_for(lambda: answers(empty), 20, "those who left make room")


def answers(site):
    """Whether a new connection is served."""
    try:
        return site.ask("/healthz").status == 200
    except OSError:
        return False
