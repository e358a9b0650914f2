"""`videur doctor` on hosts with Sendmail, each wrong in one way."""

import itertools
import json
import os
import pathlib
import socket

import pytest

CF = (pathlib.Path(__file__).parents[1] / "data/sendmail.cf").read_text(
    encoding="utf-8")
SOCKET = "unix:/run/videur/milter.sock"
FILTER = f"Xvideur, S={SOCKET}, T=S:2s;R:5s;E:10s"
CLAM = "Xclamav, S=local:/run/clamav/clamav-milter.ctl, F=, T=S:4m;R:4m"
DKIM = "Xopendkim, S=inet:8891@localhost"


@pytest.fixture(name="mail")
def mail_fixture(house, tmp_path):
    """A folder for sendmail.cf, and a milter that listens."""
    folder = tmp_path / "mail"
    folder.mkdir()
    (tmp_path / "run").mkdir(mode=0o750)
    path = tmp_path / "run/milter.sock"
    house.configure(f'milter {{ listen = "unix:{path}" }}')
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        house.do("allow", "add", "192.0.2.77")  # makes the database
        yield folder


def findings(house, folder, text, check="sendmail"):
    """What the doctor says of it: finding, what and fix."""
    path = folder.parent / "run/milter.sock"
    (folder / "sendmail.cf").write_text(text.replace(SOCKET, f"unix:{path}"))
    done = house.run("doctor", "--sendmail", str(folder), "--json")
    assert done.returncode in (0, 1), done  # there may be other problems
    return {remark["finding"]: remark for remark in json.loads(done.stdout)
            if remark["check"] == check}


def test_a_sendmail_as_readme_says_is_well(house, mail):
    assert list(findings(house, mail, CF)) == ["sendmail"]


CASES = [
    ("no filter at all", "sendmail-without-us",
     "O InputMailFilters=videur", "", "INPUT_MAIL_FILTER(`videur', `S=unix:"),
    ("a filter that nobody asks", "sendmail-without-us",
     "O InputMailFilters=videur", "O InputMailFilters=other",
     "INPUT_MAIL_FILTER(`videur', `S=unix:"),
    ("a daemon with a list of its own", "sendmail-without-us",
     "Port=smtp, M=A", "Port=smtp, M=A, InputMailFilters=clamav;dkim",
     "INPUT_MAIL_FILTER(`videur', `S=unix:"),
    ("a scanner behind it", "sendmail-goes-on",
     "O InputMailFilters=videur", f"O InputMailFilters=videur, clamav\n{CLAM}",
     "behind that of clamav"),
    ("a socket elsewhere", "sendmail-elsewhere",
     f"S={SOCKET}", "S=unix:/var/spool/postfix/videur/milter.sock",
     "INPUT_MAIL_FILTER(`videur', `S=unix:"),
    ("mail that waits where videur is gone", "sendmail-action",
     ", T=S:2s", ", F=T, T=S:2s", "without F="),
    ("mail that is refused where videur is gone", "sendmail-action",
     ", T=S:2s", ", F=R, T=S:2s", "without F="),
    ("the end of a message that may take five minutes", "sendmail-slow",
     ", T=S:2s;R:5s;E:10s", "", "T=S:2s;R:5s;E:10s"),
    ("an answer that may take a minute", "sendmail-slow",
     "R:5s", "R:1m", "T=S:2s;R:5s;E:10s"),
    ("VRFY for everybody", "sendmail-vrfy", ",novrfy,noexpn", "",
     "nobodyreturn,authwarnings,novrfy,noexpn'"),
    ("AUTH on port 25", "sendmail-auth-on-25", "Port=smtp, M=A", "Port=smtp",
     "DAEMON_OPTIONS(`Name=MTA-v4, Port=smtp, M=A')"),
    ("AUTH on port 25, of a daemon that nobody configured",
     "sendmail-auth-on-25", "O DaemonPortOptions=", "#O DaemonPortOptions=",
     "M=A"),
    ("AUTH on another port", "sendmail-auth-elsewhere",
     "Port=submission", "Port=2525", "submission-ports"),
    ("passwords in the clear", "sendmail-auth-clear",
     "O AuthOptions=A p", "O AuthOptions=A", "confAUTH_OPTIONS', `A p'"),
]


@pytest.mark.parametrize("name, finding, old, new, fix", CASES)
def test_what_is_wrong_is_told_with_its_line(
        house, mail, name, finding, old, new, fix):
    assert old in CF, name
    found = findings(house, mail, CF.replace(old, new))
    assert list(found) == [finding], name
    assert fix in found[finding]["fix"], name
    assert "{" not in found[finding]["what"].replace("{}", ""), name


FINE = [
    ("a filter that only signs behind it", "O InputMailFilters=videur",
     f"O InputMailFilters=videur, opendkim\n{DKIM}"),
    ("a scanner ahead of it", "O InputMailFilters=videur",
     f"O InputMailFilters=clamav, videur\n{CLAM}"),
    ("the socket under its other name", f"S={SOCKET}",
     "S=local:" + SOCKET.removeprefix("unix:")),
    ("VRFY forbidden in one word", "novrfy,noexpn", "goaway"),
    ("AUTH that is not set up at all", "Port=smtp, M=A", "Port=smtp"),
    ("AUTH on port 25 for programs of this host", "Port=smtp, M=A",
     "Port=smtp, Addr=127.0.0.1"),
]


@pytest.mark.parametrize("name, old, new", FINE)
def test_what_is_well_is_no_finding(house, mail, name, old, new):
    text = CF.replace(old, new)
    assert text != CF, name
    if "not set up" in name:
        text = text.replace("O Auth", "#O Auth").replace("C{Trust", "#C{T")
    if "other name" in name:
        path = mail.parent / "run/milter.sock"
        text = text.replace("local:/run/videur/milter.sock", f"local:{path}")
    assert list(findings(house, mail, text)) == ["sendmail"], name


def test_mail_may_wait_where_both_sides_say_so(house, mail):
    path = mail.parent / "run/milter.sock"
    house.configure(
        f'milter {{ listen = "unix:{path}"  on-error = tempfail }}')
    found = findings(house, mail, CF.replace(", T=S:", ", F=T, T=S:"))
    assert list(found) == ["sendmail"]


def test_a_file_that_was_not_made_again(house, mail):
    (mail / "sendmail.cf").write_text(CF)
    (mail / "sendmail.mc").write_text("")
    os.utime(mail / "sendmail.mc", (4e9, 4e9))
    found = findings(house, mail, CF)
    assert list(found) == ["sendmail-stale"]
    assert f"make -C {mail} " in found["sendmail-stale"]["fix"]


def test_a_socket_that_is_not_there(house, mail):
    (mail.parent / "run/milter.sock").unlink()
    assert list(findings(house, mail, CF)) == ["sendmail-socket"]


def test_a_folder_where_others_may_write(house, mail):
    (mail.parent / "run").chmod(0o770)
    found = findings(house, mail, CF)
    assert list(found) == ["sendmail-unsafe"]
    assert found["sendmail-unsafe"]["fix"] == f"chmod go-w {mail.parent}/run"


def test_a_scanner_that_nobody_named(house, mail):
    text = CF.replace("O InputMailFilters=videur",
                      f"O InputMailFilters=clamav, videur\n{CLAM}")
    found = findings(house, mail, text, "scanners")
    assert list(found) == ["scanner-unnamed"]
    assert "scanner = {clamav}" in found["scanner-unnamed"]["fix"]


@pytest.mark.parametrize("text", [
    "", "O", "X", "X\n", "O =\n", "O DaemonPortOptions\n", "X,,,,\n",
    "O DaemonPortOptions=" + "M=" * 5000 + "\n", "X" + "a" * 5000,
    "O InputMailFilters=" + "a," * 9000 + "\n",
    "".join(f"Xf{n}, S=unix:/f{n}\n" for n in range(99)),
    "O DaemonPortOptions=Port=99999999999999999999\n" * 99,
], ids=itertools.count())
def test_no_file_is_too_odd(house, mail, text):
    assert "sendmail-without-us" in findings(house, mail, text)


def test_there_must_be_a_file(house, tmp_path):
    done = house.run("doctor", "--sendmail", str(tmp_path))
    assert done.returncode == 2 and "sendmail.cf" in done.stderr
    done = house.run("doctor", "--sendmail", "/a", "--postfix", "/b")
    assert done.returncode == 2 and "exclude" in done.stderr
