"""Files that are appended to, rotated, truncated, replaced and broken."""

import gzip
import os
import shutil
import signal

import pytest

from watchman import innocent, offence


def test_a_line_is_counted_when_it_is_written(man):
    man.append("")
    man.begin()
    for number in range(3):
        man.offend([number])
        man.wait_expect(range(number + 1))


def test_a_file_that_appears_later_is_read_from_its_start(man):
    man.configure(start="now")
    man.begin()
    man.offend(range(5))
    man.wait_expect(range(5))


def test_a_folder_that_appears_later(man):
    folder = f"{man.folder}/logs"
    man.configure(files=[f"{folder}/mail.log"])
    man.begin()
    os.mkdir(folder)
    man.offend(range(5), f"{folder}/mail.log")
    man.wait_expect(range(5))


def test_from_now_on_leaves_out_what_is_there(man):
    man.configure(start="now")
    man.offend(range(5))
    man.append(offence(5)[:40])
    man.once()
    man.append(offence(5)[40:])
    man.offend([6])
    man.once()
    man.expect([5, 6])


def test_backfill_takes_what_is_there(man):
    man.offend(range(700))
    man.once()
    man.expect(range(700))
    man.once()
    man.expect(range(700))


def test_a_line_without_its_end_waits_for_it(man):
    man.append(offence(0) + offence(1)[:-1])
    man.start()
    man.wait_expect([0])
    man.kill()
    man.start()
    man.append("\n" + offence(2)[:50])
    man.wait_expect([0, 1])
    man.append(offence(2)[50:])
    man.wait_expect([0, 1, 2])


def test_both_rotations_while_it_watches(man):
    man.append("")
    man.begin()
    number = 0
    for rotate in (man.rename, man.copy_truncate) * 3:
        man.offend(range(number, number + 10))
        rotate()
        man.offend(range(number + 10, number + 20))
        number += 20
        man.wait_expect(range(number))


def test_a_writer_that_is_late_to_turn_to_the_new_file(man):
    man.offend([0])
    man.start()
    man.wait_expect([0])
    with open(man.log, "ab", buffering=0) as late:
        man.rename()
        late.write(offence(1).encode())
        man.wait_expect([0, 1])
        late.write(offence(2).encode())
    man.offend([3])
    man.wait_expect(range(4))


def test_several_rotations_while_it_was_down(man):
    man.offend(range(10))
    man.once()
    for number in range(10, 60, 10):
        man.offend(range(number, number + 5))
        (man.rename if number % 20 else man.copy_truncate)()
        man.offend(range(number + 5, number + 10))
    man.once()
    man.expect(range(60))


def test_rotated_names_that_count_up(man):
    man.offend(range(10))
    man.once()
    for turn in range(1, 12):
        os.rename(man.log, f"{man.log}.{turn}")
        man.offend(range(10 * turn, 10 * turn + 10))
        # The order is told by when each was written last.
        os.utime(f"{man.log}.{turn}", (turn * 1000, turn * 1000))
        if turn % 3 == 0:
            man.once()
    man.once()
    man.expect(range(120))


def test_rotated_names_with_dates(man):
    man.offend(range(10))
    man.once()
    for day in (18, 19, 20):
        os.rename(man.log, f"{man.log}-202611{day}")
        man.offend(range(day * 10, day * 10 + 10))
    man.compress(f"{man.log}-20261118", f"{man.log}-20261118.gz")
    man.compress(f"{man.log}-20261119", f"{man.log}-20261119.gz")
    man.once()
    man.expect([*range(10), *range(180, 210)])


def test_the_last_rotation_is_compressed_already(man):
    man.offend(range(10))
    man.once()
    man.offend(range(10, 3000))
    os.rename(man.log, f"{man.log}.1")
    man.compress(f"{man.log}.1", f"{man.log}.1.gz")
    man.offend(range(3000, 3010))
    man.once()
    man.expect(range(3010))


def test_a_rotated_file_that_is_just_being_compressed(man):
    """It is there twice, and one of them not to its end."""
    man.offend(range(10))
    man.once()
    man.offend(range(10, 20))
    man.rename()
    man.offend(range(20, 3000))
    man.rename()
    man.offend(range(3000, 3010))
    with open(f"{man.log}.1", "rb") as plain:
        whole = gzip.compress(plain.read())
    man.append(whole[:len(whole) // 2], f"{man.log}.1.gz")
    man.once()
    man.expect(range(3010))


def test_a_compressed_file_with_its_end_cut_off(man):
    man.offend(range(10))
    man.once()
    man.offend(range(10, 3000))
    with open(man.log, "rb") as file:
        zipped = gzip.compress(file.read())
    os.unlink(man.log)
    with open(f"{man.log}.1.gz", "wb") as file:
        file.write(zipped[:len(zipped) // 2])
    man.offend(range(3000, 3010))
    man.once()
    counted = man.counted()
    assert set(counted.values()) == {1}
    assert set(range(3000, 3010)) <= set(counted)


def test_an_inode_that_is_used_again_is_another_file(man):
    man.offend(range(20))
    man.once()
    inode = os.stat(man.log).st_ino
    # The same inode, longer than before, and nothing of what it was.
    with open(man.log, "r+b") as file:
        file.truncate(0)
    man.offend(range(100, 150))
    assert os.stat(man.log).st_ino == inode
    man.once()
    man.expect([*range(20), *range(100, 150)])


def test_truncated_and_grown_beyond_while_it_was_down(man):
    man.offend(range(20))
    man.once()
    man.copy_truncate()
    man.offend(range(20, 80))
    man.once()
    man.expect(range(80))


def test_truncated_and_grown_to_the_same_size(man):
    man.offend(range(100, 120))
    man.once()
    size = os.path.getsize(man.log)
    os.truncate(man.log, 0)
    man.offend(range(200, 220))
    assert os.path.getsize(man.log) == size
    man.once()
    man.offend([300])
    man.once()
    man.expect([*range(100, 120), *range(200, 220), 300])


def test_truncated_and_regrown_at_once_while_it_watches(man):
    man.offend(range(20))
    man.start()
    man.wait_expect(range(20))
    man.halt()
    man.copy_truncate()
    man.offend(range(20, 80))
    man.go_on()
    man.wait_expect(range(80))


def test_truncated_and_regrown_to_the_same_size_while_it_watches(man):
    man.offend(range(100, 120))
    man.start()
    man.wait_expect(range(100, 120))
    man.halt()
    man.copy_truncate()
    man.offend(range(120, 140))
    man.go_on()
    man.wait_expect(range(100, 140))


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("more", [5, 60])
def test_truncated_and_renamed_before_the_next_look(man, more, live):
    """What lies in a file that is known by its inode is new, even where each
    log begins with the same words."""
    head = "Nov 21 23:44:51 mx rsyslogd: the log was rotated\n" * 8
    man.append(head)
    man.offend(range(20))
    if live:
        man.start()
        man.wait_expect(range(20))
        man.halt()
    else:
        man.once()
    os.truncate(man.log, 0)
    man.append(head)
    man.offend(range(20, 20 + more))
    os.rename(man.log, f"{man.log}.1")
    man.append(head)
    man.offend(range(100, 110))
    if live:
        man.go_on()
    else:
        man.once()
    man.wait_expect([*range(20 + more), *range(100, 110)])


def test_a_copy_is_not_read_beside_its_original(man):
    man.offend(range(20))
    man.once()
    shutil.copyfile(man.log, f"{man.log}.1")
    man.offend(range(20, 30))
    man.once()
    man.expect(range(30))


def test_the_log_itself_replaced_by_a_copy_of_it(man):
    man.offend(range(20))
    man.once()
    shutil.copyfile(man.log, f"{man.log}-new")
    os.rename(f"{man.log}-new", man.log)
    man.offend(range(20, 30))
    man.once()
    man.expect(range(30))


def gaps(man):
    """How often the database says that lines were missed."""
    return man.sql(
        "SELECT number FROM daily WHERE what = 'lost' AND name = 'gaps'")


def test_a_log_that_lost_its_end_in_a_crash(man):
    man.offend(range(20))
    man.once()
    with open(man.log, "rb") as file:
        lines = file.readlines()
    os.truncate(man.log, sum(map(len, lines[:15])) + 30)
    man.append("\n")
    said = man.once()
    assert "its end is gone" in said
    assert gaps(man) == [(1,)]
    man.offend(range(20, 30))
    man.once()
    man.expect(range(30))


def test_a_log_that_went_without_a_trace(man):
    man.offend(range(20))
    man.once()
    os.unlink(man.log)
    man.offend(range(20, 30))
    assert "may be missed" in man.once()
    man.expect(range(30))
    assert gaps(man) == [(1,)]
    man.once()
    assert gaps(man) == [(1,)]


def test_a_folder_in_the_place_of_the_file(man):
    man.offend(range(5))
    man.start()
    man.wait_expect(range(5))
    os.rename(man.log, f"{man.log}.1")
    os.mkdir(man.log)
    man.offend(range(5, 10), f"{man.log}.1")
    man.wait_expect(range(10))
    man.kill()
    man.start()
    man.wait_said("not a regular file")
    os.rmdir(man.log)
    man.offend(range(10, 15))
    man.wait_expect(range(15))


def test_a_log_that_begins_like_a_compressed_file(man):
    """Its name tells that it is none, also once it is rotated."""
    man.append(b"\x1f\x8b\n")
    man.offend(range(5))
    man.once()
    man.expect(range(5))
    man.offend(range(5, 8))
    man.rename()
    man.offend(range(8, 10))
    man.once()
    man.expect(range(10))


def test_a_fifo_in_the_place_of_the_file(man):
    os.mkfifo(man.log)
    assert "not a regular file" in man.once()
    os.unlink(man.log)
    man.offend(range(5))
    man.once()
    man.expect(range(5))


def test_ten_megabytes_without_a_newline(man):
    man.offend([0])
    man.append(b"x" * 10_000_000)
    man.start()
    man.wait_expect([0])
    man.append(b"y" * 10_000_000 + b"\n")
    man.offend([1])
    man.wait_expect([0, 1])
    man.kill()
    man.start()
    man.offend([2])
    man.wait_expect([0, 1, 2])


def test_an_offence_at_the_head_of_an_endless_line(man):
    man.append(offence(0)[:-1] + "z" * 100_000 + "\n" + offence(1))
    man.once()
    man.once()
    assert man.counted()[1] == 1


def test_nul_bytes_and_text_that_is_not_utf_8(man):
    man.append(b"\0" * 70_000 + offence(0).encode())
    man.append(b"\0\0" + offence(1).encode())
    man.append(b"\xff\xfe\xc3(\n\0\n" + bytes(range(256)) + b"\n")
    man.append(offence(2).encode().replace(b"user2", b"us\xff\0\xc3er2"))
    man.append(b"\r\n\n\n" + offence(3).encode())
    man.once()
    man.expect(range(4))


def test_the_hole_of_a_writer_who_does_not_append(man):
    with open(man.log, "wb", buffering=0) as file:
        file.write("".join(map(offence, range(50))).encode())
        man.start()
        man.wait_expect(range(50))
        shutil.copyfile(man.log, f"{man.log}.1")
        os.truncate(man.log, 0)
        file.write("".join(map(offence, range(50, 60))).encode())
    man.wait_expect(range(60))


def test_a_file_that_may_not_be_read(man):
    """Read by nobody, since root may read everything."""
    os.chown(f"{man.folder}/lib", 65534, 65534)
    for folder in (man.folder, os.path.dirname(man.folder),
                   os.path.dirname(os.path.dirname(man.folder))):
        os.chmod(folder, 0o755)
    man.offend(range(5))
    os.chmod(man.log, 0o600)
    man.start()
    man.wait_said("Permission denied")
    os.chmod(man.log, 0o644)
    man.wait_expect(range(5))
    assert man.said("Permission denied") == 1


def test_many_files_and_one_of_them_twice(man):
    names = [f"{man.folder}/mail{number}.log" for number in range(32)]
    man.configure(files=names)
    for number, name in enumerate(names):
        man.offend(range(number * 10, number * 10 + 10), name)
    man.once()
    man.expect(range(320))
    os.link(names[0], f"{man.folder}/other.log")
    man.configure(files=[names[0], f"{man.folder}/other.log"])
    assert "names" in man.once(status=2)


def test_innocent_lines_move_the_position_too(man):
    for _ in range(3):
        man.append("".join(innocent(number) for number in range(3000)))
        man.once()
    offset, = man.sql("SELECT offset FROM position")[0]
    assert offset == os.path.getsize(man.log)
    assert man.count() == 0


@pytest.mark.parametrize("way", ["gone", "now a folder"])
def test_a_reload_with_other_files(man, way):
    other = f"{man.folder}/other.log"
    man.offend(range(5))
    man.start()
    man.wait_expect(range(5))
    man.offend(range(10, 15), other)
    man.configure(files=[man.log, other])
    man.process.signal(signal.SIGHUP)
    man.wait_expect([*range(5), *range(10, 15)])
    os.unlink(other)
    if way == "now a folder":
        os.mkdir(other)
    man.write(man.conf, "nonsense")
    man.process.signal(signal.SIGHUP)
    man.wait_said("the old configuration stays")
    man.offend(range(5, 10))
    man.wait_expect(range(15))
