"""Three real Postfix, each in a network namespace, and a server in another."""

import pytest

import network
from checksum import wait_same
from cluster import Base, Cluster
from conftest import NAMES
from hosts import wait_refs
from mx import Client, Mx
from network import Network
from process import Stack, wait_for

SERVER = "198.51.100.200"
ATTACKER = "203.0.113.66"

pytestmark = pytest.mark.skipif(
    not network.possible(), reason="no network namespaces can be made here")


@pytest.fixture(name="net")
def net_fixture(folder):
    stack = Stack()
    try:
        yield Network(folder, stack)
    finally:
        stack.close()


@pytest.fixture(name="site")
def site_fixture(folder, net, put):
    """Three MX that share; gives back the hosts, each with its Postfix."""
    room = net.join(SERVER)
    server = Cluster(f"{folder}/server", at=SERVER, namespace=room).start()
    Base(server, "videur", NAMES)
    stack = Stack()
    stack.add(server.stop)
    hosts = []
    for number, name in enumerate(NAMES, 1):
        address = f"198.51.100.{number}"
        host = put(name, f"postgresql://{name}@{SERVER}/videur",
                   namespace=net.join(address), address=address)
        host.start("milter", "share")
        host.server = room
        Mx(f"{folder}/postfix{number}", host, stack)
        hosts.append(host)
    yield hosts
    stack.close()


def guess(client, host, count):
    """Recipients that nobody has."""
    with Client(client, host.address) as session:
        session.mail()
        session.recipients(
            [f"nobody{number}@example.test" for number in range(count)])


def ask(client, host):
    """What it hears when it writes to somebody who is there."""
    with Client(client, host.address) as session:
        reply = session.mail()
        return str(reply if reply.code != 250 else
                   session.recipients(["user1@example.test"])[-1])


def test_an_attacker_that_visits_all(net, site):
    """Seven unknown recipients on each; all refuse it under one ref."""
    attacker = net.join(ATTACKER)
    for host in site:
        guess(attacker, host, 7)
    ref, = wait_refs(site, ATTACKER)
    replies = {ask(attacker, host) for host in site}
    assert len(replies) == 1
    reply = replies.pop()
    assert reply.startswith("550 5.7.1 ") and f"ref={ref}" in reply


@pytest.mark.parametrize("lost", ["all", "answers"])
def test_a_way_that_is_cut(net, site, lost):
    """Silently: the one there goes on alone, says so, and catches up; no
    session waits for it.  What came through without an answer is not sent
    twice."""
    attacker = net.join(ATTACKER)
    cut = site[1]
    cut.server.cut(cut.address)
    if lost == "all":
        cut.namespace.cut(SERVER)
    cut.report("recipient", "203.0.113.7", 20)
    cut.report("helo", "203.0.113.8", 10)
    site[0].report("helo", "203.0.113.8", 3)
    assert len(cut.refs("203.0.113.7")) == 1
    wait_same([site[0], site[2]])
    assert ask(attacker, cut).startswith("250")
    wait_for(lambda: cut.said("is lost"), 20, "it notices")
    if lost == "all":
        assert not site[0].refs("203.0.113.7")
        cut.namespace.mend(SERVER)
    cut.server.mend(cut.address)
    wait_refs(site, "203.0.113.7", seconds=60)
    assert len(wait_same(site, 60)["event"]) == 33
