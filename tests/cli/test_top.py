"""top: who does most now, on a terminal of 80x24, in one picture, as JSON."""

import json
import signal
import subprocess
import time

import pytest
from conftest import at, now

LONG = "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff/128"


@pytest.fixture
def busy(house):
    house.do("report", "-", given="".join(
        f"{kind} 203.0.113.{host} --at {at(ago)}\n"
        for kind, host, times, ago in [
            ("auth", 7, 3, 20), ("recipient", 7, 5, 200), ("spam", 8, 1, 200),
            ("helo", 9, 4, 700), ("virus", 10, 6, 1000)]
        for _ in range(times)))
    house.do("ban", LONG, "2h", "--note", "a long note " * 12)
    house.do("ban", "203.0.113.8", "forever", "--reason", "spam")
    house.sql("UPDATE ban SET hits = 123456789, told = ? WHERE reason = 'spam'"
              " AND client = '203.0.113.8'", now() - 100)
    house.sql("INSERT INTO daily VALUES (?, 'refused', 'spam', 4711)",
              now() // 86400 * 86400)
    return house


class Terminal:
    """tmux around a shell: what is typed, and what then stands there."""

    def __init__(self, socket, environment):
        self.socket = socket
        self.asked = 0
        self.tmux("new-session", "-d", "-x", "80", "-y", "24",
                  "env PS1='prompt> ' bash --norc --noprofile",
                  env=environment)
        self.wait("prompt>")

    def tmux(self, *words, env=None):
        return subprocess.run(["tmux", "-S", self.socket, "-f", "/dev/null",
                               *words], check=True, capture_output=True,
                              text=True, timeout=60, env=env).stdout

    def type(self, *keys):
        self.tmux("send-keys", *keys)

    def lines(self):
        return self.tmux("capture-pane", "-p").splitlines()

    def wait(self, *texts, gone=False):
        """Until all of that stands there, or none of it."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            screen = "\n".join(self.lines())
            if all((text in screen) != gone for text in texts):
                return self.lines()
            time.sleep(0.05)
        raise AssertionError((texts, screen))

    def ask(self, command):
        """What a command says, before the next prompt."""
        self.asked += 1
        self.type(f"clear; {command}; echo over $(({self.asked}))", "Enter")
        return self.wait(f"over {self.asked}\n")[0]


@pytest.fixture
def terminal(busy, tmp_path):
    shown = Terminal(str(tmp_path / "tmux"), busy.environment(TERM="xterm"))
    yield shown
    shown.tmux("kill-server")


def begin(busy, terminal, *words):
    """The settings of the terminal before, and the first picture."""
    before = terminal.ask("stty -g | cksum")
    terminal.type(" ".join(busy.command("top", *words)), "Enter")
    return before, terminal.wait("BUSIEST", "REFUSED LATELY")


def check_restored(terminal, before):
    terminal.wait("BUSIEST", gone=True)
    assert terminal.ask("stty -g | cksum") == before
    assert terminal.tmux("display", "-p", "#{cursor_flag} #{alternate_on}"
                         " #{wrap_flag}").split() == ["1", "0", "1"]


def test_a_picture_fits_and_q_ends_it(busy, terminal):
    before, lines = begin(busy, terminal)
    assert len(lines) <= 24 and all(len(line) <= 80 for line in lines)
    text = "\n".join(lines)
    assert "every 2s, q quits" in text
    assert "4711 sessions refused (spam 4711)" in text
    assert ["203.0.113.7", "3", "8", "8", "recipient"] in [
        line.split()[:5] for line in lines]
    assert any(line.split()[:2] == ["203.0.113.8", "123456789"]
               for line in lines)
    terminal.type("q")
    check_restored(terminal, before)


def test_what_happens_meanwhile_appears(busy, terminal):
    before, _ = begin(busy, terminal, "--interval", "1s")
    busy.do("ban", "198.51.100.77", "2h", "--reason", "virus")
    busy.do("report", "-", given="helo 198.51.100.78\n" * 30)
    busy.sql("UPDATE ban SET hits = 5, told = ? WHERE client = '198.51.100.77'",
             now())
    terminal.wait("virus      198.51.100.77", "error      198.51.100.78",
                  "198.51.100.77       ")
    terminal.type("C-c")
    check_restored(terminal, before)


def test_it_stops_goes_on_and_fits_another_size(busy, terminal):
    before, _ = begin(busy, terminal)
    terminal.type("C-z")
    terminal.wait("Stopped")
    assert terminal.ask("stty -g | cksum") == before
    terminal.type("fg", "Enter")
    terminal.wait("BUSIEST")
    terminal.tmux("resize-window", "-x", "80", "-y", "12")
    lines = terminal.wait("BUSIEST", "REFUSED LATELY")
    assert len(lines) <= 12
    terminal.tmux("resize-window", "-x", "100", "-y", "40")
    terminal.wait("all offences", "auth", "recipient", "spam", "helo")
    terminal.type("q")
    check_restored(terminal, before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_terminal_is_restored_after_a_signal(busy, terminal, number):
    before, _ = begin(busy, terminal)
    shell = terminal.tmux("display", "-p", "#{pane_pid}").strip()
    process = subprocess.run(["ps", "-o", "pid=", "--ppid", shell], check=True,
                             capture_output=True, text=True).stdout
    subprocess.run(["kill", f"-{number.value}", process.strip()], check=True)
    check_restored(terminal, before)


@pytest.mark.parametrize("words", [[], ["--once"]])
def test_without_a_terminal_there_is_one_picture(busy, words):
    said = busy.do("top", *words)
    assert "\x1b" not in said and "q quits" not in said
    assert all(len(line) <= 80 for line in said.splitlines())
    assert "BUSIEST" in said and "203.0.113.9" in said


def test_one_object_for_each_look(busy):
    one = busy.json("top", "--once")
    assert one["refused_today"]["spam"] == 4711
    kinds = {row["kind"]: row for row in one["kinds"]}
    assert kinds["auth"] == {"kind": "auth", "events_1m": 3, "events_5m": 3,
                             "events_15m": 3}
    assert kinds["helo"]["events_5m"] == 0 and "virus" not in kinds
    assert {row["client"] for row in one["bans"]} >= {"203.0.113.8", LONG[:-4]}
    assert one["busiest"][0]["client"] == "203.0.113.7"
    assert [row["hits"] for row in one["refused_lately"]] == [123456789]
    with subprocess.Popen(
            ["timeout", "120"] + busy.command(
                "top", "--json", "--interval", "1s"),
            text=True, stdout=subprocess.PIPE,
            env=busy.environment()) as process:
        rows = [json.loads(process.stdout.readline()) for _ in range(2)]
        process.terminate()
    assert rows[0]["checked_at"] < rows[1]["checked_at"]


def test_it_goes_on_with_a_database_that_takes_its_place(busy):
    busy.do("backup", str(busy.folder / "copy"))
    with subprocess.Popen(
            ["timeout", "120"] + busy.command(
                "top", "--json", "--interval", "1s"),
            text=True, stdout=subprocess.PIPE,
            env=busy.environment()) as process:
        assert process.stdout.readline()
        busy.do("restore", str(busy.folder / "copy"))
        busy.do("report", "spam", "198.51.100.9")
        while "198.51.100.9" not in process.stdout.readline():
            pass
        process.terminate()


def test_tail_fits_a_terminal_too(busy, terminal):
    terminal.type(" ".join(busy.command("tail")), "Enter")
    busy.do("report", "-", given="recipient 2001:db8:1234:5678::9\n" * 30)
    busy.do("ban", "2001:db8:4321:8765::/64", "2h", "--note", "n" * 60)
    lines = terminal.wait("2001:db8:1234:5678::/64", "dictionary",
                          "2001:db8:4321:8765::/64", "n" * 40)
    # What is wider than the terminal would go on in its next line.
    assert all(len(line) < 80 for line in lines), "\n".join(lines)
    terminal.type("C-c")
    terminal.ask("true")
