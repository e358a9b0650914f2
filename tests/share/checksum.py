"""What hosts of one list have to agree on, read from their databases."""

import contextlib
import sqlite3

from process import NotReady, wait_for

# All of them but what is the database's own: where a row lies, and whose it is
# is said by name.  What a name on the allow list resolves to is each host's
# own, and so is what they keep for themselves.
TABLES = ("event", "ban", "ban_folded", "allow", "allow_gone", "mark", "tally",
          "audit", "state")
SHARED = {"allow": " WHERE NOT named", "state": " WHERE key LIKE 'brake%'"}
# What has not been sent yet.
UNSENT = ("share_out", "share_tally", "share_hits")


def rows(base, table):
    """As they would stand on any host, in an order of their own."""
    columns = [row[1] for row in base.execute(f"PRAGMA table_info({table})")]
    assert columns, f"there is no table {table}"
    told = [f"CASE {table}.host WHEN 0 THEN share.name ELSE peer.name END"
            if name == "host" else f"{table}.{name}"
            for name in columns if name != "id"]
    return sorted(base.execute(
        f"SELECT {', '.join(told)} FROM share JOIN {table}"
        + (f" LEFT JOIN peer ON peer.id = {table}.host"
           if "host" in columns else "")
        + SHARED.get(table, "")).fetchall(), key=repr)


def truth(host):
    """Rows by table, all of one moment."""
    base = sqlite3.connect(f"file:{host.database}?mode=ro", uri=True,
                           timeout=20)
    with contextlib.closing(base):
        base.execute("BEGIN")
        return {table: rows(base, table) for table in TABLES}


def difference(one, other):
    """What one of two hosts has and the other has not, in a few lines."""
    mine, theirs = truth(one), truth(other)
    said = []
    for table in TABLES:
        for host, left, right in ((one, mine, theirs), (other, theirs, mine)):
            only = [row for row in left[table] if row not in right[table]]
            said += [f"{table}, {len(only)} on {host.name} alone: {row}"
                     for row in only[:3]]
    return "\n".join(said)


def same(hosts):
    first = truth(hosts[0])
    return all(truth(host) == first for host in hosts[1:])


def wait_same(hosts, seconds=30):
    """Wait until all have sent what they had and hold the same; gives that
    back."""
    def settled():
        return all(host.sql("SELECT 1 FROM share") for host in hosts) and all(
            host.sql(f"SELECT count(*) FROM {table}") == [(0,)]
            for host in hosts for table in UNSENT) and same(hosts)
    try:
        wait_for(settled, seconds, "all hold the same")
    except NotReady as failure:
        raise NotReady(f"{failure}\n" + "\n".join(
            difference(hosts[0], host) for host in hosts[1:])) from failure
    return truth(hosts[0])
