"""What a terminal is shown beside what a pipe is: headings and alarms stand
out there, and nowhere else."""

import os
import pty
import subprocess

import pytest

HEADING = "\x1b[1mADDRESS"


def at_terminal(house, *words, **env):
    """What it prints on a terminal."""
    ours, its = pty.openpty()
    with subprocess.Popen(house.command(*words), stdout=its, stdin=its,
                          env=house.environment(**{"TERM": "xterm", **env}),
                          ) as done:
        os.close(its)
        said = b""
        try:
            while more := os.read(ours, 4096):
                said += more
        except OSError:
            pass  # it has ended
    os.close(ours)
    assert done.returncode in (0, 1)
    return said.decode()


@pytest.fixture
def banned(house):
    house.do("ban", "203.0.113.7", "2h")
    house.sql("UPDATE ban SET note = ?", "\x1b[31mred")
    return house


def test_headings_stand_out(banned):
    assert HEADING in at_terminal(banned, "list")


@pytest.mark.parametrize("words, env", [
    (["list"], {"NO_COLOR": "1"}),
    (["list"], {"TERM": "dumb"}),
    (["list"], {"TERM": ""}),
    (["list", "--json"], {}),
    (["list", "--csv"], {}),
])
def test_they_do_not_where_that_is_not_wanted(banned, words, env):
    assert "\x1b" not in at_terminal(banned, *words, **env)


def test_a_pipe_gets_none(banned):
    assert "\x1b" not in banned.do("list")


def test_an_alarm_is_red(banned):
    banned.sql("INSERT INTO state VALUES ('damaged', 'videur.db.damaged', 1)")
    assert "\x1b[1;31mDAMAGED\x1b[0m" in at_terminal(banned, "status")
    assert "\x1b" not in banned.do("status")


def test_what_came_from_outside_stresses_nothing(banned):
    """The note has an escape of its own."""
    said = at_terminal(banned, "list", "--all")
    assert "?[31mred" in said and "\x1b[31m" not in said
