"""What a configuration says that has no effect is told, and does no harm."""

import pytest

WIDE = "allow = {0.0.0.0/1}"
TOLD = ("videur.conf:3:10: warning: allow = \"0.0.0.0/1\": is very wide: more "
        "than a /8, of IPv6 a /16\n")


@pytest.fixture(name="wide")
def wide_fixture(house):
    house.do("ban", "203.0.113.7", "1h")
    house.configure(WIDE)
    return house


@pytest.mark.parametrize("words", [("status",), ("status", "--json")])
def test_status_warns_on_standard_error(wide, words):
    done = wide.run(*words)
    assert done.returncode == 0
    assert done.stderr == f"{wide.folder}/{TOLD}"
    wide.configure()
    fine = wide.run(*words)
    assert fine.stderr == ""
    lines = [[line for line in run.stdout.splitlines()
              if "checked" not in line and "up " not in line
              and "configuration" not in line]
             for run in (done, fine)]
    assert lines[0] == lines[1]


def test_doctor_warns_on_standard_error(wide, tmp_path):
    done = wide.run("doctor", "--postfix", str(tmp_path / "none"))
    assert f"{wide.folder}/{TOLD}" in done.stderr
    wide.configure()
    assert TOLD not in wide.run("doctor", "--postfix",
                                str(tmp_path / "none")).stderr


@pytest.mark.parametrize("words", [
    ("list",), ("check", "203.0.113.7"), ("explain", "203.0.113.7")])
def test_other_commands_do_not(wide, words):
    assert wide.run(*words).stderr == ""


@pytest.mark.parametrize("wrong, told", [
    ("allow = {192.0.2.7/24}",
     'videur.conf:3:10: allow = "192.0.2.7/24": has bits set behind its '
     "length: write 192.0.2.0/24 for the network or 192.0.2.7 for the "
     "address\n"),
    ("milter { scanner = {spamassasin} }",
     'videur.conf:3:20: no scanner "spamassasin": there is no '
     "{folder}/scanners/spamassasin.conf, and none of that name is built in, "
     'did you mean "spamassassin"?\n'),
])
def test_what_cannot_be_meant_is_refused(house, wrong, told):
    house.configure(wrong)
    done = house.run("list")
    assert done.returncode == 2
    assert done.stderr == f"{house.folder}/" + told.replace(
        "{folder}", str(house.folder))
