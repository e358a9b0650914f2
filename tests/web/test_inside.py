"""What one could do who had taken over the process that serves: a library is
preloaded into it that tries (intruder.c)."""

import os
import signal
import subprocess

import pytest

from test_hostile import LANDLOCK
from test_listen import Places, free_ports, http_at
from website import wait_for

HERE = os.path.dirname(os.path.abspath(__file__))


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """The intruder."""
    path = tmp_path_factory.mktemp("intruder") / "intruder.so"
    subprocess.run(["cc", "-D_GNU_SOURCE", "-O1", "-fPIC", "-shared", "-o",
                    path, f"{HERE}/intruder.c"], check=True)
    return path


def try_all(site, wishes):
    """{(what, path): what came of it} in the process that serves."""
    with open(f"{site.folder}/wishes", "w", encoding="ascii") as file:
        file.writelines(f"{what} {path}\n" for what, path in wishes)
    before = len(site.lines())
    os.kill(site.worker, signal.SIGUSR2)
    lines = wait_for(
        lambda: [line for line in site.lines()[before:]
                 if line.startswith("intruder: ")]
        if "intruder: end" in site.lines()[before:] else None,
        20, "the intruder has tried")
    said = {}
    for line in lines[:-1]:
        _, wish, result = line.split(": ", 2)
        said[tuple(wish.split(" ", 1))] = result
    return said


@pytest.mark.skipif(not LANDLOCK, reason="the kernel has no Landlock")
def test_nothing_is_written_but_readers_locks(tmp_path, library):
    """With sockets beside the database, and after a reload as before it."""
    first, second = free_ports(2)
    site = Places(tmp_path)
    site.videur("ban", "198.51.100.9", "2h")
    site.listen(f"127.0.0.1:{first}", f"unix:{tmp_path}/web.sock",
                metrics=[f"unix:{tmp_path}/metrics.sock"])
    wishes = [(what, f"{site.database}{end}")
              for what in ("write", "empty", "remove", "rename")
              for end in ("", "-wal")]
    wishes += [(what, f"{tmp_path}/new") for what in
               ("make", "link", "folder", "bind")]
    wishes += [(what, f"{tmp_path}/{name}") for what in ("remove", "rename")
               for name in ("web.sock", "metrics.sock", "videur.conf")]
    wishes += [("write", site.conf), ("make", "/tmp/intruder"),
               ("remove", f"{site.database}-shm"), ("connect", "-")]
    may = [("read", site.database), ("read", site.conf),
           ("write", f"{site.database}-shm")]
    try:
        site.start(before=["env", f"LD_PRELOAD={library}",
                           f"INTRUDER={tmp_path}/wishes"])
        assert site.serves(http_at(first))
        for turn in "before", "after":
            if turn == "after":
                site.listen(f"127.0.0.1:{second}", f"unix:{tmp_path}/b.sock")
                site.reload()
                wishes = [(what, path.replace("web.sock", "b.sock"))
                          for what, path in wishes
                          if "metrics" not in path]
            said = try_all(site, wishes + may)
            assert {wish for wish, result in said.items()
                    if result == "done"} == set(may), turn
            assert all(result in ("EACCES", "EPERM", "EXDEV")
                       for wish, result in said.items() if wish not in may)
        assert site.serves(http_at(second))
        # What was seen inside is still whole.
        assert site.ask("/api/v1/ip/198.51.100.9",
                        where=http_at(second)).status == 200
        assert site.stop() == 0
        assert not os.path.exists(f"{tmp_path}/b.sock")
    finally:
        site.close()
