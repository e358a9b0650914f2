"""A host with Sendmail and videur, for all scenarios; each uses addresses of
its own."""

import os
import signal
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "mta")]

import room  # noqa: E402
from addresses import fresh  # noqa: E402
from host import ZONE, Host  # noqa: E402
from house import build  # noqa: E402


def pytest_configure(config):
    """A suite that cannot run must say so, not pass by skipping."""
    if os.geteuid() != 0:
        raise pytest.UsageError("tests/sendmail need root")
    for program in (f"{build()}/videur", f"{build()}/videur-milter",
                    f"{build()}/videur-watch", "/usr/sbin/sendmail-mta"):
        if not os.access(program, os.X_OK):
            raise pytest.UsageError(
                f"{program} is missing: make sendmail runs these tests where "
                f"all of it is")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    room.enter(ZONE)


@pytest.fixture(scope="session")
def host():
    whole = Host()
    yield whole
    whole.close()


@pytest.fixture(name="address")
def address_fixture():
    """An address nobody has used."""
    return fresh()
