"""rules: what log lines are understood as."""

import gzip
import json
import os
import pty
import resource
import subprocess
import threading

import pytest
from conftest import rows
from maillog import Log, iso, trad

BAD = "203.0.113.7"


def found(house, *words, status=0, given=""):
    """What `rules test --json` prints, object by object."""
    return [json.loads(line) for line in house.do(
        "rules", "test", "--json", *words, status=status,
        given=given).splitlines()]


def match(line, rule, kind, address=BAD, events=1):
    return {"line": line, "rule": rule, "kind": kind, "address": address,
            "events": events}


# ---- list ----

def test_the_rules_are_listed_with_what_they_find(house):
    listed = rows(house.do("rules", "list"))
    assert listed[0] == ["NAME", "FINDS", "FILE"]
    at = [row[0] for row in listed].index("postfix-sasl")
    assert listed[at] == ["postfix-sasl", "auth",
                          "postfix-smtpd.rule (built in)"]
    assert listed[at + 1] == [
        "*/smtpd: a login to Postfix failed or was aborted"]
    assert any("session" in row for row in listed)
    assert house.do("rules") == house.do("rules", "list")


def test_the_rules_as_json_name_finding_and_kind(house):
    listed = {rule["name"]: rule for rule in house.json("rules", "list")}
    assert set(listed["postfix-sasl"]) == {"name", "finding", "kind", "tags",
                                           "file", "about"}
    assert listed["postfix-sasl"]["kind"] == "auth"
    assert listed["postfix-sasl"]["finding"] == "offence"
    assert listed["postfix-client"]["finding"] == "queue"
    assert listed["postfix-client"]["kind"] is None


def test_neither_needs_a_database_nor_makes_one(house):
    house.do("rules", "list")
    house.do("rules", "test", "-", status=1)
    assert not house.database.exists()


@pytest.mark.parametrize("size, status", [(8191, 0), (8192, 1), (20000, 1)])
def test_nothing_is_taken_of_a_line_that_was_cut(house, size, status):
    line = (f"Nov 21 23:44:51 mx postfix/smtpd[9]: warning: h[{BAD}]: SASL "
            "LOGIN authentication failed: x, sasl_username=").ljust(size, "y")
    assert len(found(house, "-", given=line + "\n", status=status)) \
        == (status == 0)


def own_rule(house, text):
    folder = house.folder / "rules.d"
    folder.mkdir()
    (folder / "own.rule").write_text(text)
    house.configure(f'watch {{ rules = "{folder}" }}')
    return folder / "own.rule"


def test_a_rule_of_ones_own_is_listed_and_matches(house):
    path = own_rule(house, """
source = "own"
rule "own-login" {
	about = "a login to the wiki failed"
	kind  = auth
	tags  = {"wiki"}
	match = 'login failed from {ip}$'
}
""")
    assert [rule["file"] for rule in house.json("rules", "list")
            if rule["name"] == "own-login"] == [str(path)]
    log = Log().add("wiki", f"login failed from {BAD}")
    assert found(house, "-", given=log.text()) == [
        match(1, "own-login", "auth")]


def test_a_rule_that_is_wrong_is_named_with_its_line(house):
    path = own_rule(house, 'source = "own"\nrule "own" {\n\tkind = greed\n}\n')
    for words in (["list"], ["test", "-"]):
        done = house.run("rules", *words)
        assert done.returncode == 2 and done.stdout == ""
        assert done.stderr.startswith(f"{path}:3:"), done.stderr


def test_a_file_that_is_no_rule_file_is_named(house):
    """x.conf in rules.d: it is not read, and nobody would notice."""
    path = own_rule(house, "# nothing\n")
    (path.parent / "x.conf").write_text("rule nonsense")
    (path.parent / ".hidden").write_text("")
    (path.parent / "old").mkdir()
    done = house.run("rules", "list")
    assert done.returncode == 0 and "postfix-sasl" in done.stdout
    assert done.stderr == (f"{path.parent}/x.conf: warning: not read, because "
                           "its name does not end in .rule\n")


def test_a_backslash_in_double_quotes_is_refused_with_its_line(house):
    r"""Not taken for an "S" that matches nothing."""
    path = own_rule(house, 'rule "own" {\n\tabout = "x"\n\tkind = auth\n'
                    '\ttags = {x}\n\tmatch = "\\S+ {ip}"\n}\n')
    done = house.run("rules", "list")
    assert done.returncode == 2
    assert done.stderr.startswith(f"{path}:5:"), done.stderr


def test_times_are_of_the_zone_of_the_watcher(house):
    """A log of a host elsewhere: bans begin when it was so."""
    log = Log(stamp=trad)
    for guess in range(12):
        log.login_fails(BAD, f"user{guess}")
    begins = {}
    for zone in "+03:00", "+05:00":
        house.configure(f'watch {{ zone = "{zone}" }}')
        ban = json.loads(house.do("replay", "--json", "-", given=log.text()))
        begins[zone] = ban["begins"]
    assert begins["+03:00"][:11] == begins["+05:00"][:11]
    assert (int(begins["+03:00"][11:13]) - int(begins["+05:00"][11:13])) == 2


def test_a_pattern_that_goes_astray_gives_up_on_its_line(house):
    """Without its limits it would take 50 times as long."""
    own_rule(house, """
rule "astray" {
	about = "as many ways to match as there are parts of a row of a's"
	kind  = command
	tags  = {"wiki"}
	match = '(?:a+)+x {ip}'
}
""")
    log = Log()
    for _ in range(1000):
        log.add("wiki", "a" * 2000 + f" x {BAD}")
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    assert found(house, "-", given=log.login_fails(BAD).text()) == [
        match(1001, "postfix-sasl", "auth")]
    spent = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    assert spent < 8


# ---- test ----

def mixed(stamp=iso):
    log = Log(stamp=stamp)
    log.noise().login_fails(BAD).imap_fails("2001:db8:bad::1", 3)
    log.unknown("203.0.113.8").session("203.0.113.8", refused=1)
    return log


MIXED = [match(2, "postfix-sasl", "auth"),
         match(3, "dovecot-login-failed", "auth", "2001:db8:bad::1", 3),
         match(4, "postfix-recipient", "recipient", "203.0.113.8")]


@pytest.mark.parametrize("stamp", [iso, trad])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_each_offence_is_one_object(house, stamp, packed):
    path = mixed(stamp).write(house.folder / "log", packed)
    assert found(house, path) == MIXED


def test_the_keys_are_exactly_these_in_this_order(house):
    assert house.do("rules", "test", "--json", "-",
                    given=Log().noise().login_fails(BAD).text()) == (
        '{"line":2,"rule":"postfix-sasl","kind":"auth",'
        '"address":"203.0.113.7","events":1}\n')


def test_lines_are_counted_in_each_file_for_itself(house):
    one = mixed().write(house.folder / "one")
    other = mixed().write(house.folder / "other.gz", packed=True)
    assert found(house, one, other) == MIXED + MIXED


def test_standard_input_may_be_compressed_or_lack_the_last_line_end(house):
    text = mixed().text()
    assert found(house, "-", given=text) == MIXED
    assert found(house, "-", given=text + Log().login_fails(BAD).lines[0]) == [
        *MIXED, match(6, "postfix-sasl", "auth")]
    done = subprocess.run(house.command("rules", "test", "--json", "-"),
                          input=gzip.compress(text.encode()),
                          capture_output=True, check=True)
    assert len(done.stdout.splitlines()) == 3


def test_compressed_files_one_behind_the_other_are_one(house):
    path = house.folder / "log.gz"
    half = gzip.compress(mixed().text().encode())
    path.write_bytes(half + half)
    assert [one["line"] for one in found(house, str(path))] == [
        2, 3, 4, 7, 8, 9]


def test_every_kind_is_shown_whatever_the_sources_say(house):
    house.configure("sources { auth = none recipient = milter }")
    assert found(house, "-", given=mixed().text()) == MIXED


def test_what_a_client_sends_after_logging_in_is_no_match(house):
    log = Log()
    own = log.message(BAD, user="joe@example.test")
    strange = log.message("203.0.113.8")
    log.milter_finds_spam(own, BAD)
    log.milter_finds_spam(strange, "203.0.113.8")
    only, = found(house, "-", given=log.text())
    assert (only["line"], only["kind"], only["address"]) == (
        4, "spam", "203.0.113.8")
    assert "1 of them of clients that had logged in" in house.do(
        "rules", "test", "-", given=log.text())


def test_people_see_rows_a_table_of_rules_and_totals(house):
    said = house.do("rules", "test", "-", given=mixed().text())
    lines = rows(said)
    assert lines[0] == ["LINE", "RULE", "KIND", "ADDRESS", "EVENTS"]
    assert lines[2] == ["3", "dovecot-login-failed", "auth",
                        "2001:db8:bad::1", "3"]
    assert ["dovecot-login-failed", "auth", "1", "3"] in lines
    assert ["postfix-session", "session", "1", "-"] in lines
    assert ["lines", "5"] in lines and ["matched", "3, 5 events"] in lines
    assert ["unmatched", "1"] in lines
    assert "lines a second" in said
    starts = {line.index("auth") for line in said.splitlines()[1:3]}
    assert len(starts) == 1, "the columns do not stand below each other"


def test_several_files_are_told_apart(house):
    one = mixed().write(house.folder / "one")
    said = house.do("rules", "test", one, "-", given=mixed().text())
    assert f"{one}:\n" in said and "stdin:\n" in said


def test_unmatched_lines_are_shown_instead(house):
    log = mixed()
    said = house.do("rules", "test", "--unmatched", "-", given=log.text())
    assert said.splitlines()[0] == f"       1  {log.lines[0]}"
    assert "203.0.113.8" not in said
    assert house.do("rules", "test", "--unmatched", "--json", "-",
                    given=log.text()) == json.dumps(
        {"line": 1, "text": log.lines[0]}, separators=(",", ":")) + "\n"


def test_unmatched_lines_cannot_harm_a_terminal(house):
    line = b"\x1b[31m\xff\x00 login\n"
    done = subprocess.run(house.command("rules", "test", "--unmatched", "-"),
                          input=line, capture_output=True, check=False)
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == b"       1  ?[31m?? login"


@pytest.mark.parametrize("given", ["", "\n", Log().noise(3).text(),
                                   Log().session(BAD, 1, 1).text()],
                         ids=["nothing", "an empty line", "noise",
                              "a session"])
def test_no_offence_is_no(house, given):
    assert found(house, "-", status=1, given=given) == []
    assert ["matched", "0, 0 events"] in rows(
        house.do("rules", "test", "-", status=1, given=given))


def test_long_lines_and_wild_bytes_pass_by(house):
    text = b"x" * 10_000_000 + b"\n" + b"\0" * 70000 + b"\n\xff\xfe\n"
    text += Log().login_fails(BAD).text().encode()
    text += b"y" * 9000
    done = subprocess.run(house.command("rules", "test", "--json", "-"),
                          input=text, capture_output=True, check=True)
    assert json.loads(done.stdout) == match(4, "postfix-sasl", "auth")


@pytest.mark.parametrize("size", [8191, 8192, 8193, 65535, 65536, 65537])
def test_a_line_as_long_as_a_buffer_is_one_line(house, size):
    text = "x" * size + "\n" + Log().login_fails(BAD).text()
    assert found(house, "-", given=text * 2) == [
        match(2, "postfix-sasl", "auth"), match(4, "postfix-sasl", "auth")]


def test_lines_are_read_as_a_pipe_brings_them(house):
    """Somebody follows a log at a terminal: what is there is shown while the
    pipe stays open."""
    master, slave = pty.openpty()
    with subprocess.Popen(house.command("rules", "test", "-"),
                          stdin=subprocess.PIPE, stdout=slave) as child:
        os.close(slave)
        child.stdin.write(Log().login_fails(BAD).text().encode())
        child.stdin.flush()
        shown = b""
        while BAD.encode() not in shown:
            shown += os.read(master, 1000)
        child.stdin.close()
        assert child.wait(timeout=60) == 0
    os.close(master)


# ---- what cannot be read ----

def broken(folder, name):
    path = folder / "log.gz"
    whole = Log().noise(2000).write(path, packed=True)
    data = path.read_bytes()
    if name == "cut off":
        path.write_bytes(data[:len(data) // 2])
    elif name == "without its check sum":
        path.write_bytes(data[:-8])
    elif name == "damaged":
        middle = len(data) // 2
        path.write_bytes(data[:middle] + b"\xff" * 64 + data[middle + 64:])
    elif name == "followed by something else":
        path.write_bytes(data + b"something else")
    return whole


UNREADABLE = ["cut off", "without its check sum", "damaged",
              "followed by something else"]


@pytest.mark.parametrize("verb", [["rules", "test"], ["replay"]],
                         ids=["rules test", "replay"])
@pytest.mark.parametrize("name", UNREADABLE)
def test_a_compressed_file_is_refused_that_is(house, verb, name):
    path = broken(house.folder, name)
    done = house.run(*verb, path)
    assert done.returncode == 2, done
    assert done.stderr.startswith(f"videur: {path}: is ")
    assert "lines" not in done.stdout


@pytest.mark.parametrize("verb", [["rules", "test"], ["replay"]],
                         ids=["rules test", "replay"])
def test_a_file_that_is_not_there_or_a_folder_is_refused(house, verb):
    for path in (house.folder / "none", house.folder):
        done = house.run(*verb, str(path))
        assert done.returncode == 2 and done.stdout == ""
        assert done.stderr.startswith(f"videur: {path}: ")


def test_how_far_it_has_come_is_shown_on_a_terminal(house):
    """Only there, and only where it takes long: so input goes on until it
    is seen."""
    master, slave = pty.openpty()
    line = Log().noise(500).text().encode()
    with subprocess.Popen(house.command("rules", "test", "-"),
                          stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                          stderr=slave) as child:
        os.close(slave)
        seen = threading.Event()

        def feed():
            while not seen.is_set():
                child.stdin.write(line)
            child.stdin.close()

        feeder = threading.Thread(target=feed)
        feeder.start()
        shown = b""
        while b" lines" not in shown:
            shown += os.read(master, 1000)
        seen.set()
        feeder.join()
        assert child.wait(timeout=60) == 1
    shown += os.read(master, 10000)
    os.close(master)
    assert shown.endswith(b"\r\033[K"), "it is not taken off the screen"
