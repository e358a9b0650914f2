"""What an administrator is told of the other hosts, and does about them."""

import glob
import subprocess

from checksum import wait_same
from cluster import TREE
from house import build
from process import wait_for

REPORTS = 20  # seconds; hosts ask for the others every five


def differs(host):
    """What it says of each other host."""
    return {peer["name"]: peer["differs"]
            for peer in host.json("share", "status")["hosts"]}


def wait_known(hosts):
    """Each knows of all others."""
    for host in hosts:
        wait_for(lambda at=host: len(differs(at)) == len(hosts) - 1, REPORTS,
                 f"{host.name} knows of the others")


def test_hosts_that_differ(three, base):
    """Policies of their own, and what the server has of one that reports no
    longer."""
    wait_known(three)
    for host in three:
        said = host.json("share", "status")
        assert said["connected"] and said["name"] == host.name
        assert host.run("share", "status").returncode == 0, "all are alike"
    three[1].stop("share")
    three[1].configure('policy = "laposte"')
    three[1].start("share")
    wait_for(lambda: differs(three[0])["mx2"] == ["policy"], REPORTS,
             "it says so")
    three[1].stop("share")
    base.sql("UPDATE videur.host SET version = '9.9',"
             " clock_ms = clock_ms + 60000,"
             " seen = seen - interval '10 minutes' WHERE name = 'mx2'")
    wait_for(lambda: differs(three[0])["mx2"] == ["away", "version", "clock"],
             REPORTS, "all that differs")
    assert not differs(three[0])["mx3"]
    assert three[0].run("share", "status").returncode == 1
    assert "mx2" in three[0].run("doctor").stdout


def test_away_for_longer_than_the_server_keeps(three, base):
    """What expired meanwhile it has missed, and says so; the rest it reads."""
    three[0].report("helo", "203.0.113.1", 1)
    wait_same(three)
    away = three[2]
    wait_for(lambda: away.sql("SELECT read > 0 FROM share") == [(1,)], REPORTS,
             "how far it read is stored")
    away.stop("share")
    three[0].report("helo", "203.0.113.2", 3)
    wait_same(three[:2])
    base.sql("UPDATE videur.entry SET keep = 1")
    base.sql("SELECT videur.prune(1 << 40, 1000)")
    three[1].report("helo", "203.0.113.3", 2)
    wait_same(three[:2])
    away.start("share")
    wait_for(lambda: away.json("share", "status")["missed"], REPORTS,
             "it says so")
    assert "expired" in away.run("share", "status").stdout
    wait_for(lambda: away.sql("SELECT client, count(*) FROM event GROUP BY 1"
                              " ORDER BY 1")
             == [("203.0.113.1", 1), ("203.0.113.3", 2)], 10,
             "what is there")


def test_one_that_leaves_and_comes_back(three):
    three[0].report("helo", "203.0.113.1", 3)
    three[1].videur("ban", "203.0.113.2", "2h")
    wait_same(three)
    wait_known(three)
    left = three[1]
    left.stop("share")
    assert "has left" in left.videur("share", "leave")
    left.report("helo", "203.0.113.3", 2)
    wait_for(lambda: "left" in three[0].run("share", "status").stdout, REPORTS,
             "the others know")
    assert three[0].run("share", "status").returncode == 0
    left.start("share")
    wait_for(lambda: left.sql("SELECT 1 FROM share"), 30, "it joins")
    three[2].report("helo", "203.0.113.4", 1)
    wait_for(lambda: all(host.sql(
        "SELECT count(*) FROM event WHERE client = '203.0.113.4'") == [(1,)]
        for host in three), 20, "what is new")
    for host in three:
        assert host.sql("SELECT count(*) FROM event WHERE client ="
                        " '203.0.113.1'") == [(3,)], "nothing is doubled"
        assert host.sql("SELECT count(*) FROM ban") == [(1,)]


def test_init_makes_what_is_needed(cluster, put):
    name = "made"
    cluster.sql(f"CREATE DATABASE {name}")
    if not cluster.sql("SELECT 1 FROM pg_roles WHERE rolname = 'mx1'"):
        cluster.sql("CREATE ROLE mx1 LOGIN")
    admin, own = (f"postgresql://{user}@/{name}?host={cluster.folder}"
                  for user in ("postgres", "mx1"))
    host = put("mx1", own)
    assert "made" in host.videur("share", "init", admin)
    assert "already" in host.videur("share", "init", admin)
    cluster.sql("GRANT videur_host TO mx1")
    host.start("share")
    wait_for(lambda: host.sql("SELECT 1 FROM share"), 30, "it joins")


def test_it_prints_the_schema():
    printed = subprocess.run([f"{build()}/videur-share", "schema"], check=True,
                             capture_output=True, text=True).stdout
    for path in sorted(glob.glob(f"{TREE}/schema/postgresql/*.sql")):
        with open(path, encoding="utf-8") as file:
            assert file.read() in printed
