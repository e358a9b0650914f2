-- Above the client: what the clients of one network did together.

-- Events that a rule of the policy counts for a network, hour by hour: of the
-- networks it widens to, and beside them of each client what it has given them,
-- which is never more than the rule's limit.
CREATE TABLE prefix (
    id     INTEGER PRIMARY KEY,
    client TEXT NOT NULL,    -- a network, "2001:db8:1::/48", or a client in it
    rule   TEXT NOT NULL,    -- of the policy
    hour   INTEGER NOT NULL, -- its first second
    events INTEGER NOT NULL,
    UNIQUE (client, rule, hour)
) STRICT;
CREATE INDEX prefix_by_time ON prefix (hour);

-- Whether good mail came from somewhere in a network.  IPv4 clients are left
-- out: there it is rarely asked.
CREATE INDEX tally_by_good ON tally (client, hour)
    WHERE accepted > 0 AND instr(client, ':') > 0;
