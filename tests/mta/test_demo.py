"""The demonstration says what it shows and leaves nothing behind."""

import os
import re
import signal
import subprocess
import urllib.request

from house import TREE
from process import listens
from truth import SAYING

DEMO = os.path.join(TREE, "scripts", "demo")


def test_the_demo_prints_refused_sessions_and_the_list():
    done = subprocess.run(
        [DEMO, "--once"], check=False, capture_output=True, text=True,
        timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    refused = [SAYING.search(line) for line in done.stdout.splitlines()
               if line.startswith("    S: 5")]
    assert [(said["code"], said["address"]) for said in refused] == [
        ("550", "203.0.113.77"), ("530", "203.0.113.40")]
    listed = done.stdout.split("videur list:")[1].split("page ")[0]
    for client, reason in (
            ("203.0.113.21", "spam"), ("198.51.100.66", "virus"),
            ("203.0.113.77", "error"), ("203.0.113.99", "error"),
            ("203.0.113.5", "error"), ("2001:db8:bad::/64", "error"),
            ("203.0.113.40", "auth"), ("2001:db8:cafe::/64", "auth")):
        assert re.search(rf"{re.escape(client)}\s+{reason}\b", listed), client
    assert "192.0.2.25" not in listed


def test_the_demo_stays_until_ctrl_c_and_then_ends_everything():
    demo = subprocess.Popen([DEMO], stdout=subprocess.PIPE, text=True,
                            stderr=subprocess.STDOUT)
    try:
        said = ""
        for line in demo.stdout:
            said += line
            if "Ctrl-C stops" in line:
                break
        page = re.search(r"http://127\.0\.0\.1:(\d+)/\?ip=\S+", said)
        with urllib.request.urlopen(page[0], timeout=10) as answer:
            assert "203.0.113.77" in answer.read().decode()
        mx = int(re.search(r"^mx +127\.0\.0\.1:(\d+)", said, re.M)[1])
        assert listens(mx)
        demo.send_signal(signal.SIGINT)
        demo.stdout.read()
        assert demo.wait(60) == 0
        assert not listens(mx) and not listens(int(page[1]))
    finally:
        if demo.poll() is None:
            demo.terminate()
            demo.wait(60)
