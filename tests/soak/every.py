"""Every change of a file fails once: a small piece of work, again and again,
with the fault one change later each time, until none is left to fail.

What the programs said is done must be there, what they could not do must be
doable again, and nothing may be there twice.
"""

import concurrent.futures
import os
import shutil

from house import Faults, House, Talk
from watchman import address, number_of, offence

HOWS = {"a write fails": Faults.ERROR, "the disk is full": Faults.FULL,
        "half is written": Faults.SHORT}
LINES = 12
WHO = "203.0.113.7"
# Each command, and what is there once it has been done.
COMMANDS = [
    (("report", "-"), f"recipient {WHO}\n" * 3,
     "SELECT count(*) FROM event WHERE kind = 'recipient'", 3),
    (("ban", "198.51.100.0/24", "2h"), "",
     "SELECT count(*) FROM ban WHERE client = '198.51.100.0/24'", 1),
    (("allow", "add", "192.0.2.1"), "",
     "SELECT count(*) FROM allow", 1),
    (("clear", "198.51.100.0/24"), "",
     "SELECT count(*) FROM ban WHERE cleared IS NOT NULL", 1),
]


def catch_up(house, faults):
    """The watcher reads a log into a database that it makes, at most twice;
    gives back how often it failed."""
    with open(house.log, "w", encoding="ascii") as log:
        log.writelines(offence(number) for number in range(LINES))
    first = house.run("videur-watch", "-n").returncode
    faults.disarm()
    assert first in (0, 3), first
    done = house.run("videur-watch", "-n")
    assert done.returncode == 0, done.stderr
    counted = sorted(number_of(address) for address, in house.sql(
        "SELECT address FROM event"))
    assert counted == list(range(LINES)), counted
    assert house.is_sound()


def command(house, faults):
    """An administrator who says again what did not succeed."""
    for words, given, query, wanted in COMMANDS:
        first = house.run("videur", *words, given=given)
        assert first.returncode in (0, 3), first
        if first.returncode == 3:
            faults.disarm()
            done = house.run("videur", *words, given=given)
            assert done.returncode == 0, done.stderr
        assert house.sql(query) == [(wanted,)], (words, first, house.sql(query))
    faults.disarm()
    assert house.is_sound()


def at_every_change(folder, build, work, how, prepared=None):
    """Gives back how many changes there are to fail."""
    times = 0
    while True:
        house = House(f"{folder}/{work.__name__}-{how}", build, faults=True)
        if prepared:
            shutil.copytree(prepared, house.lib, dirs_exist_ok=True)
        house.faults.arm(times, how)
        try:
            work(house, house.faults)
        except AssertionError as failure:
            raise AssertionError(f"{work.__name__}, change {times + 1} fails "
                                 f"like {how}: {failure}") from failure
        failed = house.faults.failed
        shutil.rmtree(house.folder)
        if failed == 0:
            return times
        times += 1


def prepare(folder, build):
    """A database as it is between two commands."""
    house = House(f"{folder}/prepared", build)
    assert house.run("videur", "report", "spam", WHO).returncode == 0
    os.remove(house.log)
    return house.lib


def run(folder, build):
    """Rows of the table: the fault, and how many changes it met."""
    lib = prepare(folder, build)
    jobs = [(f"{name}, at each change of {what}", work, how, prepared)
            for what, work, prepared in (
                ("the watcher's first run", catch_up, None),
                ("four commands", command, lib))
            for name, how in HOWS.items()]
    with concurrent.futures.ThreadPoolExecutor(2) as two:
        times = two.map(lambda job: at_every_change(folder, build, *job[1:]),
                        jobs)
        return [(job[0], count) for job, count in zip(jobs, times)]
