"""Clients that the database knows nothing of are not looked up, and no ban is
missed for it, whoever writes it and in whatever way."""

import ipaddress
import subprocess
import time

import pytest
from conftest import SOON, build, wait_for

CLEAN = "198.51.100.77"
COLUMNS = ("client, family, bits, reason, rule, step, begins, ends, stage,"
           " service, code, enhanced, phrase, own, ref")


def videur(milter, *arguments):
    done = subprocess.run(
        [str(build() / "videur"), "-c", str(milter.conf), *arguments],
        capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def by_hand(milter, *statements):
    """With the command, in one transaction."""
    subprocess.run(
        ["sqlite3", "-bail", str(milter.database)], check=True, text=True,
        input="\n".join([f".timeout {SOON * 1000}", "BEGIN IMMEDIATE;",
                         *(f"{one};" for one in statements), "COMMIT;"]))


def ban_of(client, ref, ident="NULL", begins=-60, ends=3600, verb="INSERT"):
    """A row as a person would write it."""
    net = ipaddress.ip_network(client)
    now = int(time.time())
    text = str(net.network_address) if (
        net.prefixlen == net.max_prefixlen) else str(net)
    return (f"{verb} INTO ban (id, {COLUMNS}) VALUES ({ident}, '{text}',"
            f" {net.version}, {net.prefixlen}, 'error', 'manual', 0,"
            f" {now + begins}, {now + ends}, 'rcpt', 'any', '550', '5.7.1',"
            f" 'Blocked', '', '{ref}')")


def refused(milter, ip):
    talk = milter.caller(ip)
    assert talk.mail() == "continue"
    said = talk.rcpt()
    talk.quit()
    return said.startswith("550 ")


def not_asked(milter):
    """Sessions whose client was not looked up."""
    (number,), = milter.rows(
        "SELECT total(CASE name WHEN 'sessions' THEN number ELSE -number END)"
        " FROM daily WHERE what = 'seen' AND name IN ('sessions', 'asked')")
    return number


def stands(milter):
    """Wait until a clean client is not looked up."""
    before = not_asked(milter)

    def one():
        assert not refused(milter, CLEAN)
        return not_asked(milter) > before + 2

    wait_for("the filter", one)


@pytest.fixture
def filtering(milter):
    """A milter that knows by itself who is not banned."""
    by_hand(milter, ban_of("203.0.113.1", "AAAAA1"),
            ban_of("203.0.113.2", "AAAAA2", ends=-5),
            ban_of("203.0.113.3", "AAAAA3"))
    stands(milter)
    return milter


def few_asked(milter):
    """Whether of 50 clean clients and a banned one that comes as often hardly
    more than the banned one was looked up."""
    def seen(name):
        return milter.rows("SELECT total(number) FROM daily"
                           " WHERE what = 'seen' AND name = ?", name)[0][0]

    assert not refused(milter, CLEAN)
    sessions, asked = seen("sessions"), seen("asked")
    for number in range(1, 51):
        assert not refused(milter, f"198.51.100.{number}")
        assert refused(milter, "203.0.113.1")
    wait_for("the counts", lambda: seen("sessions") >= sessions + 100)
    return seen("asked") - asked <= 55


def test_a_clean_client_is_not_looked_up(filtering):
    """A busy machine has more than one try."""
    assert any(few_asked(filtering) for _ in range(5))


def at_the_end(client="203.0.113.9"):
    return [ban_of(client, "BBBBB1")]


@pytest.mark.parametrize("statements", [
    at_the_end(),
    at_the_end("2001:db8:bad:1::/64"),
    [ban_of("203.0.113.9", "BBBBB1", ident=-7)],
    [ban_of("203.0.113.9", "BBBBB1", ident=1 << 40),
     ban_of("203.0.113.9", "BBBBB2", ident=1 << 39)],
    ["DELETE FROM ban WHERE id = 2",
     ban_of("203.0.113.9", "BBBBB1", ident=2)],
    ["DELETE FROM ban WHERE id = 3", *at_the_end()],
    ["DELETE FROM ban", *at_the_end()],
    [ban_of("203.0.113.9", "AAAAA3", verb="REPLACE")],
    [ban_of("203.0.113.9", "BBBBB1", ident=3, verb="REPLACE")],
    [ban_of("203.0.113.9", "BBBBB1", ident=2, verb="REPLACE")],
    ["UPDATE ban SET client = '203.0.113.9' WHERE id = 1"],
    ["UPDATE ban SET id = 2 + id, client = '203.0.113.9' WHERE id = 3"],
    ["UPDATE ban SET client = '203.0.113.9', ends = ends + 9000 WHERE id = 2"],
    ["DROP TRIGGER IF EXISTS none", "CREATE TABLE t (a)", *at_the_end()],
], ids=["behind all", "IPv6", "before all", "far behind", "between",
        "for the last one", "for all of them", "for one of its ref",
        "over the last one", "over another", "renamed", "moved", "over",
        "with a table"])
def test_a_ban_by_hand_is_seen_at_the_next_session(filtering, statements):
    for ip in ("203.0.113.9", "2001:db8:bad:1::5"):
        assert not refused(filtering, ip)
    by_hand(filtering, *statements)
    assert (refused(filtering, "203.0.113.9")
            or refused(filtering, "2001:db8:bad:1::5"))
    stands(filtering)
    assert (refused(filtering, "203.0.113.9")
            or refused(filtering, "2001:db8:bad:1::5"))


def test_what_becomes_of_a_ban_is_seen(filtering):
    assert refused(filtering, "203.0.113.1")
    assert not refused(filtering, "203.0.113.2")
    by_hand(filtering, "UPDATE ban SET ends = ends + 9000 WHERE id = 2",
            "UPDATE ban SET cleared = 1 WHERE id = 1")
    assert refused(filtering, "203.0.113.2")
    assert not refused(filtering, "203.0.113.1")
    by_hand(filtering, "UPDATE ban SET cleared = NULL WHERE id = 1",
            "UPDATE ban SET ends = begins + 1 WHERE id = 2")
    assert refused(filtering, "203.0.113.1")
    assert not refused(filtering, "203.0.113.2")
    by_hand(filtering, ban_of("203.0.113.9", "BBBBB1", begins=2))
    stands(filtering)
    wait_for("its beginning", lambda: refused(filtering, "203.0.113.9"))


def test_networks_of_every_length(filtering):
    """One after the other, each lifted again."""
    lengths = [("203.0.113.9", bits) for bits in range(33)]
    lengths += [("2001:db8:bad::9", bits) for bits in range(129)]
    for number, (inside, bits) in enumerate(lengths):
        net = ipaddress.ip_network(f"{inside}/{bits}", strict=False)
        by_hand(filtering, ban_of(str(net), f"C{number:05d}"))
        assert refused(filtering, inside), net
        by_hand(filtering, "UPDATE ban SET cleared = 1"
                f" WHERE ref = 'C{number:05d}'")
        assert not refused(filtering, inside), net


def test_the_commands_are_seen_at_once(filtering, tmp_path):
    milter = filtering
    videur(milter, "ban", "203.0.113.9", "1h")
    assert refused(milter, "203.0.113.9")
    videur(milter, "clear", "203.0.113.9")
    assert not refused(milter, "203.0.113.9")
    videur(milter, "ban", "203.0.112.0/21", "1h")
    assert refused(milter, "203.0.113.9") and refused(milter, "203.0.112.1")
    videur(milter, "allow", "add", "203.0.113.0/24")
    assert not refused(milter, "203.0.113.9")
    assert refused(milter, "203.0.112.1")
    stands(milter)
    assert not refused(milter, "203.0.113.9")
    videur(milter, "allow", "remove", "203.0.113.0/24")
    videur(milter, "clear", "all")
    videur(milter, "ban", "2001:db8:bad::/48", "1h")
    assert refused(milter, "2001:db8:bad:7::1")

    videur(milter, "backup", str(tmp_path / "copy.db"))
    videur(milter, "forget", "203.0.113.1")
    videur(milter, "clear", "all")
    by_hand(milter, "DELETE FROM ban")
    videur(milter, "ban", "203.0.113.77", "1h")
    assert refused(milter, "203.0.113.77")
    assert not refused(milter, "2001:db8:bad:7::1")
    stands(milter)
    videur(milter, "restore", str(tmp_path / "copy.db"))
    wait_for("the other database",
             lambda: refused(milter, "2001:db8:bad:7::1"))
    assert not refused(milter, "203.0.113.77")
    stands(milter)
    assert refused(milter, "2001:db8:bad:7::1")


def test_an_allowed_client_has_no_limit(house):
    """It is not on the configuration's list, but on the database's."""
    house.policy('rule "r" { events = {recipient} limit = 9 within = 1h'
                 ' reason = error ban = {1h} reply = "550 5.7.1 No" }\n'
                 'limit "messages" { most = {1, 1, 1}'
                 ' reply = "421 4.7.1 Slow" }\n')
    milter = house.start()
    stands(milter)
    videur(milter, "allow", "add", "203.0.113.9")
    for _ in range(2):
        talk = milter.caller("203.0.113.9")
        for _ in range(3):
            assert talk.mail() == "continue"
            assert talk.rcpt() == "continue"
            assert talk.data() == "continue"
            assert talk.end() == "continue"
        talk.quit()
        stands(milter)


def test_a_ban_of_the_session_itself_takes_effect_at_once(filtering):
    talk = filtering.dictionary("203.0.113.9", 19)
    assert talk.rcpt() == "continue"
    talk.rcpt("<x@example.test>", ("5.1.1", "User unknown"))
    wait_for("the ban", lambda: talk.rcpt().startswith("550 "))
    assert refused(filtering, "203.0.113.9")
    talk.quit()


def test_many_at_once(filtering):
    """More than a session takes in: they are found all the same."""
    now = int(time.time())
    by_hand(filtering, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
            f" FROM n WHERE i < 20000) INSERT INTO ban ({COLUMNS}) SELECT"
            " '45.' || (70 + i / 65536) || '.' || (i / 256 % 256) || '.' ||"
            f" (i % 256), 4, 32, 'error', 'manual', 0, {now}, {now + 9000},"
            " 'rcpt', 'any', '550', '5.7.1', 'Blocked', '', 'M' || i FROM n")
    assert refused(filtering, "45.70.78.32")
    stands(filtering)
    for number in (1, 7777, 20000):
        assert refused(
            filtering, f"45.70.{number // 256 % 256}.{number % 256}")
