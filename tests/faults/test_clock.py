"""A clock that is wrong for a while: nothing is forgotten, and what was written
meanwhile is put right."""

import glob
import os
import subprocess

from watchman import build


def videur(man, *words):
    return subprocess.run([f"{build()}/videur", "-c", man.conf, *words],
                          check=True, capture_output=True, text=True,
                          timeout=60).stdout


def kept(man):
    return [man.sql(f"SELECT count(*) FROM {table}")[0][0]
            for table in ("event", "ban", "allow", "audit")]


def test_a_clock_500_days_ahead_makes_nothing_forgotten(man, monkeypatch):
    man.append("")
    man.begin()
    man.offend(range(10))
    man.wait_expect(range(10))
    videur(man, "ban", "192.0.2.7", "2h")
    videur(man, "allow", "add", "192.0.2.8", "--for", "30d")
    before = kept(man)
    man.stop()
    # The library that moves the clock is loaded before that of a sanitizer.
    monkeypatch.setenv("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", "") +
                       ":verify_asan_link_order=0")
    library = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")[0]
    man.start(before=("env", f"LD_PRELOAD={library}", "FAKETIME=+500d"))
    man.wait_said("the clock differs by 500 days from what it was")
    man.stop()
    assert kept(man) == before
    man.begin()
    man.offend(range(10, 20))
    man.wait_expect(range(20))
    assert kept(man)[1:] == before[1:]
    assert "192.0.2.7 is banned" in subprocess.run(
        [f"{build()}/videur", "-c", man.conf, "check", "192.0.2.7"],
        check=False, capture_output=True, text=True, timeout=60).stdout
