"""A private Dovecot: passwords for Postfix, and IMAP on a loopback port; and
POP3, where it asks videur-web who may log in.

A client says ahead of all else whose address it has (the PROXY protocol
that load balancers speak).  Dovecot logs each failed password of Postfix's
clients too, as servers do whose administrator wants to know.
"""

import os
import shutil
import socket
import subprocess

from process import Process, free_port, listens, listens_at, write

USER, PASSWORD = "joe", "correct horse"
PASSWORDS = {USER: PASSWORD, "ann": "battery staple"}

PROGRAM = "/usr/sbin/dovecot"

CONF = """{version}
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {log}
auth_verbose = yes
auth_failure_delay = 0
protocols = {protocols}
listen = 127.0.0.1
haproxy_trusted_networks = 127.0.0.1
ssl = no
auth_mechanisms = plain login
{users}
{policy}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  unix_listener {auth} {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
    haproxy = yes
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
"""

# Where it asks who may log in.
POLICY = """auth_policy_server_url = http://127.0.0.1:{port}/
auth_policy_server_api_header = X-API-Key: {secret}
auth_policy_hash_nonce = salt
auth_policy_check_after_auth = no
auth_policy_report_after_auth = no
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3}
    haproxy = yes
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
"""
SECRET = "of two programs"

# What is said in another way from 2.4 on.
USERS = """disable_plaintext_auth = no
mail_location = maildir:{folder}/mail/%u
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={folder}/mail
}}"""
VERSION_2_4 = "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0"
USERS_2_4 = """auth_allow_cleartext = yes
mail_driver = maildir
mail_path = {folder}/mail/%{{user}}
passdb passwd-file {{
  passwd_file_path = {folder}/users
}}
userdb static {{
  fields {{
    uid = nobody
    gid = nogroup
    home = {folder}/mail
  }}
}}"""


def conf(folder, **names):
    """The configuration, in the words of the version that is installed."""
    version = subprocess.run([PROGRAM, "--version"], check=True, text=True,
                             capture_output=True).stdout
    new = tuple(map(int, version.split()[0].split(".")[:2])) >= (2, 4)
    users = (USERS_2_4 if new else USERS).format(folder=folder)
    return CONF.format(version=VERSION_2_4 if new else "", users=users,
                       folder=folder, **names)


class Dovecot:
    """Runs from its making on; `auth` is the socket Postfix asks; with `policy`,
    a port, it asks there who may log in."""

    def __init__(self, folder, auth, stack, policy=None):
        self.imap = free_port()
        self.pop3 = free_port()
        self.conf = f"{folder}/conf"
        self.log = f"{folder}/log"
        for name in ("run", "mail"):
            os.makedirs(f"{folder}/{name}")
        shutil.chown(f"{folder}/mail", "nobody", "nogroup")
        write(self.log, "")  # it would let nobody read a log it makes
        write(self.conf, conf(
            folder, log=self.log, auth=auth, imap=self.imap,
            protocols="imap pop3" if policy else "imap",
            policy=policy and POLICY.format(
                port=policy, secret=SECRET, pop3=self.pop3) or ""))
        write(f"{folder}/users", "".join(
            f"{user}:{{PLAIN}}{password}\n"
            for user, password in PASSWORDS.items()))
        shutil.chown(f"{folder}/users", group="dovecot")
        os.chmod(f"{folder}/users", 0o640)
        dovecot = Process([PROGRAM, "-F", "-c", self.conf],
                          f"{folder}/out")
        stack.add(dovecot.stop)
        dovecot.ready(lambda: listens_at(auth) and listens(self.imap))


class Client:
    """A connection of a client with that address, and its greeting."""

    def __init__(self, port, address):
        family, here = ("TCP6", "::1") if ":" in address else (
            "TCP4", "127.0.0.1")
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.file = self.socket.makefile("rb")
        self.socket.sendall(
            f"PROXY {family} {address} {here} 12345 143\r\n".encode())
        self.greeting = self.line()

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.close()

    def line(self):
        return self.file.readline().decode().rstrip("\r\n")

    def close(self):
        self.file.close()
        self.socket.close()


class Pop3(Client):
    def command(self, words):
        self.socket.sendall(f"{words}\r\n".encode())
        return self.line()

    def login(self, user, password):
        assert self.command(f"USER {user}").startswith("+OK")
        return self.command(f"PASS {password}")


class Imap(Client):
    def command(self, words):
        """The tagged answer: "OK ...", "NO ..." or "BAD ..."."""
        self.socket.sendall(f"a {words}\r\n".encode())
        while True:
            line = self.line()
            if line.startswith("a ") or not line:
                return line[2:]

    def login(self, user, password):
        return self.command(f'LOGIN "{user}" "{password}"')


def imap_logins(port, address, *tries):
    """One connection that tries user names and passwords in turn; gives back
    the answers."""
    with Imap(port, address) as client:
        answers = [client.login(user, password) for user, password in tries]
        client.command("LOGOUT")
        return answers
