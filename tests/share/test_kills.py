"""Anything killed at any moment, the standby promoted in between: in the end
all hosts hold the same, nothing lost and nothing doubled."""

import collections
import os
import random
import threading
import time

from checksum import wait_same
from cluster import Base, Cluster
from conftest import NAMES
from process import wait_for
from watchman import address, number_of, offence

KILLS = 200
SECONDS = 150  # at most, however slow the machine
APART = 100_000  # the numbers of one host and the next
LIMIT = 10  # failed logins within an hour


class Load(threading.Thread):
    """One host's day: strangers that fail once each, attackers that try all
    hosts, an administrator at work."""

    def __init__(self, host, number):
        super().__init__()
        self.host, self.first = host, number * APART
        self.dice = random.Random(number)
        self.enough = threading.Event()
        self.written = 0
        self.attacks = collections.Counter()
        self.failure = None

    def run(self):
        try:
            while not self.enough.wait(self.dice.random() / 5):
                self.work()
        except BaseException as failure:  # for who waits for it
            self.failure = failure

    def work(self):
        count = self.dice.randrange(1, 12)
        lines = [offence(self.first + self.written + number)
                 for number in range(count)]
        for _ in range(self.dice.randrange(3)):
            # Twenty attackers, each for all hosts.
            attacker = self.dice.randrange(1, 21)
            self.attacks[attacker] += 1
            lines.append(attack(attacker, self.first + self.written))
        with open(self.host.log, "a", encoding="ascii") as file:
            file.write("".join(lines))
        self.written += count
        if self.dice.random() < 0.3:
            self.call(f"198.51.100.{self.dice.randrange(1, 250)}")
        if self.dice.random() < 0.15:
            self.administer(f"198.51.100.{self.dice.randrange(1, 250)}")

    def call(self, client):
        """A session, which its milter may not survive."""
        try:
            talk = self.host.caller(client)
            talk.mail()
            talk.rcpt("<user@example.test>", rejected=("5.1.1", "unknown"))
            talk.quit()
        except (OSError, EOFError):
            pass

    def administer(self, client):
        """Whatever another host has done to that client."""
        what = self.dice.choice(["ban", "ban", "clear", "add", "remove"])
        if what == "ban":
            # Who is allowed meanwhile is not banned: that is a status of 2.
            self.host.videur("ban", client, "2h", "--force", "--note",
                             self.host.name, status=(0, 1, 2))
        elif what == "clear":
            self.host.videur("clear", client, "--mistake", status=(0, 1))
        elif what == "add":
            self.host.videur("allow", "add", client, "--note",
                             self.host.name, status=(0, 1))
        else:
            self.host.videur("allow", "remove", client, status=(0, 1))

    def end(self):
        self.enough.set()
        self.join()
        if self.failure:
            raise self.failure

    def is_read(self):
        """Whether the watcher stands at the end of the log."""
        return self.host.sql("SELECT offset FROM position") == [
            (os.path.getsize(self.host.log),)]

    @property
    def numbers(self):
        return range(self.first, self.first + self.written)


def attack(number, user):
    """A line of the log: a login of it failed."""
    return offence(user).replace(address(user), f"203.0.113.{number}")


def kill_anything(dice, hosts, servers):
    """And start it again, as systemd would."""
    host = dice.choice(hosts)
    what = dice.choices(["share", "watch", "milter", "server", "backends"],
                        [8, 3, 2, 2, 2])[0]
    if what == "server":
        servers[0].kill()
        servers[0].start()
    elif what == "backends":
        servers[0].sql("SELECT pg_terminate_backend(pid)"
                       " FROM pg_stat_activity WHERE usename LIKE 'mx%%'")
    else:
        host.kill(what)
        host.start(what)


def promote(servers):
    """The primary falls for good."""
    servers[0].kill()
    servers.pop(0)
    servers[0].promote()


def test_killed_200_times_with_a_promotion_in_between(own, folder, put):
    base = Base(own, "videur", NAMES)
    standby = Cluster(f"{folder}/standby", of=own).start()
    own.synchronous()
    servers = [own, standby]
    dice = random.Random(14)
    hosts = [put(name, base.url(name, standby)) for name in NAMES]
    for host in hosts:
        host.start("watch", "share", "milter")
    for host in hosts:
        wait_for(lambda at=host: at.sql("SELECT 1 FROM share"), 30, "it joins")
    loads = [Load(host, number) for number, host in enumerate(hosts)]
    try:
        for load in loads:
            load.start()
        began = time.monotonic()
        for kill in range(KILLS):
            if kill == KILLS // 2:
                promote(servers)
            if time.monotonic() - began < SECONDS:
                time.sleep(dice.random() / 3)
            kill_anything(dice, hosts, servers)
        for load in loads:
            load.end()
        for load in loads:
            wait_for(load.is_read, 30, "the log is read")
        held = wait_same(hosts, 60)
    finally:
        for load in loads:
            load.enough.set()
        standby.stop()
    nothing_lost_or_doubled(hosts[0], loads, held)


def nothing_lost_or_doubled(host, loads, held):
    counted = collections.Counter(
        number_of(address) for address, in host.sql(
            "SELECT address FROM event WHERE address LIKE '198.%'"
            " AND kind = 'auth' AND address NOT LIKE '198.51.100.%'"))
    assert counted == collections.Counter(
        number for load in loads for number in load.numbers)
    # Of who is banned no more is counted.
    attacks = sum((load.attacks for load in loads), collections.Counter())
    known = {int(client.rsplit(".", 1)[1]): count for client, count in host.sql(
        "SELECT client, count(*) FROM event WHERE client LIKE '203.%'"
        " GROUP BY client")}
    assert known.keys() == attacks.keys()
    for attacker, count in attacks.items():
        assert min(count, LIMIT) <= known[attacker] <= count, attacker
    assert held["ban"] and len(held["audit"]) > 3
    twice = host.sql(
        "SELECT a.client, a.ref, b.ref FROM ban a JOIN ban b"
        " USING (client, reason, observed) WHERE a.id < b.id"
        " AND a.rule <> 'manual' AND b.rule <> 'manual'"
        " AND a.begins < coalesce(b.cleared, b.ends)"
        " AND b.begins < coalesce(a.cleared, a.ends)")
    assert not twice, "one ban at a time"
    banned = {client for client, in host.sql("SELECT client FROM ban")}
    assert banned >= {f"203.0.113.{number}"
                      for number, count in attacks.items() if count >= LIMIT}
