"""A log that nothing comes of, and how the administrator learns of it."""

import datetime
import os
import random
import signal
import time

import pytest

from diary import Diary, write_journal
from process import wait_for
from watchman import innocent, message, offence

SUMS = ("lines", "understood", "findings", "dropped")


def sums(man, source=None):
    """What was read of a log, as stored: lines, understood, findings and
    dropped."""
    rows = dict(man.sql(
        "SELECT what, sum(number) FROM daily WHERE name = ? GROUP BY what",
        source or man.log))
    return tuple(rows.get(name, 0) for name in SUMS)


def json_line(number):
    return f'{{"host":"mx","program":"postfix","msg":"{message(number)}"}}\n'


def busybox_line(number):
    return f"1795304691 mail.warn mx {message(number)}\n"


def table_line(number):
    return f"2026-11-21 23:44:51,431 | WARNING | {message(number)}\n"


@pytest.mark.parametrize("form", [json_line, busybox_line, table_line])
def test_400_failed_logins_in_a_form_nobody_reads_are_told(man, form):
    man.append("".join(map(form, range(400))))
    said = man.once()
    assert f"{man.log}: of 400 lines 0 were understood" in said
    assert sums(man) == (400, 0, 0, 0)


def test_another_programs_log_is_told(man):
    man.append("".join(f"{offence(0).split()[0]} mx sshd[{n}]: hello\n"
                       for n in range(100)))
    assert "of 100 lines 0 were understood" in man.once()


def test_a_quiet_log_is_healthy(man):
    """Of 100 lines one is enough."""
    man.append("".join(map(innocent, range(2)))
               + "".join(map(json_line, range(190))))
    assert "understood" not in man.once()
    assert sums(man) == (192, 2, 0, 0)


def test_exims_own_file_is_healthy_whatever_is_in_it(man):
    man.append("2026-11-21 23:44:51 Start queue run: pid=9\n"
               "2026-11-21 23:44:51 End queue run: pid=9\n" * 60
               + "2026-11-21 23:44:51 1tFabc-0000AB-CD => joe R=local\n" * 60)
    assert "understood" not in man.once()
    assert sums(man)[:2] == (180, 180)


def test_a_few_lines_say_nothing(man):
    man.append("".join(map(json_line, range(99))))
    assert "understood" not in man.once()


def test_it_is_told_once_an_hour(man):
    man.append("".join(map(json_line, range(100))))
    man.start()
    man.wait_said("were understood")
    man.append("".join(map(json_line, range(500))))
    wait_for(lambda: sums(man)[0] == 600, 25, "it has read them all")
    assert man.said("were understood") == 1


def test_what_sources_drop_is_counted(man):
    man.configure(more="sources { auth = none }")
    man.offend(range(7))
    man.append("".join(map(innocent, range(3))))
    man.once()
    assert man.count() == 0
    assert sums(man) == (10, 10, 7, 7)


def test_what_was_read_of_a_journal(man):
    diary = Diary()
    path = f"{man.folder}/x.journal"
    man.configure(files=[], journal=path)
    write_journal(path, diary.offences(range(5))
                  + diary.entry("queue active", tag="postfix/qmgr"))
    man.once()
    man.once()
    assert sums(man, path) == (6, 5, 5, 0)


def test_lines_are_counted_once_through_crashes_and_rotations(man):
    dice = random.Random(9)
    man.append(innocent(0))
    man.once()
    written = 1
    for turn in range(15):
        man.start()
        man.append("".join(innocent(n) for n in range(300)))
        man.offend(range(turn * 10, turn * 10 + 10))
        written += 310
        time.sleep(dice.random() / 10)
        man.kill()
        if turn % 4 == 3:
            man.rename()
    man.start()
    man.wait_expect(range(150))
    man.stop()
    assert sums(man) == (written, written, 150, 0)


def test_a_reload_counts_no_line_twice(man):
    man.append("".join(map(innocent, range(50))))
    man.start()
    man.wait_said("following")
    man.append("".join(map(innocent, range(50))))
    for times in range(1, 4):
        os.kill(man.process.pid, signal.SIGHUP)
        wait_for(lambda: man.said("reloaded") == times, 30, "it reloads")
    man.stop()
    assert sums(man) == (100, 100, 0, 0)


# ---- the clock of who writes it ----

def local_offence(number, hours):
    """As a host writes it whose clock shows so many hours more than UTC."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return offence(number, (now + datetime.timedelta(hours=hours)).strftime(
        "%b %e %H:%M:%S"))


@pytest.mark.parametrize("hours, zone", [
    (-2, "-02:00"), (5.5, "+05:30"), (1, "+01:00")])
def test_a_log_of_another_zone_is_told_with_the_setting(man, hours, zone):
    man.configure(start="now")
    man.append("")
    man.begin()
    time.sleep(0.5)
    for number in range(4):
        man.append(local_offence(number, hours))
    man.wait_said(f'set watch {{ zone = "{zone}" }}')
    man.stop()
    man.configure(start="now", watch=f'zone = "{zone}"')
    man.start()
    for number in range(4, 9):
        man.append(local_offence(number, hours))
    man.wait_expect(range(9))
    assert man.said("set watch { zone") <= 1
    now = time.time()
    late = man.sql("SELECT max(at) FROM event")[0][0]
    assert abs(late - now) < 60


def test_the_zone_is_told_of_what_was_there_before(man):
    for number in range(4):
        man.append(local_offence(number, 2))
    assert 'set watch { zone = "+02:00" }' in man.once()


def test_an_old_log_is_of_no_other_zone(man):
    for number in range(4):
        man.append(local_offence(number, -2))
    os.utime(man.log, (time.time() - 7200, time.time() - 7200))
    assert "zone" not in man.once()


def test_a_log_that_is_late_is_of_no_other_zone(man):
    """What a forwarder held back for an hour, and what is new."""
    man.configure(start="now")
    man.append("")
    man.begin()
    time.sleep(0.5)
    man.append("".join(local_offence(number, -1 + number / 40)
                       for number in range(41)))
    man.wait_expect(range(41))
    man.stop()
    assert man.said("zone =") == 0


def test_what_came_again_after_a_start_is_of_the_line_before(man):
    man.offend([0])
    man.once()
    man.append(f"{offence(0).split()[0]} mx last message repeated 3 times\n")
    man.once()
    assert man.counted() == {0: 4}
