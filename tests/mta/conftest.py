"""The worlds the scenarios happen in."""

import itertools
import os
import signal
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from addresses import fresh  # noqa: E402
from house import build  # noqa: E402
from world import World  # noqa: E402


def pytest_configure(config):
    """A suite that cannot run must say so, not pass by skipping."""
    if os.geteuid() != 0:
        raise pytest.UsageError(
            "tests/mta start a private Postfix, which needs root")
    for program in ("videur", "videur-feedback", "videur-milter",
                    "videur-watch", "videur-web"):
        if not os.access(f"{build()}/{program}", os.X_OK):
            raise pytest.UsageError(f"{build()}/{program} is missing: make")
    # End like after Ctrl-C, so that every world is taken down.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def world():
    """Postfix, Dovecot, SpamAssassin, ClamAV and videur, one for all
    scenarios; each scenario uses addresses of its own."""
    whole = World()
    yield whole
    whole.close()


@pytest.fixture(scope="session")
def street():
    """A Postfix without scanners, for scenarios with a house of their own."""
    light = World(scanners=None, with_house=False)
    yield light
    light.close()


HOUSES = itertools.count(1)


@pytest.fixture
def light(street):
    """A light world with an empty house; the scenario starts its programs.
    Their end is waited for, and checked, when the street is taken down."""
    street.move_in(f"house{next(HOUSES)}")
    return street


@pytest.fixture(name="fresh")
def fresh_fixture():
    """A function that gives an address nobody has used."""
    return fresh


@pytest.fixture(name="address")
def address_fixture():
    """An address nobody has used."""
    return fresh()
