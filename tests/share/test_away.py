"""Hosts that are cut off, come late, or are not who they say."""

import os
import shutil

from checksum import wait_same
from conftest import NAMES, share
from hosts import wait_refs
from pooler import Pooler
from process import wait_for


def test_cut_off_and_back(own_three, own):
    """The server is away: each goes on alone, and catches up in order."""
    hosts = own_three
    hosts[0].report("helo", "203.0.113.1", 3)
    wait_same(hosts)
    own.stop()
    for number, host in enumerate(hosts):
        host.report("recipient", "203.0.113.2", 7)
        host.report("recipient", f"203.0.113.1{number}", 20)
        assert len(host.refs(f"203.0.113.1{number}")) == 1, "it bans alone"
        assert not host.refs("203.0.113.2")
    own.start()
    held = wait_same(hosts)
    assert len(held["event"]) == 3 + 3 * 27
    wait_refs(hosts, "203.0.113.2")
    for number in range(3):
        wait_refs(hosts, f"203.0.113.1{number}")


def test_one_alone_is_cut_off(three):
    three[0].stop("share")
    three[0].report("helo", "203.0.113.1", 3)
    three[1].report("helo", "203.0.113.1", 4)
    wait_same(three[1:])
    three[0].start("share")
    assert len(wait_same(three)["event"]) == 7


def test_the_server_is_gone_at_the_start(own, own_base, put):
    own.stop()
    host = put("mx1", own_base.url("mx1"))
    host.start("share")
    host.report("helo", "203.0.113.1", 3)
    wait_for(lambda: host.said("") and host.running["share"].running(), 10,
             "it says so and waits")
    own.start()
    wait_for(lambda: own_base.sql(
        "SELECT count(*) FROM videur.entry WHERE sort = 'event'")[0][0] >= 3,
        70, "it has joined")


def test_a_new_host_starts_from_what_is_there(three, put, base):
    base.login("mx4")
    three[0].report("recipient", "203.0.113.1", 20)
    three[0].videur("ban", "203.0.113.2", "2h")
    three[1].videur("allow", "add", "198.51.100.7")
    three[1].videur("ban", "203.0.113.3", "2h")
    wait_refs(three, "203.0.113.3")
    three[0].videur("clear", "203.0.113.3", "--mistake")
    wait_same(three)
    new = put("mx4", base.url("mx4"))
    new.report("helo", "203.0.113.9", 2)
    new.videur("ban", "203.0.113.8", "2h")
    new.start("share")
    held = wait_same([*three, new])
    assert len(held["event"]) == 22 and len(held["ban"]) == 4


def test_a_name_that_another_has_is_refused(three, put, base):
    base.login("mx9")
    wait_same(three)
    other = put("other", base.url("mx9"), called="mx1")
    other.report("helo", "203.0.113.9", 2)
    other.start("share")
    wait_for(lambda: other.said("mx1"), 20, "it is told")
    assert three[0].sql("SELECT count(*) FROM event") == [(0,)]


def test_a_copy_of_a_host_is_refused(three, put, base):
    """Two databases under one name, both running."""
    three[0].report("helo", "203.0.113.9", 2)
    wait_same(three)
    twin = put("twin", base.url("mx1"), called="mx1")
    twin.report("helo", "203.0.113.8", 2)
    twin.start("share")
    wait_for(lambda: twin.said("mx1"), 20, "it is told")
    three[0].report("helo", "203.0.113.7", 1)
    assert {row[1] for row in wait_same(three)["event"]} == {
        "203.0.113.9", "203.0.113.7"}


def a_minute_later(base):
    """Nobody was heard of since."""
    base.sql("UPDATE videur.host SET seen = seen - interval '2 minutes'")


def test_a_database_put_back_joins_as_new(three, base):
    """What its name had told before is read again, like another's."""
    host = three[0]
    host.report("helo", "203.0.113.1", 2)
    wait_same(three)
    host.stop("share")
    shutil.copyfile(host.database, f"{host.folder}/kept")
    host.start("share")
    host.report("helo", "203.0.113.2", 2)
    wait_same(three)
    host.stop("share")
    for name in os.listdir(host.lib):
        os.unlink(f"{host.lib}/{name}")
    shutil.copyfile(f"{host.folder}/kept", host.database)
    a_minute_later(base)
    host.start("share")
    wait_for(lambda: host.said("joins anew"), 30, "it notices")
    host.report("helo", "203.0.113.3", 2)
    wait_for(lambda: all(host.sql("SELECT count(*) FROM event") == [(6,)]
                         for host in three), 60, "six events on all")


def test_a_database_begun_anew_joins_as_new(three, base):
    host = three[0]
    host.report("helo", "203.0.113.1", 2)
    wait_same(three)
    host.stop("share")
    for name in os.listdir(host.lib):
        os.unlink(f"{host.lib}/{name}")
    host.report("helo", "203.0.113.3", 2)
    a_minute_later(base)
    host.start("share")
    wait_for(lambda: all(host.sql("SELECT count(*) FROM event") == [(4,)]
                         for host in three), 60, "four events on all")


def test_behind_a_pooler(folder, base, put):
    """No notice comes through it: what others did is asked for."""
    pooler = Pooler(f"{folder}/pooler", base, NAMES)
    try:
        hosts = share(put, pooler)
        hosts[0].report("recipient", "203.0.113.1", 20)
        wait_refs(hosts, "203.0.113.1")
        hosts[1].videur("clear", "203.0.113.1")
        wait_refs(hosts, "203.0.113.1", 0)
        wait_same(hosts)
        for host in hosts:
            host.stop()
    finally:
        pooler.close()
