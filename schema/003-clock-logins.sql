-- Good logins, what may be no fault of the client's, and forgetting by time.

-- Logins that worked.  What allowed addresses do is no longer tallied by kind.
ALTER TABLE tally ADD COLUMN logins INTEGER NOT NULL DEFAULT 0;
CREATE INDEX tally_by_login ON tally (client, hour) WHERE logins > 0;

-- 1: a recipient refused to the null sender <>, or a login that failed from a
-- client where others had worked within 30 days.
ALTER TABLE event ADD COLUMN doubtful INTEGER NOT NULL DEFAULT 0;
CREATE INDEX event_by_doubt ON event (kind, at, client) WHERE doubtful;

-- What is forgotten goes by its time, whatever its id; bans go by their end.
CREATE INDEX event_by_time ON event (at);
CREATE INDEX tally_by_time ON tally (hour);
CREATE INDEX mark_by_time ON mark (at);
CREATE INDEX ban_by_begin ON ban (begins);
CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX queue_by_time ON queue (at);
