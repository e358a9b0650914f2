"""A website for each test, and one they share that has bans to show."""

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from browser import Browser  # noqa: E402
from website import BUILD, Website  # noqa: E402


def pytest_configure(config):
    """A suite that cannot run must say so, not pass by skipping."""
    for program in ("videur", "videur-web"):
        if not os.access(f"{BUILD}/{program}", os.X_OK):
            raise pytest.UsageError(f"{BUILD}/{program} is missing: make")


@pytest.fixture
def empty(tmp_path):
    """A website that is not started and has no database."""
    site = Website(tmp_path)
    yield site
    site.close()


@pytest.fixture(scope="session")
def shown(tmp_path_factory):
    """A started website behind a proxy on this host, with bans:

    192.0.2.7         20 unknown recipients: error, and 5 spams
    192.0.2.9         10 failed logins
    2001:db8:0:1::7   a virus
    203.0.113.0/24    by hand
    198.51.100.66     one that was cleared
    """
    site = Website(tmp_path_factory.mktemp("shown"),
                   more='trusted-proxies = {"127.0.0.0/8"}')
    offences = {"recipient 192.0.2.7": 20, "spam 192.0.2.7": 5,
                "auth 192.0.2.9": 10, "virus 2001:db8:0:1::7": 1}
    for offence, times in offences.items():
        for _ in range(times):
            site.videur("report", *offence.split())
    site.videur("ban", "203.0.113.0/24", "2d", "--note", "secret words")
    site.videur("ban", "198.51.100.66", "2d")
    site.videur("clear", "198.51.100.66")
    yield site.start()
    assert site.stop() == 0
    site.close()


@pytest.fixture(scope="session")
def browser():
    """A real browser for all tests of a run."""
    one = Browser()
    yield one
    one.close()
