"""A mail host as it comes: a root of a release, with systemd and Postfix.

scripts/on-debian enters it, systemd is its process 1, and what is done in it is
gone when it stops.
"""

import os
import pathlib
import signal
import subprocess
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
ON_DEBIAN = TOP / "scripts/on-debian"
ENVIRONMENT = ["env", "-i", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive",
               "HOME=/root",
               "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]

MAIN_CF = """compatibility_level = 3.6
myhostname = mx.example.test
mydestination = example.test
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
local_recipient_maps =
alias_maps =
smtpd_peername_lookup = no
smtpd_authorized_xclient_hosts = 127.0.0.0/8
"""

# One transaction of a client at that address: the reply to RCPT.
CLIENT = """
import smtplib, sys
with smtplib.SMTP("127.0.0.1", 25, timeout=30) as smtp:
    smtp.ehlo("client.example.net")
    smtp.docmd("XCLIENT", "NAME=[UNAVAILABLE] ADDR=" + sys.argv[1])
    smtp.ehlo("client.example.net")
    smtp.docmd("MAIL", "FROM:<a@client.example.net>")
    code, text = smtp.docmd("RCPT", "TO:<b@example.test>")
    print(code, text.decode())
"""


NO_ROOT = 75  # on-debian: none can be made on this machine


class Unable(Exception):
    """This machine cannot have such a host."""


def wait_for(condition, what, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Unable(f"no {what} within {seconds} s")
        time.sleep(0.05)


def control_groups():
    """Where this machine has control groups of version 2."""
    for line in pathlib.Path("/proc/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2":
            return pathlib.Path(place)
    raise Unable("no control groups of version 2 here")


class Host:
    def __init__(self, release, log):
        self.group = control_groups() / f"videur-{os.getpid()}-{release}"
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(
            [ON_DEBIAN, f"{release}:host", "tests/package/boot", self.group],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_for(self.first_process, "systemd as process 1", 600)
            self.pid = self.first_process()
            wait_for(lambda: self.run("systemctl is-active basic.target",
                                      check=False).returncode == 0,
                     "booted system")
        except BaseException:
            self.stop()
            raise

    def first_process(self):
        if self.process.poll() is not None:
            wrong = f"on-debian ended with {self.process.returncode}"
            raise (Unable if self.process.returncode == NO_ROOT else
                   AssertionError)(wrong)
        try:
            file = self.group / "init.scope/cgroup.procs"
            return int(file.read_text().split()[0])
        except (OSError, IndexError):
            return None

    def enter(self, *words, network=True):
        """The command line for those words in there; without `network` they
        see this machine's, which packages come from."""
        return ["nsenter", f"--target={self.pid}", "--mount", "--pid", "--uts",
                "--ipc", "--cgroup", *(["--net"] if network else []),
                "--root", "--wd", *ENVIRONMENT, *words]

    def run(self, command, check=True, stdin="", network=True):
        done = subprocess.run(
            self.enter("sh", "-c", command, network=network), input=stdin,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=300, check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"{command}\n{done.stdout}")
        return done

    def says(self, command):
        return self.run(command).stdout.strip()

    def apt(self, words):
        return self.run("apt-get -q -y --no-install-recommends "
                        "-o Dpkg::Use-Pty=0 " + words, network=False).stdout

    def put(self, path, data):
        subprocess.run(self.enter("tee", path), input=data, check=True,
                       stdout=subprocess.DEVNULL)

    def start_postfix(self):
        self.put("/etc/postfix/main.cf", MAIN_CF.encode())
        self.run("test -e /etc/postfix/master.cf || "
                 "cp /usr/share/postfix/master.cf.dist /etc/postfix/master.cf")
        self.run("systemctl start postfix")
        self.refusal("192.0.2.250")

    def refusal(self, address):
        """What the Postfix of that host replies to a recipient of a client
        at that address."""
        done = subprocess.run(
            ["nsenter", f"--target={self.pid}", "--net", "/usr/bin/python3",
             "-c", CLIENT, address], capture_output=True, text=True,
            timeout=60, check=False)
        return done.stdout.strip() or done.stderr.strip()

    def stop(self):
        first = self.first_process() if self.process.poll() is None else None
        if first:
            os.kill(first, signal.SIGKILL)
        else:
            self.process.terminate()
        self.process.wait(60)
        folders = [folder for folder, _, _ in os.walk(self.group)]
        for folder in reversed(folders):
            os.rmdir(folder)
