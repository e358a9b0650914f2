-- What several MX hosts share through PostgreSQL; all of it is empty where
-- there is only one.

-- Who saw it, or made it: 0 is this host, else peer.id.
ALTER TABLE event ADD COLUMN host INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ban   ADD COLUMN host INTEGER NOT NULL DEFAULT 0;
ALTER TABLE audit ADD COLUMN host INTEGER NOT NULL DEFAULT 0;
ALTER TABLE allow ADD COLUMN host INTEGER NOT NULL DEFAULT 0;
-- When its end or its words were changed by hand last; 0: never.
ALTER TABLE ban ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
-- When it was put there by hand; 0: by a version that did not say.
ALTER TABLE allow ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
-- A name, likewise: when it was put or changed by hand, and on which host.
ALTER TABLE allow_name ADD COLUMN at   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE allow_name ADD COLUMN host INTEGER NOT NULL DEFAULT 0;

-- What was taken off the allow list by hand: of two hosts that did otherwise,
-- the later one counts.
CREATE TABLE allow_gone (
    network TEXT PRIMARY KEY,    -- or a name: "spf example.org"
    at      INTEGER NOT NULL,    -- when
    host    INTEGER NOT NULL     -- where: 0, or peer.id
) STRICT;

-- The other hosts.
CREATE TABLE peer (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    seen     INTEGER NOT NULL DEFAULT 0,  -- when the server heard of it last
    version  TEXT NOT NULL DEFAULT '',    -- of its videur
    policy   TEXT NOT NULL DEFAULT '',    -- hash of the policy it runs
    clock    INTEGER NOT NULL DEFAULT 0,  -- ms that it is ahead of this host
    position INTEGER NOT NULL DEFAULT 0,  -- how far it read the server's log
    pending  INTEGER NOT NULL DEFAULT 0   -- what it had not sent yet
) STRICT;

-- This host among them; one row, and none before it joined.
CREATE TABLE share (
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    name         TEXT NOT NULL,
    instance     TEXT NOT NULL,    -- of this database, drawn when it joined
    joined       INTEGER NOT NULL, -- when
    sent         INTEGER NOT NULL, -- the server has all up to this share_out.seq
    read         INTEGER NOT NULL, -- what the others sent is here up to this n
    -- 1, within a transaction: what is written came from another host.
    applying     INTEGER NOT NULL DEFAULT 0,
    -- Seconds that the server keeps what is sent.
    keep_events  INTEGER NOT NULL,
    keep_tallies INTEGER NOT NULL,
    keep_bans    INTEGER NOT NULL, -- from their end
    keep_audit   INTEGER NOT NULL
) STRICT;

-- What is to be sent, in order; written by triggers, which are there only
-- where this host shares.
CREATE TABLE share_out (
    seq  INTEGER PRIMARY KEY AUTOINCREMENT,
    sort TEXT NOT NULL,          -- event, tally, ban, hits, clear, change ...
    key  TEXT,                   -- a later one of the sort and key replaces it
    keep INTEGER,                -- until when the server keeps it; null: for good
    body TEXT NOT NULL           -- JSON
) STRICT;

-- What was added to tallies since they were sent last.
CREATE TABLE share_tally (
    client     TEXT NOT NULL,
    hour       INTEGER NOT NULL,
    sessions   INTEGER NOT NULL, -- this and all below as in tally
    messages   INTEGER NOT NULL,
    recipients INTEGER NOT NULL,
    accepted   INTEGER NOT NULL,
    logins     INTEGER NOT NULL,
    spam       INTEGER NOT NULL,
    virus      INTEGER NOT NULL,
    complaint  INTEGER NOT NULL,
    auth       INTEGER NOT NULL,
    recipient  INTEGER NOT NULL,
    sender     INTEGER NOT NULL,
    helo       INTEGER NOT NULL,
    command    INTEGER NOT NULL,
    disconnect INTEGER NOT NULL,
    probe      INTEGER NOT NULL,
    greylist   INTEGER NOT NULL,
    relay      INTEGER NOT NULL,
    volume     INTEGER NOT NULL,
    PRIMARY KEY (client, hour)
) STRICT, WITHOUT ROWID;

-- Sessions refused since that was sent last.
CREATE TABLE share_hits (
    ref  TEXT PRIMARY KEY,       -- of the ban
    hits INTEGER NOT NULL,
    told INTEGER NOT NULL        -- when the last of them was
) STRICT, WITHOUT ROWID;

-- Bans that two hosts made of what was one: that which began first stands, and
-- the other is here.  Its hits are among those of the one that stands.
CREATE TABLE ban_folded (
    id      INTEGER PRIMARY KEY, -- it had in ban, where nothing else has it
    ref     TEXT NOT NULL UNIQUE,
    client  TEXT NOT NULL,
    reason  TEXT NOT NULL,
    ends    INTEGER NOT NULL,
    stands  TEXT NOT NULL,       -- the ref of the one it is folded into
    host    INTEGER NOT NULL,    -- who made it: 0, or peer.id
    hits    INTEGER NOT NULL,    -- its own
    body    TEXT NOT NULL        -- all of it, as JSON
) STRICT;
CREATE INDEX ban_folded_by_client ON ban_folded (client, reason);
CREATE INDEX ban_folded_by_end ON ban_folded (ends);
