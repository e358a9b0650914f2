"""Shells complete what the program's own help has, and what is banned."""

import os
import re
import subprocess

import pytest
from conftest import PROGRAM

TREE = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))

BASH = r"""
source completions/videur.bash
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE=$LINE COMP_POINT=${#LINE}
_videur 2>/dev/null
printf '%s\n' "${COMPREPLY[@]}"
"""
ZSH = r"""
compadd() { print -rl -- $found }
_files() { print -r -- FILES }
words=("$@") CURRENT=$#
source completions/_videur
"""


def said(*words):
    return subprocess.run([PROGRAM, *words], check=True, text=True,
                          capture_output=True, timeout=30).stdout


def bash(*words):
    """What bash offers; it parts words at ':' and '='."""
    parts = [part for word in words
             for part in (re.findall(r"[:=]+|[^:=]+", word) or [""])]
    done = subprocess.run(
        ["bash", "--norc", "-c", BASH, "bash", PROGRAM, *parts], cwd=TREE,
        env={**os.environ, "LINE": " ".join([PROGRAM, *words])}, text=True,
        check=True, capture_output=True, timeout=30)
    return done.stdout.split()


def zsh(*words):
    done = subprocess.run(["zsh", "-f", "-c", ZSH, "zsh", PROGRAM, *words],
                          cwd=TREE, text=True, check=False,
                          capture_output=True, timeout=30)
    assert done.stderr == ""
    return done.stdout.split()


SHELLS = pytest.mark.parametrize("shell", [bash, zsh])
VERBS = [re.match(r"[a-z]+(?: [a-z0-9]+)*", usage)[0].split() for usage in
         re.findall(r"^  videur (.*)", said("help"), re.MULTILINE)]


@SHELLS
def test_every_verb_of_the_help_completes(shell):
    assert set(shell("")) == {verb[0] for verb in VERBS} | {"help"}
    for first, second in (verb for verb in VERBS if len(verb) == 2):
        assert second in shell(first, "")


@SHELLS
def test_every_option_of_a_verbs_help_completes(shell):
    for verb in VERBS:
        first = said(*verb, "-h").split("\n\n", maxsplit=1)[0]
        wanted = re.findall(r"^  (?:-\w, )?(--[\w-]+)", first, re.MULTILINE)
        assert wanted and set(shell(*verb, "-")) == set(wanted), verb


@SHELLS
@pytest.mark.parametrize("words, offered", [
    (["list", "--reason", "s"], ["spam"]),
    (["list", "--sort", "b"], ["begins"]),
    (["report", "vi"], ["virus"]),
    (["codes", "--policy", "fr"], ["franceserv"]),
    (["allow", "r"], ["remove"]),
    (["help", "expl"], ["explain"]),
    (["ban", "203.0.113.7", "f"], ["forever"])],
    ids=lambda words: " ".join(words))
def test_values_complete(shell, words, offered):
    assert shell(*words) == offered


@SHELLS
def test_addresses_and_refs_complete_from_the_database(shell, house):
    house.do("ban", "203.0.113.7", "2h")
    house.do("ban", "2001:db8:1::/64", "2h")
    conf = str(house.conf)
    for ban in house.json("list"):
        assert shell("-c", conf, "check", ban["ref"][:5]) == [ban["ref"]]
    assert shell("-c", conf, "clear", "203") == ["203.0.113.7"]
    # bash replaces only what stands behind the last ':'.
    assert shell("-c", conf, "check", "2001:d")[0].endswith("db8:1::/64")


@SHELLS
def test_without_a_database_nothing_is_offered_and_nothing_said(shell, house):
    assert shell("-c", str(house.conf), "check", "") == []
    assert not house.database.exists()


def test_a_path_is_the_shells_to_complete():
    assert zsh("rescue", "/tm") == ["FILES"]
