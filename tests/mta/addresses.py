"""Clients: each scenario uses addresses that no other has used."""

import ipaddress


def unused():
    for network in ("203.0.113.0/24", "198.51.100.0/24"):
        for host in ipaddress.ip_network(network).hosts():
            yield str(host)


UNUSED = unused()


def fresh():
    """An address nobody has used."""
    return next(UNUSED)
