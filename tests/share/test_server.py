"""What the server lets a host do, and in which order it keeps what hosts
write.  Nothing of videur runs here."""

import contextlib
import threading
import time

import psycopg2
import pytest
from psycopg2 import errors

from process import wait_for

INSTANCE = {"mx1": "1" * 32, "mx2": "2" * 32, "mx3": "3" * 32}
NOBODY = "9" * 32


class Peer:
    """What a host asks for, by its own login or as it should not."""

    def __init__(self, base, name, login=None, instance=None):
        self.base, self.name = base, name
        self.login = login or name
        self.instance = instance or INSTANCE[name]
        self.seq = 0
        self.id = None

    def sql(self, query, *values):
        return self.base.sql(query, *values, user=self.login)

    def join(self):
        row, = self.sql(
            "SELECT host, last_seq, last_n, pruned, secret"
            " FROM videur.join_host(%s, %s, '0.1')", self.name, self.instance)
        self.id, self.seq = row[:2]
        return self

    def append(self, *bodies, sort="event", keys=None, keep=None, seq=None):
        count = len(bodies)
        (last,), = self.sql(
            "SELECT videur.append(%s, %s, %s, %s, %s::text[], %s::bigint[], %s)",
            self.id, self.instance, seq or self.seq + 1, [sort] * count,
            keys or [None] * count, [keep] * count, list(bodies))
        self.seq += count
        return last

    def prune(self, now=None, most=1000):
        (gone,), = self.sql("SELECT videur.prune(%s, %s)",
                            int(now or time.time()), most)
        return gone


@pytest.fixture(name="peers")
def peers_fixture(base):
    """All have joined."""
    return [Peer(base, name).join() for name in INSTANCE]


def log(base):
    return base.sql("SELECT n, h.name, seq, body->>'x' FROM videur.entry e"
                    " JOIN videur.host h ON h.id = e.host ORDER BY n")


def test_it_keeps_what_is_appended_in_order(base, peers):
    one, two, _ = peers
    assert one.append('{"x": 1}', '{"x": 2}') == 2
    assert two.append('{"x": 3}') == 3
    assert one.append('{"x": 4}') == 4
    assert log(base) == [(1, "mx1", 1, "1"), (2, "mx1", 2, "2"),
                         (3, "mx2", 1, "3"), (4, "mx1", 3, "4")]
    back = Peer(base, "mx1").join()
    assert (back.id, back.seq) == (one.id, 3)


@pytest.mark.parametrize("seq", [1, 2, 4, 9])
def test_only_what_follows_is_appended(base, peers, seq):
    """Two are there: what was sent twice, or leaves something out, is not."""
    peers[0].append('{"x": 1}', '{"x": 2}')
    with pytest.raises(errors.ObjectNotInPrerequisiteState):
        peers[0].append('{"x": 3}', seq=seq)
    assert len(log(base)) == 2
    assert peers[0].append('{"x": 3}', seq=3) == 3


@pytest.mark.parametrize("login, instance, host", [
    ("mx2", INSTANCE["mx1"], 0),  # another login under its name
    ("mx1", INSTANCE["mx2"], 1),  # its own login under another's
    ("mx1", NOBODY, 0),  # an instance that never joined
    ("mx1", INSTANCE["mx1"], 9),  # nobody's number
])
def test_nobody_speaks_for_another(base, peers, login, instance, host):
    liar = Peer(base, "mx1", login, instance)
    liar.id = peers[host].id if host < 3 else 999
    with pytest.raises(errors.InsufficientPrivilege):
        liar.append('{"x": 1}')
    with pytest.raises(errors.InsufficientPrivilege):
        liar.sql("SELECT videur.report(%s, %s, 0, 0, '', '', 0)", liar.id,
                 instance)
    with pytest.raises(errors.InsufficientPrivilege):
        liar.sql("SELECT videur.leave(%s, %s)", liar.id, instance)
    assert not log(base)


def test_a_name_belongs_to_its_login(base, peers):
    with pytest.raises(errors.InsufficientPrivilege, match="mx1"):
        Peer(base, "mx1", "mx2", NOBODY).join()
    del peers


def test_a_name_has_one_host_at_a_time(base, peers):
    with pytest.raises(errors.ObjectInUse, match="mx1"):
        Peer(base, "mx1", instance=NOBODY).join()
    base.sql("UPDATE videur.host SET seen = seen - interval '2 minutes'")
    peers[0].append('{"x": 1}')
    base.sql("UPDATE videur.host SET seen = seen - interval '2 minutes'")
    new = Peer(base, "mx1", instance=NOBODY).join()
    assert new.seq == 0 and new.append('{"x": 2}') == 2
    with pytest.raises(errors.ObjectNotInPrerequisiteState):
        peers[0].append('{"x": 3}')


@pytest.mark.parametrize("change", [
    "INSERT INTO videur.entry (n, host, seq, sort, body)"
    " VALUES (99, 1, 99, 'event', '{}')",
    "UPDATE videur.entry SET body = '{}'",
    "DELETE FROM videur.entry",
    "TRUNCATE videur.entry",
    "UPDATE videur.host SET login = 'mx2'",
    "DELETE FROM videur.host",
    "UPDATE videur.log SET last = 0",
    "UPDATE videur.setting SET value = ''",
    "DROP TABLE videur.entry CASCADE",
    "DROP SCHEMA videur CASCADE",
    "CREATE TABLE videur.mine (x int)",
    "CREATE OR REPLACE FUNCTION videur.prune(bigint, int) RETURNS int"
    " LANGUAGE sql AS 'SELECT 1'",
    "SELECT videur.own_host(1, '')",
    "SET ROLE videur_owner",
    "SELECT * FROM videur.entry FOR UPDATE",
    "BEGIN; LOCK TABLE videur.log IN EXCLUSIVE MODE",
])
def test_no_host_changes_the_past(base, peers, change):
    peers[0].append('{"x": 1}')
    with pytest.raises(errors.InsufficientPrivilege):
        peers[1].sql(change)
    assert len(log(base)) == 1


def test_a_stranger_reads_nothing(base, peers):
    base.login("mx2")
    if not base.sql("SELECT 1 FROM pg_roles WHERE rolname = 'stranger'"):
        base.sql("CREATE ROLE stranger LOGIN")
    for query in ("SELECT * FROM videur.entry", "SELECT * FROM videur.setting",
                  "SELECT videur.join_host('x', '" + NOBODY + "', '')"):
        with pytest.raises(errors.InsufficientPrivilege):
            base.sql(query, user="stranger")
    del peers


def test_no_name_in_front_of_ours(base, peers):
    """A schema of a host's own does not come before ours in what runs with
    the owner's rights."""
    base.sql("CREATE SCHEMA mx1 AUTHORIZATION mx1")
    peers[0].sql("CREATE TABLE mx1.log (last bigint)")
    with contextlib.closing(base.connect("mx1")) as mine, \
            mine.cursor() as cursor:
        cursor.execute("SET search_path = mx1, pg_temp, videur")
        cursor.execute("CREATE TEMP TABLE entry (n bigint)")
        cursor.execute(
            "SELECT videur.append(%s, %s, 1, '{event}', '{null}', '{null}',"
            " array['{\"x\": 1}'])", (peers[0].id, peers[0].instance))
    assert len(log(base)) == 1


@pytest.mark.parametrize("bodies, problem", [
    (["no json"], psycopg2.DataError),
    (["1"], errors.CheckViolation),
    (['"x"'], errors.CheckViolation),
    ([], errors.ArraySubscriptError),
])
def test_what_is_no_entry_is_refused(base, peers, bodies, problem):
    with pytest.raises(problem):
        peers[0].append(*bodies)
    assert not log(base)
    assert peers[0].append('{"x": 1}') == 1, "nothing was used up"


def test_the_order_is_that_of_commits(base, peers):
    """Who began to write earlier and ends later comes first, and nobody sees
    the later one without it."""
    slow = base.connect("mx1")
    slow.autocommit = False
    with contextlib.closing(slow), slow.cursor() as cursor:
        cursor.execute(
            "SELECT videur.append(%s, %s, 1, '{event}', '{null}', '{null}',"
            " array['{\"x\": 1}'])", (peers[0].id, peers[0].instance))
        other = threading.Thread(target=peers[1].append, args=('{"x": 2}',))
        other.start()
        wait_for(lambda: base.sql(
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = %s", base.name), 10, "the other waits")
        assert not log(base)
        slow.commit()
        other.join()
    assert [row[:2] for row in log(base)] == [(1, "mx1"), (2, "mx2")]


def test_many_write_at_once(base, peers):
    """Numbers without a gap, each host's own in order."""
    def write(peer):
        for number in range(50):
            peer.append(*[f'{{"x": {number}}}'] * (number % 3 + 1))
    threads = [threading.Thread(target=write, args=(peer,)) for peer in peers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = log(base)
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    for peer in peers:
        own = [row[2] for row in rows if row[1] == peer.name]
        assert own == list(range(1, peer.seq + 1)) and len(own) == 99


def test_all_are_told(base, peers):
    with contextlib.closing(base.connect("mx2")) as ear, \
            ear.cursor() as cursor:
        cursor.execute("LISTEN videur")
        peers[0].append('{"x": 1}')
        wait_for(lambda: ear.poll() or ear.notifies, 10, "a notice")


# ---- how the log stays small ----


def test_what_has_expired_goes(base, peers):
    now = int(time.time())
    peers[0].append('{"x": 1}', '{"x": 2}', keep=now - 60)
    peers[0].append('{"x": 3}', keep=now + 3600)
    peers[0].append('{"x": 4}')
    assert peers[1].prune() == 2
    assert [row[3] for row in log(base)] == ["3", "4"]
    assert base.sql("SELECT pruned FROM videur.log") == [(2,)]
    assert peers[1].prune() == 0


def test_no_clock_of_a_host_makes_anything_expire(base, peers):
    peers[0].append('{"x": 1}', keep=int(time.time()) + 3600)
    assert peers[1].prune(now=1 << 40) == 0
    assert len(log(base)) == 1


@pytest.mark.parametrize("entries, left", [
    # (who, at): the newest by time stays, however it came in.
    ([("mx1", 5), ("mx2", 7), ("mx1", 9)], (3,)),
    ([("mx1", 9), ("mx2", 7)], (1,)),
    # of one second the highest name's
    ([("mx2", 5), ("mx1", 5)], (1,)),
    ([("mx1", 5), ("mx2", 5)], (2,)),
])
def test_what_something_newer_took_the_place_of_goes(base, peers, entries,
                                                     left):
    by_name = {peer.name: peer for peer in peers}
    for place, (name, at) in enumerate(entries, 1):
        by_name[name].append(f'{{"x": {place}, "at": {at}}}', sort="allow",
                             keys=["203.0.113.0/24"])
    peers[0].append('{"x": 8, "at": 1}', sort="allow", keys=["203.0.113.7"])
    peers[0].append('{"x": 9, "at": 1}', sort="mark", keys=["203.0.113.0/24"])
    assert peers[1].prune() == len(entries) - 1
    assert [row[3] for row in log(base)] == [str(n) for n in (*left, 8, 9)]
    assert base.sql("SELECT pruned FROM videur.log") == [(0,)], \
        "nobody has missed anything"


@pytest.mark.parametrize("most", [1, 1000])
def test_what_was_for_good_does_not_outlive_what_took_its_place(base, peers,
                                                                most):
    """Allowed for good, then for an hour that is over."""
    peers[0].append('{"x": 1, "at": 5}', sort="allow", keys=["203.0.113.7"])
    peers[1].append('{"x": 2, "at": 7}', sort="allow", keys=["203.0.113.7"],
                    keep=int(time.time()) - 60)
    assert peers[0].prune(most=most) == min(most, 2)
    assert [row[3] for row in log(base)] == (["2"] if most == 1 else [])
    peers[0].prune()
    assert log(base) == []


def test_so_many_at_a_time(base, peers):
    peers[0].append(*['{"x": 1}'] * 10, keep=1)
    assert [peers[0].prune(most=4) for _ in range(4)] == [4, 4, 2, 0]


def test_a_server_that_lost_its_newest(base, peers):
    """It goes on behind what it had, and never backwards."""
    peers[0].append('{"x": 1}')
    peers[0].sql("SELECT videur.resume(%s, %s, 7)", peers[0].id, INSTANCE["mx1"])
    peers[0].append('{"x": 8}', seq=8)
    peers[0].sql("SELECT videur.resume(%s, %s, 2)", peers[0].id, INSTANCE["mx1"])
    assert Peer(base, "mx1").join().seq == 8


def test_every_table_and_column_is_explained(base):
    assert not base.sql(
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a"
        " ON a.attrelid = c.oid WHERE c.relnamespace = 'videur'::regnamespace"
        " AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped"
        " AND (obj_description(c.oid) IS NULL"
        "  OR col_description(c.oid, a.attnum) IS NULL)")
