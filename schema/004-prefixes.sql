-- Above the client: what the clients of one network did together.

-- Events that a rule of the policy counts for a network it widens to, hour by
-- hour.
CREATE TABLE prefix (
    hour   INTEGER NOT NULL, -- its first second
    rule   TEXT NOT NULL,    -- of the policy
    client TEXT NOT NULL,    -- a network: "2001:db8:1::/48"
    events INTEGER NOT NULL, -- of each client in it at most the rule's limit
    PRIMARY KEY (hour, rule, client)
) STRICT, WITHOUT ROWID;

-- Whether good mail came from somewhere in a network.  IPv4 clients are left
-- out: there it is rarely asked.
CREATE INDEX tally_by_good ON tally (client, hour)
    WHERE accepted > 0 AND instr(client, ':') > 0;
