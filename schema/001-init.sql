-- videur's memory, first version.
--
-- Times are whole seconds since 1970-01-01 00:00 UTC: datetime(at, 'unixepoch')
-- shows one.  A client is one IPv4 address ("192.0.2.7") or one IPv6 /64
-- ("2001:db8:1:2::/64"); a network has its length behind a slash.  Words for
-- kinds, reasons, stages and services are those of the configuration.

-- One thing a client did.
CREATE TABLE event (
    id      INTEGER PRIMARY KEY, -- in the order of arrival
    client  TEXT NOT NULL,       -- who is counted
    address TEXT NOT NULL,       -- the address it came from
    kind    TEXT NOT NULL,       -- what it was: spam, recipient, auth ...
    at      INTEGER NOT NULL,    -- when it happened
    source  TEXT NOT NULL,       -- who saw it: milter, report, a log rule
    key     TEXT,                -- keyed hash of a user name, where one matters
    detail  TEXT                 -- for people; no recipient, user or log text
) STRICT;
CREATE INDEX event_by_client ON event (client, kind, at, key);

-- A refusal, its cause and its words.  It holds while begins <= now < ends
-- and cleared is null; no job ends it.
CREATE TABLE ban (
    id       INTEGER PRIMARY KEY,
    client   TEXT NOT NULL,      -- a client, or any network banned by hand
    family   INTEGER NOT NULL CHECK (family IN (4, 6)),
    bits     INTEGER NOT NULL,   -- length of the client's network
    reason   TEXT NOT NULL,      -- spam, virus, auth, error, recipient, volume
    rule     TEXT NOT NULL,      -- rule of the policy, or "manual"
    step     INTEGER NOT NULL,   -- which in the row this is; 0 by hand
    begins   INTEGER NOT NULL,
    ends     INTEGER NOT NULL,   -- the first second it is over
    cleared  INTEGER,            -- when it was lifted by hand
    mistake  INTEGER NOT NULL DEFAULT 0, -- 1: lifted as one, no step of others
    observed INTEGER NOT NULL DEFAULT 0, -- 1: mode was observe, refuses nobody
    hits     INTEGER NOT NULL DEFAULT 0, -- sessions refused
    told     INTEGER,            -- when a session was last refused
    stage    TEXT NOT NULL,      -- from where in a session it speaks
    service  TEXT NOT NULL,      -- mx, submission or any
    code     TEXT NOT NULL,      -- SMTP code of its reply
    enhanced TEXT NOT NULL,      -- enhanced code, or empty
    phrase   TEXT NOT NULL,      -- what senders' software matches on
    own      TEXT NOT NULL,      -- the policy's own code, or empty
    note     TEXT NOT NULL DEFAULT '', -- the administrator's
    ref      TEXT NOT NULL UNIQUE -- short random name, as the sender sees it
) STRICT;
CREATE INDEX ban_by_client ON ban (client, ends);
CREATE INDEX ban_by_length ON ban (family, bits); -- which lengths to look for
-- What is live, and how much of it, read from the index alone.
CREATE INDEX ban_by_end
    ON ban (ends, family, begins, cleared, observed, client);

-- Who is never banned, beside the configuration's own list.
CREATE TABLE allow (
    network TEXT PRIMARY KEY,    -- an address or a network
    family  INTEGER NOT NULL CHECK (family IN (4, 6)),
    bits    INTEGER NOT NULL,    -- its length
    note    TEXT NOT NULL,
    until   INTEGER              -- null: for good
) STRICT;
CREATE INDEX allow_by_length ON allow (family, bits);

-- What one client did in one hour, good and bad, in numbers.
CREATE TABLE tally (
    id         INTEGER PRIMARY KEY,
    client     TEXT NOT NULL,
    hour       INTEGER NOT NULL, -- its first second
    sessions   INTEGER NOT NULL DEFAULT 0,
    messages   INTEGER NOT NULL DEFAULT 0, -- whose end was seen
    recipients INTEGER NOT NULL DEFAULT 0, -- accepted at RCPT
    accepted   INTEGER NOT NULL DEFAULT 0, -- messages that made no event
    -- events of each kind, those of allowed addresses included
    spam       INTEGER NOT NULL DEFAULT 0,
    virus      INTEGER NOT NULL DEFAULT 0,
    complaint  INTEGER NOT NULL DEFAULT 0,
    auth       INTEGER NOT NULL DEFAULT 0,
    recipient  INTEGER NOT NULL DEFAULT 0,
    sender     INTEGER NOT NULL DEFAULT 0,
    helo       INTEGER NOT NULL DEFAULT 0,
    command    INTEGER NOT NULL DEFAULT 0,
    disconnect INTEGER NOT NULL DEFAULT 0,
    probe      INTEGER NOT NULL DEFAULT 0,
    greylist   INTEGER NOT NULL DEFAULT 0,
    relay      INTEGER NOT NULL DEFAULT 0,
    volume     INTEGER NOT NULL DEFAULT 0,
    UNIQUE (client, hour)
) STRICT;

-- From when on a client's events count towards a reason.
CREATE TABLE mark (
    id     INTEGER PRIMARY KEY,
    client TEXT NOT NULL,
    reason TEXT NOT NULL,
    key    TEXT NOT NULL,        -- keyed hash of a user name; empty: of all
    at     INTEGER NOT NULL,     -- events after this second count
    UNIQUE (client, reason, key)
) STRICT;

-- How far each log has been read.
CREATE TABLE position (
    source    TEXT PRIMARY KEY,  -- a path, or "journal"
    device    INTEGER NOT NULL,
    inode     INTEGER NOT NULL,
    offset    INTEGER NOT NULL,  -- behind the last line that was taken
    head_hash TEXT NOT NULL,     -- of the file's first bytes
    head_len  INTEGER NOT NULL,  -- of how many
    line_hash TEXT NOT NULL,     -- of the last line that was taken
    line_len  INTEGER NOT NULL,  -- of its bytes, newline included
    cursor    TEXT NOT NULL      -- the journal's own mark
) STRICT;

-- Whose message a queue id of the MTA is, as its log said, where the client had
-- logged in.
CREATE TABLE queue (
    id      INTEGER PRIMARY KEY,
    queue   TEXT NOT NULL UNIQUE,
    address TEXT NOT NULL,
    login   INTEGER NOT NULL,    -- 1: the client had logged in
    at      INTEGER NOT NULL
) STRICT;

-- What the programs tell each other: the brake, signs of life.
CREATE TABLE state (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    since INTEGER NOT NULL
) STRICT;

-- Every change made by hand.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    who     TEXT NOT NULL,       -- login name, behind sudo too
    what    TEXT NOT NULL,       -- ban, clear, allow add, allow remove, report
    subject TEXT NOT NULL,       -- an address, a network, or "all"
    note    TEXT
) STRICT;
