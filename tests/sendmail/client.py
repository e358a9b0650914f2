"""A client with an address of its own."""

import socket

from smtp import Session

IPV6_FREEBIND = 78


class Client(Session):
    """As Session, but it really comes from the address; `early` is what it
    says before the greeting."""

    def __init__(self, port, address, helo="client.example.net", early=""):
        self.early = early
        super().__init__(port, address, helo)

    def connect(self, port, address):
        six = ":" in address
        connection = socket.socket(socket.AF_INET6 if six else socket.AF_INET)
        connection.settimeout(60)
        if six:
            connection.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
        connection.bind((address, 0))
        connection.connect(("::1" if six else "127.0.0.1", port))
        if self.early:
            connection.sendall(self.early.encode() + b"\r\n")
        return connection

    def become(self, address):
        """It is that address already."""
