"""The demonstration says what it shows and leaves nothing behind."""

import os
import re
import subprocess

from house import TREE
from truth import SAYING


def test_the_demo_prints_a_refused_session_and_the_list():
    done = subprocess.run(
        [os.path.join(TREE, "scripts", "demo"), "--once"], check=False,
        capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    refused = [line for line in done.stdout.splitlines()
               if line.startswith("    S: 550 5.7.1")]
    assert len(refused) == 1
    assert SAYING.search(refused[0])["address"] == "203.0.113.77"
    listed = done.stdout.split("videur list:")[1].split("page ")[0]
    for client, reason in (
            ("203.0.113.21", "spam"), ("198.51.100.66", "virus"),
            ("203.0.113.77", "error"), ("203.0.113.99", "error"),
            ("203.0.113.5", "error"), ("2001:db8:bad::/64", "error"),
            ("2001:db8:cafe::/64", "auth")):
        assert re.search(rf"{re.escape(client)}\s+{reason}\b", listed), client
    assert "192.0.2.25" not in listed
