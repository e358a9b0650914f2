-- Indexes of bans that are a third smaller.

-- Lengths that a single client has need not be looked for: they are asked for in
-- any case.
DROP INDEX ban_by_length;
CREATE INDEX ban_by_length ON ban (family, bits) WHERE bits NOT IN (32, 64);
-- Where most of what is kept is live, it is counted from the table.
DROP INDEX ban_by_end;
CREATE INDEX ban_by_end ON ban (ends);
DROP INDEX ban_by_client;
CREATE INDEX ban_by_client ON ban (client);
