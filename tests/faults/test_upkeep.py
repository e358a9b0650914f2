"""Names on the allow list, asked again beside the following of logs."""

import os
import signal
import sqlite3
import subprocess
import time

import nameserver
import pytest
from process import wait_for
from watchman import address, build

LONG_AGO = 1000000000


@pytest.fixture(name="zone")
def served_zone(man):
    zone = {"mail.example.org": [address(1), address(2)]}
    man.configure(
        more=f'nameserver = "127.0.0.1:{nameserver.start(zone)}"')
    return zone


def add(man, *words):
    subprocess.run([f"{build()}/videur", "-c", man.conf, "allow", "add",
                    *(words or ("--name", "mail.example.org"))], check=True,
                   capture_output=True, timeout=60)


def make_due(man, **more):
    base = sqlite3.connect(man.database, timeout=30)
    with base:
        for column, value in {"asked": LONG_AGO, **more}.items():
            base.execute(f"UPDATE allow_name SET {column} = {value}")
    base.close()


def allowed(man):
    return sorted(row[0] for row in man.sql(
        "SELECT network FROM allow WHERE named"))


def state(man):
    return man.sql("SELECT error, asked > 1000000000 FROM allow_name")[0]


def test_new_addresses_are_allowed_and_old_ones_no_longer(man, zone):
    man.offend(range(3, 4))
    man.start()
    man.wait_expect(range(3, 4))
    add(man)
    assert allowed(man) == [address(1), address(2)]
    subprocess.run([f"{build()}/videur", "-c", man.conf, "ban", address(3),
                    "2h"], check=True, capture_output=True, timeout=60)
    zone["mail.example.org"] = [address(2), address(3)]
    make_due(man)
    wait_for(lambda: allowed(man) == [address(2), address(3)], 30,
             "it was asked")
    wait_for(lambda: man.sql("SELECT 1 FROM ban WHERE cleared"), 30,
             "the ban is lifted")
    assert man.said("lifted 1 bans") == 1


@pytest.mark.parametrize("records", [
    "servfail", "silence", "garbage", None, [],
    ["TXT v=spf1 +all"]], ids=str)
def test_the_last_good_answer_is_kept(man, zone, records):
    zone["mail.example.org"].append("TXT v=spf1 a")
    add(man, "--spf", "mail.example.org")
    man.start()
    zone["mail.example.org"] = records
    make_due(man)
    wait_for(lambda: state(man)[0] and state(man)[1], 60, "it was asked")
    assert allowed(man) == [address(1), address(2)]
    assert man.said("what DNS said before stays") == 1


def test_after_a_month_without_an_answer_it_goes(man, zone):
    add(man)
    man.start()
    zone["mail.example.org"] = "servfail"
    make_due(man, answered=LONG_AGO)
    wait_for(lambda: allowed(man) == [], 60, "it went")
    zone["mail.example.org"] = [address(2)]
    make_due(man)
    wait_for(lambda: allowed(man) == [address(2)], 60, "it is there again")
    assert man.said("DNS answers for mail.example.org again") == 1


def test_logs_are_followed_while_dns_is_silent(man, zone):
    zone["b.example.org"] = [address(9)]
    add(man)
    add(man, "--name", "b.example.org")
    man.start()
    zone.update({"mail.example.org": "silence", "b.example.org": "silence"})
    make_due(man)
    until = time.monotonic() + 3
    for number in range(10, 1000, 10):
        man.offend(range(number, number + 10))
        man.wait_expect(range(10, number + 10))
        if time.monotonic() > until:
            break


def test_a_crash_beside_disturbs_nobody(man, zone):
    man.start()
    add(man)
    beside = wait_for(lambda: children(man.process.pid, "videur-upkeep"), 30,
                      "the process beside")
    worker = wait_for(lambda: children(beside[0], "videur-upkeep"), 30,
                      "and the one that works")
    os.kill(worker[0], signal.SIGKILL)
    zone["mail.example.org"] = [address(7)]
    make_due(man)
    wait_for(lambda: allowed(man) == [address(7)], 30, "it was asked")
    man.kill()
    wait_for(lambda: not os.path.exists(f"/proc/{beside[0]}"), 30,
             "it ends with the watcher")


def children(pid, name):
    """Those of a process that have that name."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        found = file.read().split()
    result = []
    for child in found:
        with open(f"/proc/{child}/comm", encoding="ascii") as file:
            if file.read().strip() == name:
                result.append(int(child))
    return result
