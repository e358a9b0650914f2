-- One index of who did good, for the networks above it, instead of two that each
-- login wrote to.

DROP INDEX tally_by_login;
DROP INDEX tally_by_good;
-- IPv4 clients are left out: there it is rarely asked.
CREATE INDEX tally_by_good ON tally (client, hour)
    WHERE (accepted > 0 OR logins > 0) AND instr(client, ':') > 0;
