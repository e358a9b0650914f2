"""`videur setup postfix`: a real Postfix is changed as the doctor says, refuses
a banned client then, and is as it was, to the byte, once that is taken back."""

import json
import os
import pty
import shutil
import subprocess
import tempfile

import pytest

from addresses import fresh
from house import House, build
from postfix import Postfix, age, postconf
from process import Stack, own, wait_for, write
from smtp import Session

OURS = ("{ unix:videur/milter.sock, default_action=accept, "
        "connect_timeout=2s, command_timeout=5s, content_timeout=10s }")
PLAIN = ("smtpd_milters", "milter_default_action", "smtpd_helo_required")


class Host:
    """A Postfix that knows nothing of videur, and videur beside it."""

    def __init__(self):
        self.stack = Stack()
        self.folder = tempfile.mkdtemp(prefix="videur-")
        self.stack.add(lambda: shutil.rmtree(self.folder))
        os.chmod(self.folder, 0o755)
        self.postfix = Postfix(f"{self.folder}/postfix", [], self.stack)
        postconf(self.postfix.etc, "-X", *PLAIN)
        postconf(self.postfix.etc, "-e", "smtpd_sasl_auth_enable = no")
        postconf(self.postfix.etc, "-MX",
                 f"127.0.0.1:{self.postfix.proxied}/inet")
        # As people write it: over several lines, with comments.
        with open(f"{self.postfix.etc}/main.cf", "a", encoding="utf-8") as cf:
            cf.write("\n# our networks\nmynetworks_style =\n   host\n")
        age(self.postfix.etc)
        self.postfix.reload()
        self.house = House(f"{self.folder}/house", logs=[self.postfix.log])
        self.house.door = f"{self.postfix.spool}/videur"
        self.house.socket = f"{self.house.door}/milter.sock"
        self.house.listen = f'listen = "unix:{self.house.socket}"'
        os.makedirs(self.house.door)
        shutil.chown(self.house.door, "nobody", "postfix")
        os.chmod(self.house.door, 0o2750)
        self.house.configure()
        self.stack.add(self.house.close)
        self.house.start_milter()


@pytest.fixture(name="host", scope="module")
def host_fixture():
    shared = Host()
    yield shared
    shared.stack.close()


class Copy:
    """A configuration and a database of one scenario's own."""

    def __init__(self, host, folder):
        self.etc, self.lib = f"{folder}/etc", f"{folder}/lib"
        self.conf = f"{folder}/videur.conf"
        os.chmod(folder, 0o755)
        shutil.copytree(host.postfix.etc, self.etc)
        postconf(self.etc, "-e", f"config_directory = {self.etc}")
        os.makedirs(self.lib)
        own(self.lib, "nobody")
        write(self.conf, f'database = "{self.lib}/videur.db"\n'
              f'milter {{ listen = "unix:{host.house.socket}" }}\n')
        self.mx = f"127.0.0.1:{host.postfix.mx}/inet"

    def run(self, *words):
        return run(self.conf, self.etc, *words)

    def files(self):
        return files(self.etc)

    def get(self, *words):
        return subprocess.run(
            ["/usr/sbin/postconf", "-c", self.etc, *words], check=True,
            capture_output=True, text=True).stdout.strip()


@pytest.fixture(name="copy")
def copy_fixture(host):
    folder = tempfile.mkdtemp(dir=host.folder)
    yield Copy(host, folder)
    shutil.rmtree(folder)


def run(conf, etc, *words):
    return subprocess.run(
        [f"{build()}/videur", "-c", conf, "setup", "postfix", *words]
        + ([] if "--undo" in words else ["--config", etc]),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        timeout=60)


def files(etc):
    def read(name):
        with open(f"{etc}/{name}", "rb") as file:
            return file.read()
    return {name: read(name) for name in ("main.cf", "master.cf")}


def doctors_lines(copy):
    """The lines of the doctor that change Postfix."""
    done = subprocess.run(
        [f"{build()}/videur", "-c", copy.conf, "doctor", "--postfix", copy.etc,
         "--json"], capture_output=True, text=True, check=False, timeout=60)
    return {found["fix"] for found in json.loads(done.stdout)
            if found["fix"].startswith("postconf -c")}


def refused(host, address):
    with Session(host.postfix.mx, address) as session:
        session.command("MAIL FROM:<a@sender.example>")
        return session.command("RCPT TO:<user1@example.test>").code == 550


# ---- on a running Postfix ----

def test_a_banned_client_is_refused_and_undo_restores_every_byte(host):
    before, address = files(host.postfix.etc), fresh()
    host.house.videur("ban", address, "2h")
    assert not refused(host, address)
    done = run(host.house.conf, host.postfix.etc, "--yes")
    assert (done.returncode, done.stderr) == (0, ""), done
    assert "Postfix was told to reload" in done.stdout
    wait_for(lambda: refused(host, address), 10, "the client is refused")
    again = run(host.house.conf, host.postfix.etc, "--yes")
    assert (again.returncode, again.stdout) == (0, "nothing to change\n")
    done = run(host.house.conf, host.postfix.etc, "--undo", "--yes")
    assert (done.returncode, done.stderr) == (0, ""), done
    assert files(host.postfix.etc) == before
    wait_for(lambda: not refused(host, address), 10, "nobody is refused")
    again = run(host.house.conf, host.postfix.etc, "--undo", "--yes")
    assert (again.returncode, again.stdout) == (1, "nothing to take back\n")
    log = host.house.videur("log", "--json")
    assert {(row["what"], row["subject"].rpartition(": ")[2])
            for row in json.loads(log)} >= {
        ("setup postfix", "smtpd_milters"),
        ("setup postfix --undo", "smtpd_milters")}


# ---- on a copy of its configuration ----

def test_it_changes_exactly_what_the_doctor_says(copy):
    lines = doctors_lines(copy)
    assert len(lines) > 2
    shown = json.loads(copy.run("--dry-run", "--json").stdout)["changes"]
    assert {row["command"] for row in shown} == lines
    copy.run("--yes", "--no-reload")
    assert doctors_lines(copy) == set()


def test_each_change_is_shown_in_two_lines_and_nothing_is_done(copy):
    before = copy.files()
    done = copy.run("--dry-run")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    at = lines.index("main.cf: smtpd_milters")
    assert lines[at + 1:at + 3] == ["  - (not set)", f"  + {OURS}"]
    assert copy.files() == before
    assert os.listdir(copy.lib) == []


def test_without_a_terminal_it_needs_to_be_told_yes(copy):
    before = copy.files()
    done = copy.run()
    assert done.returncode == 2
    assert "main.cf: smtpd_milters" in done.stdout
    assert done.stderr == ("videur: nothing was changed: this is no terminal "
                           "to ask at, and --yes was not given\n")
    assert copy.files() == before


@pytest.mark.parametrize("answer, changed", [("n", False), ("y", True)])
def test_at_a_terminal_it_asks(copy, answer, changed):
    before = copy.files()
    leader, follower = pty.openpty()
    with subprocess.Popen(
            [f"{build()}/videur", "-c", copy.conf, "setup", "postfix",
             "--config", copy.etc, "--no-reload"], stdin=follower,
            stdout=follower, stderr=follower) as child:
        os.close(follower)
        os.write(leader, f"{answer}\n".encode())
        said = b""
        while True:
            try:
                said += os.read(leader, 4096)
            except OSError:
                break
        assert child.wait() == 0, said
    os.close(leader)
    assert b"Change it so? [y/N]" in said
    assert (copy.files() != before) == changed


def test_another_milter_stays_ahead_of_ours(copy):
    postconf(copy.etc, "-e", "smtpd_milters = inet:localhost:8891",
             "non_smtpd_milters = inet:localhost:8891")
    before = copy.files()
    done = copy.run("--yes", "--no-reload")
    assert done.returncode == 0, done
    assert copy.get("-h", "smtpd_milters") == f"inet:localhost:8891, {OURS}"
    assert copy.get("-h", "non_smtpd_milters") == "inet:localhost:8891"
    assert "videur stands last" in done.stdout
    copy.run("--undo", "--yes", "--no-reload")
    assert copy.files() == before


def test_a_service_with_a_list_of_its_own_gets_ours_too(copy):
    postconf(copy.etc, "-P", f"{copy.mx}/smtpd_milters=inet:localhost:8891")
    before = copy.files()
    assert copy.run("--yes", "--no-reload").returncode == 0
    assert "unix:videur/milter.sock" in copy.get(
        "-P", f"{copy.mx}/smtpd_milters")
    copy.run("--undo", "--yes", "--no-reload")
    assert copy.files() == before


def test_what_somebody_changed_since_stays_and_is_told(copy):
    before = copy.get("-n")
    copy.run("--yes", "--no-reload")
    postconf(copy.etc, "-e", "disable_vrfy_command = no", "mydomain = x.test")
    done = copy.run("--undo", "--yes", "--no-reload")
    assert done.returncode == 0, done
    assert ("main.cf: disable_vrfy_command was changed since and stays: no"
            in done.stdout)
    assert copy.get("-n").splitlines() == sorted(
        [*before.splitlines(), "disable_vrfy_command = no",
         "mydomain = x.test"])


def test_two_runs_are_taken_back_in_turn(copy):
    before = copy.files()
    copy.run("--yes", "--no-reload")
    postconf(copy.etc, "-P", f"{copy.mx}/smtpd_milters=inet:localhost:8891")
    between = copy.files()
    copy.run("--yes", "--no-reload")
    assert copy.files() != between
    copy.run("--undo", "--yes", "--no-reload")
    # The list of the service was made by hand, and stays.
    assert copy.files()["main.cf"] == before["main.cf"]
    assert copy.files()["master.cf"] == between["master.cf"]


def test_what_postfix_does_not_take_is_put_back(copy):
    postconf(copy.etc, "-e", "queue_directory = /nonexistent")
    before = copy.files()
    done = copy.run("--yes")
    assert done.returncode == 2
    assert "postfix check: " in done.stderr
    assert "are as they were before" in done.stderr
    assert copy.files() == before
    assert not os.path.exists(f"{copy.lib}/postfix.undo")


def test_another_instance_is_set_up_as_well(copy):
    second = f"{os.path.dirname(copy.etc)}/second"
    shutil.copytree(copy.etc, second)
    postconf(second, "-e", f"config_directory = {second}",
             "multi_instance_enable = yes")
    postconf(copy.etc, "-e", f"multi_instance_directories = {second}")
    before = files(second)
    shown = json.loads(copy.run("--dry-run", "--json").stdout)["changes"]
    assert {row["config"] for row in shown} == {copy.etc, second}
    copy.run("--yes", "--no-reload")
    assert b"videur/milter.sock" in files(second)["main.cf"]
    copy.run("--undo", "--yes", "--no-reload")
    assert files(second) == before


def test_a_record_that_others_could_write_is_not_believed(copy):
    copy.run("--yes", "--no-reload")
    changed = copy.files()
    own(f"{copy.lib}/postfix.undo", "nobody")
    done = copy.run("--undo", "--yes")
    assert done.returncode == 2
    assert "is not yours alone" in done.stderr
    assert copy.files() == changed


def test_whoever_is_not_root_is_told(copy):
    os.chmod(os.path.dirname(copy.etc), 0o755)
    done = subprocess.run(
        [f"{build()}/videur", "-c", copy.conf, "setup", "postfix", "--yes",
         "--config", copy.etc], stdin=subprocess.DEVNULL, capture_output=True,
        text=True, check=False, user="nobody", group="nogroup",
        extra_groups=[])
    assert done.returncode == 2
    assert "Permission denied: run it as root" in done.stderr


def test_a_folder_without_postfix(copy):
    done = run(copy.conf, copy.lib, "--yes")
    assert done.returncode == 2
    assert "main.cf: No such file or directory" in done.stderr


def test_a_socket_that_the_chroot_hides_comes_first(copy):
    write(copy.conf, f'database = "{copy.lib}/videur.db"\n'
          'milter { listen = "unix:/run/videur/milter.sock" }\n')
    postconf(copy.etc, "-F", f"{copy.mx}/chroot=y")
    before = copy.files()
    done = copy.run("--yes")
    assert done.returncode == 2
    assert "in a chroot and cannot reach" in done.stderr
    assert 'first: videur.conf: milter { listen = "unix:' in done.stderr
    assert copy.files() == before


# ---- banning what Postfix trusts ----

def test_a_network_that_postfix_trusts_is_banned_by_force_alone(host, copy):
    """In a room of its own: `ban` asks the Postfix that is the host's."""
    etc = f"{os.path.dirname(copy.etc)}/trusting"
    shutil.copytree(copy.etc, etc)
    postconf(etc, "-e", "mynetworks = 127.0.0.0/8, 203.0.113.0/28")

    def ban(*words):
        return subprocess.run(
            ["/usr/bin/unshare", "-m", "--propagation", "private", "/bin/sh",
             "-c", 'mount --bind "$1" /etc/postfix; shift; exec "$@"', "sh",
             etc, f"{build()}/videur", "-c", copy.conf, "ban", *words],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False)
    for who in ("203.0.113.0/24", "203.0.113.7"):
        done = ban(who, "2h")
        assert done.returncode == 2, done
        assert "of Postfix's mynetworks; --force bans it" in done.stderr
        assert ban(who, "2h", "--force").returncode == 0
    assert ban("198.51.100.7", "2h").returncode == 0
