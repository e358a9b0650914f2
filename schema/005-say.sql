-- Bans by hand say why.

-- What the administrator tells everybody who is refused, beside the note that is
-- his alone; empty: nothing.
ALTER TABLE ban ADD COLUMN say TEXT NOT NULL DEFAULT '';
