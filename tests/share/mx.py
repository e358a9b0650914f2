"""A Postfix of one host, on port 25 of its own namespace."""

import os
import socket

import postfix
from process import own, wait_for, write
from smtp import Session

MAIN_CF = postfix.PRIVATE_CF + """\
myhostname = {name}.example.test
mynetworks = 127.0.0.0/8
inet_interfaces = {address}
inet_protocols = ipv4
smtpd_milters = unix:{milter}
"""
PORT = 25


class Mx(postfix.Postfix):
    """Before a host's milter; runs from its making to its stack's end."""

    def __init__(self, folder, host, stack):
        self.host = host
        self.before = host.namespace.enter
        super().__init__(folder, [host.socket], stack)
        wait_for(lambda: host.namespace.call(reaches, host.address), 30,
                 "Postfix listens")

    def configure(self, milters):
        places = {
            "folder": self.folder, "etc": self.etc, "spool": self.spool,
            "data": f"{self.folder}/data", "log": self.log,
            "name": self.host.name, "address": self.host.address,
            "milter": milters[0]}
        for name in ("etc", "spool", "data"):
            os.makedirs(places[name])
        own(places["data"], "postfix")
        write(self.log, "")
        write(f"{self.etc}/main.cf", MAIN_CF.format(**places))
        # Without the services of the other suite that need a Dovecot.
        services = postfix.MASTER_CF[postfix.MASTER_CF.index("pickup unix"):]
        write(f"{self.etc}/master.cf",
              f"{self.host.address}:{PORT} inet n - n - - smtpd\n{services}")
        write(f"{self.etc}/recipients", postfix.RECIPIENTS)
        postfix.age(self.etc)


def reaches(address):
    try:
        socket.create_connection((address, PORT), 1).close()
    except OSError:
        return False
    return True


class Client(Session):
    """A session from another namespace, which has an address of its own."""

    def __init__(self, client, address):
        self.client = client
        super().__init__(address)

    def connect(self, port, address):
        """What the base class takes for a port is the server's address."""
        return self.client.call(socket.create_connection, (port, PORT), 60)
