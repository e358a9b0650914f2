-- Second replies, the brake, and sums by day.

-- What a client hears from the second refused session of a ban on; all empty
-- where that is the same.
ALTER TABLE ban ADD COLUMN again_code     TEXT NOT NULL DEFAULT '';
ALTER TABLE ban ADD COLUMN again_enhanced TEXT NOT NULL DEFAULT '';
ALTER TABLE ban ADD COLUMN again_phrase   TEXT NOT NULL DEFAULT '';
ALTER TABLE ban ADD COLUMN again_own      TEXT NOT NULL DEFAULT '';
-- 1: the client had mail accepted before, and the brake is for it: it counts
-- the ban, or has held it back where that is observed.
ALTER TABLE ban ADD COLUMN honest INTEGER NOT NULL DEFAULT 0;
CREATE INDEX ban_by_honest ON ban (begins) WHERE honest;

-- What all clients together did in one day, in numbers: for statistics, which
-- must not go through the clients one by one.
CREATE TABLE daily (
    day    INTEGER NOT NULL, -- its first second, UTC
    what   TEXT NOT NULL,    -- event, ban, refused, sessions, messages ...
    name   TEXT NOT NULL,    -- of an event its kind, of a ban its reason
    number INTEGER NOT NULL,
    PRIMARY KEY (day, what, name)
) STRICT, WITHOUT ROWID;
