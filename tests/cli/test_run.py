"""scripts/run: the addresses of run/videur.conf are looked at before anything
starts, and are the ones that are waited for."""

import os
import re
import shutil
import signal
import socket
import subprocess

import pytest
from conftest import PROGRAM

TREE = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))


@pytest.fixture
def tree(tmp_path):
    """A checkout with the script alone, whose services can be anybody's."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(f"{TREE}/scripts/run", tmp_path / "scripts")
    (tmp_path / "run").mkdir()
    return tmp_path


def configure(tree, milter, page):
    (tree / "run" / "videur.conf").write_text(f"""
database = "{tree}/run/videur.db"
user = root
milter {{ listen = "{milter}" }}
web {{ listen = "{page}" }}
watch {{ journal = no }}
""")


def start(tree):
    return subprocess.Popen(
        ["env", "--default-signal=INT", tree / "scripts" / "run"],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "VIDEUR_BUILD": os.path.dirname(PROGRAM)})


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as held:
        return held.getsockname()[1]


@pytest.mark.parametrize("listens, milter, page", [
    ("127.0.0.1", "inet:{}@127.0.0.1", "127.0.0.1:0"),
    ("127.0.0.1", "unix:milter.sock", "localhost:{}"),
    ("0.0.0.0", "unix:milter.sock", "127.0.0.1:{}"),
    ("127.0.0.1", "unix:milter.sock", "0.0.0.0:{}"),
])
def test_who_holds_a_port_is_named_before_anything_starts(
        tree, listens, milter, page):
    with socket.create_server((listens, 0)) as held:
        port = held.getsockname()[1]
        place = (milter if "{}" in milter else page).format(port)
        configure(tree, milter.format(port).replace(
            "milter.sock", f"{tree}/milter.sock"), page.format(port))
        run = start(tree)
        out, err = run.communicate(timeout=30)
    assert run.returncode == 1
    assert out == ""
    with open("/proc/self/comm", encoding="utf-8") as comm:
        name = re.escape(comm.read().strip())
    assert re.match(rf"run: {re.escape(place)} is taken by {name} "
                    rf"\(pid {os.getpid()}\) \(.*, run/videur.conf:\d\)\n", err)
    assert "listening" not in err
    assert not (tree / "run" / "videur.db").exists()


def test_a_socket_that_somebody_listens_at_is_taken(tree):
    path = f"{tree}/milter.sock"
    with socket.socket(socket.AF_UNIX) as held:
        held.bind(path)
        held.listen()
        configure(tree, f"unix:{path}", "127.0.0.1:0")
        run = start(tree)
        assert f"unix:{path} is taken by" in run.communicate(timeout=30)[1]
    assert run.returncode == 1


def test_changed_addresses_are_waited_for_and_told(tree):
    port = free_port()
    configure(tree, f"unix:{tree}/milter.sock", f"127.0.0.1:{port}")
    run = start(tree)
    try:
        told = ""
        for line in run.stdout:
            told += line
            if line.startswith("Ctrl-C"):
                break
        assert f"milter    unix:{tree}/milter.sock\n" in told
        assert f"page      http://127.0.0.1:{port}/\n" in told
        assert f"smtpd_milters = {{ unix:{tree}/milter.sock," in told
        socket.create_connection(("127.0.0.1", port)).close()
        run.send_signal(signal.SIGINT)
        assert run.communicate(timeout=30) and run.returncode == 0
    finally:
        if run.poll() is None:
            run.terminate()
            run.wait(30)


def test_a_broken_configuration_is_told_and_nothing_starts(tree):
    configure(tree, "inet:1@127.0.0.1", "nowhere")
    run = start(tree)
    assert "run/videur.conf:5:16: " in run.communicate(timeout=30)[1]
    assert run.returncode == 2
