"""What a program's help says is what its manual says: verbs and options; and
Postfix is told one thing everywhere."""

import glob
import os
import re
import subprocess

import pytest
from conftest import PROGRAM

TREE = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
OPTION = re.compile(r"(?<![\w-])--?([A-Za-z][\w-]*)")


def read(*parts):
    with open(os.path.join(TREE, *parts), encoding="utf-8") as file:
        return file.read()


def helped(program):
    return subprocess.run([program, "-h"], check=True, capture_output=True,
                          text=True, timeout=30).stdout


def gather(usages):
    """The options of each verb: of "rules test" apart from those of "rules"."""
    verbs = {}
    for verb, options in usages:
        verbs.setdefault(verb, set()).update(options)
    return verbs


def verbs_of_help():
    """But for --utc and --help, which the manual tells of all together."""
    for usage in re.findall(r"^  videur (.*)", helped(PROGRAM), re.MULTILINE):
        verb = re.match(r"[a-z]+(?: [a-z0-9]+)*(?= |$)", usage)[0]
        said = subprocess.run([PROGRAM, *verb.split(), "-h"], check=True,
                              capture_output=True, text=True, timeout=30)
        first = said.stdout.split("\n\n", maxsplit=1)[0]
        yield verb, set(re.findall(r"^  (?:-\w, )?--([\w-]+)", first,
                                   re.MULTILINE)) - {"utc", "help"}


def verbs_of_manual():
    text = read("src", "ctl", "videur.8")
    text = re.sub(r"\.It Xo\n(.*?)\.Xc", lambda found: ".It " + " ".join(
        line[1:] for line in found[1].splitlines()), text, flags=re.DOTALL)
    for usage in re.findall(r"^\.It Ic (.*)", text, re.MULTILINE):
        verb = re.match(r"[a-z]+(?: [a-z0-9]+)*(?= |$)", usage)[0]
        yield verb, OPTION.findall(usage)


def test_help_and_manual_have_the_same_verbs_and_options():
    told, written = gather(verbs_of_help()), gather(verbs_of_manual())
    assert len(told) > 15
    assert told == written


@pytest.mark.parametrize("name", ["videur-milter", "videur-watch",
                                  "videur-web", "videur-feedback",
                                  "videur-share"])
def test_a_services_help_and_manual_have_the_same_options(name):
    folder = name.removeprefix("videur-")
    manual = read("src", folder, f"{name}.8")
    listed = set(re.findall(r"^\.It Fl -?(\w+)", manual, re.MULTILINE))
    synopsis = manual.split(".Sh DESCRIPTION")[0]
    words = set(re.findall(r"\bFl -(\w+)", synopsis))
    flags = re.findall(r"\bFl (\w+(?: \| \w+)*)", synopsis)
    assert listed == (set("".join(flags)) - set(" |")) | words
    assert listed == set(OPTION.findall(
        helped(f"{os.path.dirname(PROGRAM)}/{name}")))


def test_the_milters_timeouts_are_the_same_wherever_they_stand():
    told = {}
    for path in (*glob.glob(f"{TREE}/src/*/*.[ch158]"), f"{TREE}/README.md",
                 f"{TREE}/scripts/run"):
        text = read(path)
        for name, value in re.findall(r"(\w+_timeout)=(\w+)", text):
            told.setdefault(name, {}).setdefault(value, []).append(path)
    assert {name: list(values) for name, values in told.items()} == {
        "connect_timeout": ["2s"], "command_timeout": ["5s"],
        "content_timeout": ["10s"]}
    assert all(len(paths) >= 4 for values in told.values()
               for paths in values.values()), told
