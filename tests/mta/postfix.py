"""A private Postfix: its own configuration, queue, log and loopback ports.

Nothing of /etc/postfix is read and nothing leaves: mail that is accepted is
dropped.  Services: `mx` and `submission`, which both take AUTH from a private
Dovecot, `guarded`, an mx behind postscreen, and `proxied`, one whose messages
go to a filter before they are accepted (another smtpd, `behind`).
"""

import os
import subprocess
import time

from process import command_of, free_port, listens, own, wait_for, write

# All of it in folders of its own; accepted mail is dropped.
PRIVATE_CF = """
compatibility_level = 3.6
config_directory = {etc}
queue_directory = {spool}
data_directory = {data}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file_prefixes = {folder}
maillog_file = {log}
mydestination = example.test
alias_maps =
alias_database =
local_recipient_maps = regexp:{etc}/recipients
local_transport = discard
relay_transport = discard
default_transport = discard
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
notify_classes =
smtpd_error_sleep_time = 0
smtpd_helo_required = yes
milter_default_action = accept
"""

# Recipients user1@example.test ... exist; the others stand for one way each
# of being refused.
MAIN_CF = PRIVATE_CF + """\
myhostname = mx.example.test
mynetworks = 192.0.2.250/32
inet_interfaces = loopback-only
inet_protocols = all
smtpd_authorized_xclient_hosts = 127.0.0.1
smtpd_forbid_unauth_pipelining = no
smtpd_helo_restrictions = reject_invalid_helo_hostname
smtpd_sender_restrictions = check_sender_access texthash:{etc}/senders
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access texthash:{etc}/access
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_milters = {milters}
"""

MASTER_CF = """
127.0.0.1:{mx} inet n - n - - smtpd
127.0.0.1:{submission} inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o milter_macro_daemon_name=ORIGINATING
127.0.0.1:{proxied} inet n - n - - smtpd
  -o smtpd_proxy_filter=127.0.0.1:{behind}
127.0.0.1:{behind} inet n - n - - smtpd
  -o smtpd_milters=
127.0.0.1:{guarded} inet n - n - 1 postscreen
  -o postscreen_upstream_proxy_protocol=haproxy
  -o postscreen_greet_wait=1s
smtpd pass - - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
discard unix - - n - - discard
error unix - - n - - error
retry unix - - n - - error
showq unix n - n - - showq
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""

RECIPIENTS = """
/^(user[0-9]+|postmaster|abuse|grey|broken)@example\\.test$/ x
/^(full|strange)@example\\.test$/ x
"""

# An unknown action makes Postfix say 451 4.3.5 Server configuration error.
ACCESS = """
grey@example.test 450 4.7.1 Greylisted, please try again in 5 minutes
full@example.test 452 4.2.2 Mailbox full
strange@example.test 554 5.7.1 Not today
broken@example.test no_such_restriction
"""

SENDERS = """
forged@sender.example REJECT
lookup@sender.example 450 4.3.0 Temporary lookup failure
"""


def age(folder):
    """Let the configuration there be of yesterday: Postfix reads a file that
    is younger than two seconds over and over until it is not."""
    for name in ("main.cf", "master.cf"):
        if os.path.exists(f"{folder}/{name}"):
            os.utime(f"{folder}/{name}", (time.time() - 86400,) * 2)


def postconf(folder, *words):
    """Change a configuration."""
    subprocess.run(["/usr/sbin/postconf", "-c", folder, *words], check=True,
                   stdin=subprocess.DEVNULL)
    age(folder)


class Postfix:
    """Runs from its making to its stack's end.  `milters` are written to
    smtpd_milters, in order; `before` is what its commands are run by."""

    before = ()

    def __init__(self, folder, milters, stack):
        self.folder = folder
        self.mx, self.submission = free_port(), free_port()
        self.guarded, self.proxied = free_port(), free_port()
        self.log = f"{folder}/log"
        self.etc, self.spool = f"{folder}/etc", f"{folder}/spool"
        self.configure(milters)
        self.start(stack)

    def configure(self, milters):
        places = {
            "folder": self.folder, "etc": self.etc, "spool": self.spool,
            "data": f"{self.folder}/data", "log": self.log,
            "milters": ", ".join(
                f"{{ unix:{path}, default_action=accept, "
                f"connect_timeout=5s, command_timeout=20s, "
                f"content_timeout=60s }}" for path in milters)}
        for name in ("etc", "spool", "data"):
            os.makedirs(places[name])
        own(places["data"], "postfix")
        write(self.log, "")
        write(f"{self.etc}/main.cf", MAIN_CF.format(**places))
        write(f"{self.etc}/master.cf", MASTER_CF.format(
            mx=self.mx, submission=self.submission, guarded=self.guarded,
            proxied=self.proxied, behind=free_port()))
        write(f"{self.etc}/recipients", RECIPIENTS)
        write(f"{self.etc}/access", ACCESS)
        write(f"{self.etc}/senders", SENDERS)
        age(self.etc)

    def start(self, stack):
        done = subprocess.run(
            [*self.before, "/usr/sbin/postfix", "-c", self.etc, "start"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False)
        if done.returncode != 0:
            raise RuntimeError(f"postfix start: {done.stdout}{done.stderr}")
        stack.add(self.stop)

    def ready(self):
        """Wait until it takes mail.  Not before it can ask for passwords: an
        smtpd that cannot dies, and none is started for a minute then."""
        wait_for(lambda: all(map(listens, (self.mx, self.submission))), 30,
                 "Postfix listens")

    def set_service(self, setting, value):
        """Change a setting of a service ("NAME/inet/setting") for sessions
        from now on."""
        postconf(self.etc, "-P", f"{setting}={value}")
        self.reload()

    def reload(self):
        """Read the configuration anew and wait until nobody serves who has
        read the old one."""
        old = self.servers()
        subprocess.run(["/usr/sbin/postfix", "-c", self.etc, "reload"],
                       check=True, stdin=subprocess.DEVNULL,
                       capture_output=True)
        wait_for(lambda: not old & self.servers(), 30,
                 "Postfix reads its configuration anew")

    def servers(self):
        """The pids of its smtpd processes."""
        with open(f"{self.spool}/pid/master.pid", encoding="ascii") as file:
            master = int(file.read())
        with open(f"/proc/{master}/task/{master}/children",
                  encoding="ascii") as file:
            return {pid for pid in file.read().split()
                    if command_of(pid) == "smtpd"}

    def stop(self):
        """Postfix ends its own children by the pid it wrote down."""
        subprocess.run(
            [*self.before, "/usr/sbin/postfix", "-c", self.etc, "stop"],
            stdin=subprocess.DEVNULL, capture_output=True, check=True)

    def lines(self):
        """Its log so far."""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()
