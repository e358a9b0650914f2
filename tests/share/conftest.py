"""Several hosts of one list: the real programs, real PostgreSQL servers."""

import itertools
import os
import shutil
import signal
import sys
import tempfile

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
# Processes and waiting are those of the suite with a real Postfix, a log with
# numbered offences that of the faults, and the MTA's side of the milter's
# protocol that of the suite before it.
sys.path[:0] = [HERE, *(os.path.join(os.path.dirname(HERE), name)
                        for name in ("mta", "faults", "milter"))]

from cluster import Base, Cluster, programs  # noqa: E402
from hosts import SERVICES, Host  # noqa: E402
from house import build  # noqa: E402
from process import Stack, wait_for  # noqa: E402

NAMES = ("mx1", "mx2", "mx3")


def pytest_configure():
    """A suite that cannot run must say so, not pass by skipping."""
    if os.geteuid() != 0:
        raise pytest.UsageError("tests/share run PostgreSQL as its own user,"
                                " which needs root")
    if not programs():
        raise pytest.UsageError("PostgreSQL is missing: scripts/setup test")
    if not os.access(f"{build()}/videur-share", os.X_OK):
        raise pytest.UsageError(f"{build()}/videur-share is missing: make")
    # End like after Ctrl-C, so that every server is taken down.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(name="folder")
def folder_fixture():
    """Everybody can look into it: PostgreSQL and Postfix are users of their
    own."""
    path = tempfile.mkdtemp(prefix="videur-")
    os.chmod(path, 0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session", name="cluster")
def cluster_fixture():
    """One for all tests that leave it standing."""
    path = tempfile.mkdtemp(prefix="videur-")
    os.chmod(path, 0o755)
    one = Cluster(f"{path}/server").start()
    yield one
    one.stop()
    shutil.rmtree(path)


@pytest.fixture(name="own")
def own_fixture(folder):
    """A cluster that a test may stop, kill and promote."""
    one = Cluster(f"{folder}/server").start()
    yield one
    one.stop()


COUNTER = itertools.count(1)


@pytest.fixture(name="base")
def base_fixture(cluster):
    """An empty database with a login for each host."""
    return Base(cluster, f"videur{next(COUNTER)}", NAMES)


@pytest.fixture(name="own_base")
def own_base_fixture(own):
    return Base(own, "videur", NAMES)


@pytest.fixture(name="put")
def put_fixture(folder):
    """A function that makes a host, which shares by a URL; nothing runs on
    it yet."""
    stack = Stack()

    def put(name, url=None, **how):
        host = Host(f"{folder}/{name}", name, url, **how)
        stack.add(host.close)
        stack.add(lambda: print("".join(
            f"-- {name}, {one}:\n{host.tail(one)}" for one in SERVICES)))
        return host
    yield put
    stack.close()


def share(put, base):
    hosts = [put(name, base.url(name)) for name in NAMES]
    for host in hosts:
        host.start("share")
    for host in hosts:
        wait_for(lambda at=host: at.sql("SELECT 1 FROM share"), 30, "it joins")
    return hosts


@pytest.fixture(name="three")
def three_fixture(base, put):
    """Three hosts that share."""
    return share(put, base)


@pytest.fixture(name="own_three")
def own_three_fixture(own_base, put):
    """By a server of their own."""
    return share(put, own_base)
