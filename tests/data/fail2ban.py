"""fail2ban.py PACKAGES DATABASE NOW: a database as fail2ban itself writes it.

PACKAGES is the folder that holds its Python package.
"""

import sys

DAY = 24 * 3600
# Jail, address, seconds since it was banned, for how long; negative: for good.
BANS = [
    ("postfix-sasl", "203.0.113.51", 3600, 2 * DAY),
    ("postfix-sasl", "203.0.113.51", 60, 2 * DAY),
    ("dovecot", "2001:db8:0:52::1", 60, -1),
    ("postfix", "203.0.113.53", 60, DAY),
    ("sshd", "203.0.113.54", 60, DAY),
    ("courier-auth", "203.0.113.55", 2 * DAY, DAY),
    ("recidive", "203.0.113.56", 60, 7 * DAY),
    ("recidive", "nobody", 60, DAY),
    ("postfix", "127.0.0.1", 60, DAY),
]


class Jail:
    def __init__(self, name):
        self.name = name
        self.actions = self

    def getBanTime(self):  # pylint: disable=invalid-name
        return 600

    def __str__(self):
        return self.name


def main(packages, path, now):
    sys.path.insert(0, packages)
    # pylint: disable=import-error,import-outside-toplevel
    from fail2ban.server.database import Fail2BanDb
    from fail2ban.server.ticket import BanTicket

    database = Fail2BanDb(path)
    for name in dict.fromkeys(row[0] for row in BANS):
        database.addJail(Jail(name))
    for name, address, ago, lasts in BANS:
        ticket = BanTicket(address, now - ago)
        ticket.setBanTime(lasts)
        database.addBan(Jail(name), ticket)
    database.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
