"""enforce and observe: the one line of videur.conf, the services that must know
of it, and what every verb says of bans that refuse nobody."""

import contextlib
import os
import shutil
import signal
import subprocess
import time

import pytest
from conftest import DAY, HOUR, PROGRAM, flat, now

WHO = "203.0.113.7"


def edited(house, text, verb):
    """The file as the verb leaves it."""
    house.conf.write_bytes(
        text.replace("DB", str(house.database)).encode())
    house.do(verb)
    return house.conf.read_bytes().decode().replace(
        str(house.database), "DB")


# ---- the line ----

@pytest.mark.parametrize("verb, before, after", [
    ("observe", 'database = "DB"\nmode = enforce # for now\n',
     'database = "DB"\nmode = observe # for now\n'),
    ("enforce", 'database = "DB"\n\t mode="observe"\n\n# end',
     'database = "DB"\n\t mode="enforce"\n\n# end'),
    ("enforce", "database = 'DB' mode = 'observe' policy = sfr\n",
     "database = 'DB' mode = 'enforce' policy = sfr\n"),
    ("enforce", 'database = "DB"\r\nmode =\r\n  observe\r\n',
     'database = "DB"\r\nmode =\r\n  enforce\r\n'),
    ("enforce", 'database = "DB" # ä\n/* é */ mode = "${X:-observe}"//x\n',
     'database = "DB" # ä\n/* é */ mode = "enforce"//x\n'),
    ("observe", '# c\ndatabase = "DB"\n#mode = enforce\n#allow = {}\n',
     '# c\ndatabase = "DB"\nmode = observe\n#allow = {}\n'),
    ("observe", 'database = "DB"\n  // mode = enforce  # note\nweb {\n}\n',
     'database = "DB"\nmode = observe  # note\nweb {\n}\n'),
    ("observe", 'database = "DB"\npolicy = sfr # ours\nweb {\n}\n',
     'database = "DB"\npolicy = sfr # ours\nmode = observe\nweb {\n}\n'),
    ("observe", '# the mode is said elsewhere\ndatabase = "DB"\nweb { }\n',
     '# the mode is said elsewhere\ndatabase = "DB"\nmode = observe\nweb { }\n'),
    ("observe", 'database = "DB"', 'database = "DB"\nmode = observe\n'),
    # Places that look natural and lie in a section.
    ("observe", 'brake {\n#mode = enforce\n}\ndatabase = "DB" keep {\n}\n',
     'brake {\n#mode = enforce\n}\ndatabase = "DB" keep {\n}\nmode = observe\n'),
], ids=range(11))
def test_one_line_is_another_and_all_else_stays(house, verb, before, after):
    assert edited(house, before, verb) == after
    assert f"mode = {verb}" in " ".join(
        f"{row['setting']} = {row['value']}"
        for row in house.json("config", "show"))


def test_the_file_that_is_included_is_the_one_that_changes(house):
    (house.folder / "more.conf").write_text("# more\nmode = observe\n")
    house.configure('include("more.conf")')
    before = house.conf.read_text()
    answer = house.json("enforce")
    assert (answer["file"], answer["line"]) == (
        f"{house.folder}/more.conf", 2)
    assert house.conf.read_text() == before
    assert (house.folder / "more.conf").read_text() == (
        "# more\nmode = enforce\n")


def test_owner_mode_and_a_link_stay(house):
    real = house.folder / "real.conf"
    house.conf.rename(real)
    house.conf.symlink_to("real.conf")
    os.chmod(real, 0o640)
    if os.geteuid() == 0:
        os.chown(real, 12345, 54321)
    before = real.stat()
    house.do("observe")
    after = real.stat()
    assert house.conf.is_symlink()
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode, before.st_uid, before.st_gid)
    assert "mode = observe" in real.read_text()
    assert sorted(path.name for path in house.folder.iterdir()
                  if path.name.endswith(".conf")) == [
        "real.conf", "videur.conf"]
    assert not list(house.folder.glob("real.conf.*"))


@pytest.mark.parametrize("broken, said", [
    ("policy = nobody", 'no policy "nobody"'),
    ('watch { rules = "RULES" }', "x.rule:1:")])
def test_a_configuration_that_services_would_not_take_is_left(
        house, broken, said):
    (house.folder / "x.rule").write_text("nonsense\n")
    house.configure(broken.replace("RULES", str(house.folder)))
    before = house.conf.read_text()
    done = house.run("observe")
    assert done.returncode == 2
    assert said in done.stderr
    assert house.conf.read_text() == before


def test_dry_run_only_shows(house):
    before = house.conf.read_text()
    said = house.do("observe", "--dry-run")
    assert said.splitlines()[1:] == [
        "  + mode = observe", "nothing was changed (--dry-run)"]
    assert house.conf.read_text() == before
    assert house.json("observe", "--dry-run")["changed"] is False


def test_what_is_so_already_is_said(house):
    assert house.do("enforce") == "already enforcing: nothing to change\n"
    house.do("observe")
    assert house.do("observe") == "already observing: nothing to change\n"
    assert [row[0] for row in house.audit()] == ["observe"]


def test_the_audit_says_who_wanted_it(house):
    house.do("observe", "--note", "first week")
    house.do("enforce")
    assert house.audit() == [
        ("observe", f"{house.conf}:2", "first week"),
        ("enforce", f"{house.conf}:2", None)]


# ---- what was observed ----

def test_enforce_shows_the_suspects_and_does_not_ask(house):
    house.configure("mode = observe")
    house.do("report", "virus", WHO)
    house.do("report", "virus", "198.51.100.9")
    house.sql("INSERT INTO tally (client, hour, accepted) VALUES (?, ?, 7)",
              WHO, (now() - DAY) // HOUR * HOUR)
    said = house.do("enforce")
    assert ("observed: 2 bans, 1 of them suspects (mail accepted before), "
            "those with most first:") in flat(said)
    row, = [line.split() for line in said.splitlines() if WHO in line]
    assert row[0] == WHO and "7" in row
    assert flat(said).endswith(
        "enforcing: 0 clients are banned now and refused, and so is whoever "
        "earns a ban from now on; what was only observed refuses nobody")
    house.do("check", WHO)  # it is not banned, as before


def test_observing_leaves_what_holds(house):
    house.do("ban", WHO, "2h")
    assert flat(house.do("observe")).endswith(
        "new bans refuse nobody; 1 client from before goes on being refused "
        "until the ban ends (videur clear all lifts it)")
    assert "is banned until" in house.do("check", WHO, status=1)


# ---- every verb, in either mode ----

def numbers(house, status):
    """How many are refused, and how many would be, by each verb."""
    told = house.json("status")
    yield "status", sum(told["listed"].values()), told["observed"]
    rows = house.json("list")
    yield ("list", sum(not row["observed"] for row in rows),
           sum(row["observed"] for row in rows))
    told = house.json("check", WHO, status=status)
    yield "check", len(told["bans"]), len(told.get("would_refuse", []))
    assert told["listed"] == (status == 1)
    rows = house.json("explain", WHO)["bans"]
    yield ("explain", sum(not row["observed"] for row in rows),
           sum(row["observed"] for row in rows))


@pytest.mark.parametrize("mode, refused, would", [
    ("enforce", 1, 0), ("observe", 0, 1)])
def test_all_verbs_count_alike(house, mode, refused, would):
    house.configure(f"mode = {mode}")
    house.do("ban", WHO, "2h")
    assert set(numbers(house, refused)) == {
        (verb, refused, would) for verb in
        ("status", "list", "check", "explain")}


@pytest.mark.parametrize("words", [
    ["status"], ["list"], ["check", WHO], ["explain", WHO]], ids=" ".join)
@pytest.mark.parametrize("mode", ["enforce", "observe"])
def test_all_verbs_say_would_be_refused_of_what_is_only_observed(
        house, mode, words):
    house.configure(f"mode = {mode}")
    house.do("ban", WHO, "2h")
    status = 1 if mode == "enforce" and words[0] == "check" else 0
    said = flat(house.do(*words, status=status))
    assert ("would be refused" in said) == (mode == "observe")
    assert "is clear" not in said


def test_a_check_that_is_about_nobody_has_the_keys_it_always_had(house):
    house.do("ban", WHO, "2h")
    keys = {"ip", "listed", "bans", "checked_at"}
    assert set(house.json("check", WHO, status=1)) == keys
    assert set(house.json("check", "198.51.100.9")) == keys


# ---- services that run ----

@contextlib.contextmanager
def running(house, *names):
    """These services, with the configuration named in the ways there are."""
    (house.folder / "mail.log").touch()
    house.configure(
        f'milter {{ listen = "unix:{house.folder}/m.sock" '
        'socket-mode = "0600" socket-group = "" }\n'
        f'watch {{ journal = no  files = {{"{house.folder}/mail.log"}} }}\n'
        f'web {{ listen = "unix:{house.folder}/w.sock" }}')
    house.do("clear", WHO, status=1)
    with contextlib.ExitStack() as stack:
        for name in names:
            log = stack.enter_context(
                open(house.folder / f"{name}.log", "w", encoding="utf-8"))
            child = stack.enter_context(subprocess.Popen(
                [f"{os.path.dirname(PROGRAM)}/videur-{name}",
                 *(["-c", "videur.conf"] if name == "watch"
                   else [f"-c{house.conf}"])],
                cwd=house.folder, stdout=log, stderr=log))
            stack.callback(child.terminate)
        yield


def until(condition):
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def mode_of(house, name):
    return house.sql("SELECT value, since FROM state WHERE key = ?",
                     f"{name}-mode")


def test_running_services_are_told_and_say_that_they_know(house):
    with running(house, "milter", "watch"):
        for name in ("milter", "watch"):
            until(lambda name=name: mode_of(house, name))
        answer = house.json("observe")
        assert {(row["service"], row["reloaded"])
                for row in answer["services"]} == {
            ("videur-milter", True), ("videur-watch", True)}
        (word, since), = mode_of(house, "milter")
        assert word == "observe" and abs(since - now()) < 60
        told = house.json("status")
        assert told["observing"]["since"] is not None
        assert told["services"]["milter"]["mode"] == "observe"
        assert "observing since " in flat(house.do("status"))
        # Whoever edits by hand and forgets the services is told, and the verb
        # has them catch up.
        house.conf.write_text(house.conf.read_text().replace(
            "mode = observe", "mode = enforce"))
        assert "videur-milter still runs in mode observe" in flat(
            house.do("status"))
        said = flat(house.do("enforce"))
        assert said.count("has read it") == 2
        assert mode_of(house, "milter")[0][0] == "enforce"
    assert house.audit()[-1][0] == "observe"


def test_a_service_that_does_not_say_so_is_named(house):
    shell = house.folder / "videur-milter"
    shutil.copy("/bin/sh", shell)
    with subprocess.Popen(
            ["env", "--default-signal=HUP",
             shell, "-c", "read line", "-c", house.conf],
            stdin=subprocess.PIPE) as child:
        until(lambda: os.path.basename(
            os.readlink(f"/proc/{child.pid}/exe")) == "videur-milter")
        done = house.run("observe")  # it dies of SIGHUP
        assert child.wait(10) == -signal.SIGHUP
    assert done.returncode == 1
    assert (f"videur-milter (process {child.pid}) does not say that it has "
            "read the configuration") in flat(done.stderr)


def test_where_none_runs_that_is_said(house):
    assert ("no service runs with this configuration: it holds once they are "
            "started") in flat(house.do("observe"))
