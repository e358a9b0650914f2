"""A real browser: Debian's Chromium, driven by tests/web/browser/worker.cjs.

Pictures of what it saw stay in build/screens.
"""

import json
import os
import re
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
MODULES = os.environ.get("VIDEUR_NODE", f"{TREE}/build/node")
SCREENS = f"{TREE}/build/screens"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"


class Browser:
    """One process for all the questions of a run."""

    def __init__(self):
        os.makedirs(SCREENS, exist_ok=True)
        self.child = subprocess.Popen(
            ["node", f"{HERE}/browser/worker.cjs", MODULES, CHROMIUM],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **question):
        """One question; fails where the browser did."""
        self.child.stdin.write(json.dumps(question) + "\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        assert line, f"the browser has ended: {self.child.poll()}"
        answer = json.loads(line)
        assert "failed" not in answer, answer["failed"]
        return answer

    def look(self, url, picture=None, width=1280, height=900, **more):
        """Open a page; `picture` is the name its picture is kept by."""
        if picture:
            name = re.sub(r"[^a-z0-9.-]+", "-", picture.lower())
            more["picture"] = f"{SCREENS}/{name}.png"
        return self.ask(url=url, width=width, height=height, **more)

    def complaints(self, html):
        """What a validator says of a document."""
        return self.ask(html=html)["messages"]

    def close(self):
        """End it."""
        self.child.stdin.close()
        try:
            self.child.wait(30)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait(30)
