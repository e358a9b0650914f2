-- Names on the allow list, whose addresses the watcher asks anew.

-- 1: the network stands there only because a name gave it.
ALTER TABLE allow ADD COLUMN named INTEGER NOT NULL DEFAULT 0;

-- A host, or a domain by its SPF record.
CREATE TABLE allow_name (
    id       INTEGER PRIMARY KEY,
    how      TEXT NOT NULL,      -- name: its addresses; spf: its SPF record's
    name     TEXT NOT NULL,      -- in small letters
    note     TEXT NOT NULL,
    until    INTEGER,            -- null: for good
    asked    INTEGER NOT NULL,   -- when DNS was asked last
    answered INTEGER,            -- and when it last gave an answer
    error    TEXT NOT NULL,      -- why it gave none the last time; or empty
    UNIQUE (how, name)
) STRICT;

-- What the names' last good answers gave.
CREATE TABLE allow_network (
    id      INTEGER PRIMARY KEY,
    name_id INTEGER NOT NULL,    -- of allow_name
    network TEXT NOT NULL,
    family  INTEGER NOT NULL CHECK (family IN (4, 6)),
    bits    INTEGER NOT NULL,    -- its length
    UNIQUE (network, name_id)
) STRICT;
