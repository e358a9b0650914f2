"""The systemd journal: who may speak in it, and what can happen to it."""

import os
import random
import shutil
import time

import pytest

from diary import Diary, write_journal
from watchman import address, message


@pytest.fixture(name="diary")
def diary_fixture():
    return Diary()


@pytest.fixture(name="journal")
def journal_fixture(man):
    """The man follows a journal of one file."""
    path = f"{man.folder}/x.journal"
    man.configure(files=[], journal=path)
    return path


def test_offences_in_a_journal(man, diary, journal):
    write_journal(journal, diary.offences(range(300)))
    man.once()
    man.expect(range(300))
    man.once()
    man.expect(range(300))
    times = man.sql("SELECT min(at), max(at) FROM event")
    assert times == [(diary.start + 1, diary.start + 300)]


def test_only_what_journald_says_of_a_unit_counts(man, diary, journal):
    forged = [
        {"unit": "evil.service"},
        {"unit": "session-1.scope", "SYSTEMD_UNIT": "postfix@-.service"},
        {"unit": None, "UNIT": "postfix@-.service"},
        {"unit": "user@1000.service", "_SYSTEMD_USER_UNIT":
         "postfix@-.service"},
        {"unit": "postfix@-.service.evil.service"},
    ]
    entries = "".join(diary.offences([number], **how)
                      for number, how in enumerate(forged))
    write_journal(journal, entries + diary.offences([99]))
    man.once()
    man.expect([99])


def test_units_are_a_setting(man, diary, journal):
    write_journal(journal, diary.offences([1], unit="own.service")
                  + diary.offences([2]))
    man.write(man.conf, f"""
        database = "{man.database}"
        watch {{ journal = "{journal}" units = {{own.service}}
                 start = backfill }}
        """)
    man.once()
    man.expect([1])


def write_units(man, journal, units):
    man.write(man.conf, f"""
        database = "{man.database}"
        watch {{ journal = "{journal}" units = {{{units}}} start = backfill }}
        """)


def test_a_second_instance_of_postfix_counts_by_default(man, diary, journal):
    write_journal(journal, diary.offences([1], unit="postfix@second.service")
                  + diary.offences([2], unit="postfix.service")
                  + diary.suppressed(5, "postfix@second.service"))
    man.once()
    man.expect([1, 2])
    assert man.state("suppressed") == "5"


@pytest.mark.parametrize("units, counted", [
    ('"postfix@*.service"', {1, 2}), ("postfix", {3}),
    ('"postfix@*.service", postfix.service', {1, 2, 3}),
    ('"postfix*"', {1, 2, 3}), ('"postfix@-"', {1}),
    ('"postfix@-", dovecot', {1, 4}), ('"[pd]o*.service"', {1, 2, 3, 4}),
    ('"postfix@second.service"', {2})])
def test_units_are_names_or_globs(man, diary, journal, units, counted):
    write_units(man, journal, units)
    write_journal(journal, "".join(
        diary.offences([number], unit=unit) for number, unit in enumerate(
            ["cron.service", "postfix@-.service", "postfix@second.service",
             "postfix.service", "dovecot.service"])))
    man.once()
    man.expect(counted)


def test_entries_of_others_are_passed_over_once(man, diary, journal):
    others = diary.offences(range(100, 130), unit="cron.service")
    write_journal(journal, diary.offences([1]) + others)
    man.once()
    stood = man.sql("SELECT cursor FROM position")
    assert f";i={31:x};" in stood[0][0]
    write_journal(journal, diary.offences([2]))
    man.once()
    man.expect([1, 2])


def test_however_many_others_write_all_is_read_at_once(man, diary, journal):
    write_journal(journal, diary.offences(range(100, 100 + 9000),
                                          unit="cron.service")
                  + diary.offences([1]))
    man.once()
    man.expect([1])


def test_a_unit_that_writes_nothing_is_told(man, diary, journal):
    write_units(man, journal, "postfix, dovecto, \"exim*\"")
    write_journal(journal, diary.offences([1], unit="postfix.service")
                  + diary.offences([2], unit="cron.service"))
    man.start()
    man.wait_said("nothing in it was written by dovecto, exim*, named in", 60)
    assert man.said("written by") == 1


def test_from_now_on_and_appended_to(man, diary, journal):
    man.configure(files=[], journal=journal, start="now")
    write_journal(journal, diary.offences(range(5)))
    man.once()
    assert man.count() == 0
    man.start()
    for number in range(5, 9):
        write_journal(journal, diary.offences([number]))
        man.wait_expect(range(5, number + 1))


def test_a_journal_that_appears_later(man, diary, journal):
    man.configure(files=[], journal=journal, start="now")
    man.start()
    man.wait_said("No such file")
    write_journal(journal, diary.offences(range(5)))
    man.wait_expect(range(5))


def test_dropped_messages_are_counted(man, diary, journal):
    write_journal(journal, diary.offences([1]) + diary.suppressed(42)
                  + diary.suppressed(1000, "cron.service")
                  + diary.entry("Suppressed 7 messages from postfix@-.service",
                                unit="evil.service", tag="systemd-journald"))
    man.once()
    assert man.state("suppressed") == "42"
    write_journal(journal, diary.suppressed(8))
    man.once()
    assert man.state("suppressed") == "50"
    assert "missed     50 log lines" in man.status()
    man.expect([1])


def in_lines(diary, text, **more):
    """An entry whose message has newlines in it."""
    size = len(text).to_bytes(8, "little")
    return diary.entry("@", **more).encode().replace(
        b"MESSAGE=@\n",
        b"MESSAGE\n" + size + text.encode() + b"\n").decode(
            errors="surrogateescape")


def test_a_message_of_several_lines_is_its_first(man, diary, journal):
    # What stands behind the newline may name nobody else either.
    failed = ("imap-login: Disconnected (auth failed, 1 attempts in 2 secs): "
              "user=<x>, method=PLAIN, rip={}, lip=192.0.2.25")
    write_journal(journal, in_lines(diary, "hello\n" + message(1))
                  + in_lines(diary, failed.format(address(2)) + "\n"
                             + failed.format(address(3)),
                             unit="dovecot.service", tag="dovecot")
                  + diary.offences([4]))
    man.once()
    man.expect([2, 4])


def test_the_time_is_that_of_the_message(man, diary, journal):
    """It may have been written long after it was sent; an entry without the
    sender's clock has journald's."""
    sent = diary.start - 500
    write_journal(journal, diary.offences(
        [1], _SOURCE_REALTIME_TIMESTAMP=sent * 1_000_000 + 999_999)
                  + diary.offences([2]))
    man.once()
    assert man.sql("SELECT at FROM event ORDER BY at") == [
        (sent,), (diary.start + 2,)]


def test_a_journal_replaced_by_another_while_it_watches(man, diary, journal):
    write_journal(journal, diary.offences(range(5)))
    man.start()
    man.wait_expect(range(5))
    other = f"{man.folder}/y.journal"
    write_journal(other, diary.offences(range(5, 10)))
    os.rename(other, journal)
    man.wait_expect(range(10))


def test_a_folder_of_journals_and_one_of_them_vacuumed(man, diary):
    folder = f"{man.folder}/journal"
    os.mkdir(folder)
    man.configure(files=[], journal=folder)
    write_journal(f"{folder}/a.journal", diary.offences(range(10)))
    man.once()
    man.expect(range(10))
    lost = diary.offences(range(10, 20))
    write_journal(f"{folder}/b.journal", diary.offences(range(20, 30)))
    os.unlink(f"{folder}/a.journal")
    assert lost and "gone" in man.once()
    man.expect([*range(10), *range(20, 30)])
    assert "gone" not in man.once()
    man.expect([*range(10), *range(20, 30)])


def test_vacuumed_while_it_watches(man, diary):
    folder = f"{man.folder}/journal"
    os.mkdir(folder)
    man.configure(files=[], journal=folder)
    write_journal(f"{folder}/a.journal", diary.offences(range(10)))
    man.start()
    man.wait_expect(range(10))
    os.unlink(f"{folder}/a.journal")
    write_journal(f"{folder}/b.journal", diary.offences(range(10, 20)))
    man.wait_expect(range(20))
    write_journal(f"{folder}/c.journal", diary.offences(range(20, 30)))
    man.wait_expect(range(30))
    shutil.rmtree(folder)
    man.kill()
    man.start()
    os.mkdir(folder)
    write_journal(f"{folder}/d.journal", diary.offences(range(30, 40)))
    man.wait_expect(range(40))


def test_killed_while_the_journal_grows(man, diary):
    folder = f"{man.folder}/journal"
    os.mkdir(folder)
    man.configure(files=[], journal=folder)
    dice = random.Random(4)
    for turn in range(30):
        man.start()
        write_journal(f"{folder}/{turn // 5}.journal",
                      diary.offences(range(turn * 20, turn * 20 + 20)))
        time.sleep(dice.random() / 20)
        man.kill()
    man.start()
    man.wait_expect(range(600))


def test_a_file_that_is_no_journal(man, journal):
    man.write(journal, "no journal at all\n" * 1000)
    assert "journal" in man.once()
    assert man.count() == 0


def line(number):
    """As rsyslog writes the entry with that number to a file."""
    return ("2026-11-21T23:47:28.079876+00:00 mx postfix/submission/smtpd"
            f"[4711]: {message(number)}\n")


def test_a_file_written_from_the_journal_is_refused(man, diary, journal):
    write_journal(journal, diary.offences(range(10)))
    man.append("".join(map(line, range(8))))
    man.configure(journal=journal)
    said = man.once(status=2)
    assert "would count twice" in said and man.log in said


def test_a_file_and_a_journal_of_their_own_are_fine(man, diary, journal):
    write_journal(journal, diary.offences(range(10)))
    man.append("".join(map(line, range(20, 30))))
    # The like of it in the middle of another line proves nothing.
    man.append(line(30)[:-1] + " " + line(5)[:-1] + "x\n")
    man.configure(journal=journal)
    man.once()
    assert set(range(10)) | set(range(20, 30)) <= set(man.counted())
