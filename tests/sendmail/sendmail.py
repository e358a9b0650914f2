"""A real Sendmail, set up as Debian ships it with what README adds.

It listens on ports 25 and 587 of the room (see room.py) and takes AUTH on the
latter from a sasldb.  Mail that is accepted is dropped, and nothing leaves.
"""

import os
import re
import socket
import subprocess
import threading

from process import Process, listens, wait_for, write

MX, SUBMISSION, BOTH = 25, 587, 2525
DAEMONS = (
    ("inet", "MTA-v4", MX, "Addr=127.0.0.1, M=A"),
    ("inet6", "MTA-v6", MX, "Addr=::1, M=A"),
    ("inet", "MSA-v4", SUBMISSION, "Addr=127.0.0.1, M=Ea"),
    ("inet6", "MTA-both", BOTH, ""),  # IPv4 clients, too, as ::ffff:...
)
USER, PASSWORD = "joe", "correct horse"
PAUSED = "203.0.113.250"  # has to wait for the greeting

# As README and videur-milter(8) have them.
FILTER = ("INPUT_MAIL_FILTER(`videur', "
          "`S=unix:/run/videur/milter.sock, T=S:2s;R:5s;E:10s')")
PRIVACY = ("define(`confPRIVACY_FLAGS', "
           "defn(`confPRIVACY_FLAGS')`,needmailhelo,novrfy,noexpn')")
# For these tests: passwords without TLS, no pauses, short waits, small mails,
# however busy the machine is.
MECHANISMS = """
define(`confAUTH_MECHANISMS', `PLAIN LOGIN')
define(`confAUTH_OPTIONS', `A')
TRUST_AUTH_MECH(`PLAIN LOGIN')
define(`confBAD_RCPT_THROTTLE', `0')
define(`confCONNECTION_RATE_THROTTLE', `0')
define(`confTO_DATABLOCK', `2s')
define(`confREFUSE_LA', `1000')
define(`confQUEUE_LA', `1000')
define(`confMAX_MESSAGE_SIZE', `20000')
FEATURE(`blacklist_recipients')
FEATURE(`virtusertable')
"""
ACCESS = f"""
GreetPause:{PAUSED} 1000
From:forged@sender.example REJECT
To:closed@example.test ERROR:5.1.1:"550 User unknown"
To:grey@example.test ERROR:4.7.1:"451 Greylisted, please try again"
Connect:198.51.100.200 REJECT
"""
ALIASES = "".join(f"{name}: /dev/null\n" for name in (
    "postmaster", "abuse", "root", "closed", "grey",
    *(f"user{number}" for number in range(1, 10))))
SASL = """pwcheck_method: auxprop
auxprop_plugin: sasldb
mech_list: PLAIN LOGIN
"""


def listens_everywhere(text):
    """Debian's file, with its daemons on all addresses and its own pauses and
    limits only for whom ACCESS names."""
    text = re.sub(r"^(?:dnl )?DAEMON_OPTIONS.*\n", "", text, flags=re.M)
    daemons = "".join(
        f"DAEMON_OPTIONS(`Family={family}, Name={name}, Port={port}, "
        f"{more}')dnl\n" for family, name, port, more in DAEMONS)
    text = text.replace("FEATURE(`no_default_msa')dnl\n",
                        "FEATURE(`no_default_msa')dnl\n" + daemons)
    text = text.replace("FEATURE(`greet_pause', `1000')",
                        "FEATURE(`greet_pause', `0')")
    return text.replace("MAILER_DEFINITIONS",
                        f"{MECHANISMS}{PRIVACY}\n{FILTER}\nMAILER_DEFINITIONS")


class Syslog:
    """/dev/log, written to a file as a syslog daemon does."""

    def __init__(self, path):
        self.path = path
        write(path, "")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            line = self.socket.recv(8192).decode("utf-8", "replace")
            stamp, text = re.fullmatch(
                r"<\d+>(\w{3} [ \d]\d [\d:]{8}) (.*)", line.rstrip("\0\n"),
                re.S).groups()
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(f"{stamp} mx {text}\n")

    def lines(self):
        with open(self.path, encoding="utf-8") as file:
            return file.read().splitlines()


class Sendmail:
    """Runs from its making to its stack's end."""

    def __init__(self, folder, stack):
        with open("/etc/mail/sendmail.mc", encoding="utf-8") as file:
            self.configure(listens_everywhere(file.read()))
        self.daemon = Process(
            ["/usr/sbin/sendmail-mta", "-bD", "-L", "sm-mta", "-C",
             "/etc/mail/sendmail.cf", "-q1h"], f"{folder}/sendmail.log")
        stack.add(self.stop)
        self.daemon.ready(lambda: listens(MX) and listens(SUBMISSION))

    def configure(self, text):
        write("/etc/mail/sendmail.mc", text)
        write("/etc/mail/local-host-names", "example.test\nvirt.test\n")
        made = subprocess.run(
            ["/usr/bin/m4", "/etc/mail/sendmail.mc"], check=True,
            capture_output=True, text=True)
        write("/etc/mail/sendmail.cf", made.stdout)
        write("/etc/aliases", ALIASES)
        subprocess.run(["/usr/sbin/sendmail-mta", "-bi", "-C",
                        "/etc/mail/sendmail.cf"], check=True,
                       stdout=subprocess.DEVNULL)
        subprocess.run(["/usr/sbin/makemap", "hash", "/etc/mail/access"],
                       check=True, input=ACCESS, text=True)
        subprocess.run(
            ["/usr/sbin/makemap", "hash", "/etc/mail/virtusertable"],
            check=True, text=True,
            input="@virt.test error:5.1.1:550 User unknown\n")
        os.makedirs("/etc/sasl2", exist_ok=True)
        write("/etc/sasl2/Sendmail.conf", SASL)
        subprocess.run(["/usr/sbin/saslpasswd2", "-p", "-c", "-u",
                        "mx.example.test", USER], check=True, input=PASSWORD,
                       text=True)
        os.makedirs("/run/sendmail/mta", exist_ok=True)

    def stop(self):
        self.daemon.stop()
