"""Packages as `make deb` builds them, and a host of each release for them."""

import os
import subprocess
import time

import pytest

from host import NO_ROOT, ON_DEBIAN, Host, Unable

RELEASES = ["bookworm", "trixie"]


@pytest.fixture(scope="module", params=RELEASES)
def release(request):
    if os.geteuid() != 0:
        pytest.skip("roots of Debian are for root to make")
    return request.param


@pytest.fixture(scope="module")
def debs(release, tmp_path_factory):
    """The packages, by their names, built in a root with what that needs."""
    folder = tmp_path_factory.mktemp(release)
    with open(folder / "debs.tar", "wb") as tar, \
            open(folder / "log", "wb") as log:
        began = time.monotonic()
        done = subprocess.run(
            [ON_DEBIAN, f"{release}:deb", "sh", "-c",
             "make deb >&2 && cd build/deb && exec tar -c *.deb"],
            stdin=subprocess.DEVNULL, stdout=tar, stderr=log, check=False)
    said = (folder / "log").read_text(errors="replace")
    if done.returncode == NO_ROOT:
        pytest.skip(f"no root of {release} can be made here: {said[-500:]}")
    assert done.returncode == 0, said
    print(f"{release}: built in {time.monotonic() - began:.0f} s")
    subprocess.run(["tar", "-x", "-C", folder, "-f", folder / "debs.tar"],
                   check=True)
    return {deb.name.split("_")[0]: deb for deb in folder.glob("*.deb")}


@pytest.fixture(scope="module")
def host(release, tmp_path_factory):
    log = tmp_path_factory.mktemp(release) / "host.log"
    try:
        with open(log, "wb") as file:
            a_host = Host(release, file)
    except Unable as why:
        pytest.skip(f"no host of {release} can run here: {why}: "
                    f"{log.read_text(errors='replace')[-500:]}")
    try:
        a_host.start_postfix()
        yield a_host
    finally:
        a_host.stop()
