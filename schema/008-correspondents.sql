-- To whom our own users write.

-- Clients at whose address a user's message was delivered.
CREATE TABLE correspondent (
    id     INTEGER PRIMARY KEY,
    client TEXT NOT NULL UNIQUE,
    at     INTEGER NOT NULL      -- when last, to the hour
) STRICT;
CREATE INDEX correspondent_by_time ON correspondent (at);
