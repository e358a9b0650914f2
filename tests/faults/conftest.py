"""Faults: the real videur-watch, real files and journals, real signals."""

import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
# Processes and waiting are those of the suite with a real Postfix.
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "mta"))

from watchman import Watchman, build  # noqa: E402


def pytest_configure():
    """Nothing of this suite may pass by being skipped."""
    if os.geteuid() != 0:
        raise pytest.UsageError(
            "tests/faults fill a file system of their own, which needs root")
    if not os.access(f"{build()}/videur-watch", os.X_OK):
        raise pytest.UsageError(f"{build()}/videur-watch is missing: make")


@pytest.fixture
def man(tmp_path):
    """A watchman with a log and a database of his own."""
    one = Watchman(str(tmp_path))
    yield one
    one.close()
