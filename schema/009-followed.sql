-- What programs keep in memory of bans can follow them, whoever writes them.

-- A new ban stands behind all others, where it is soon found.  For all else that
-- may name another network, made by hand or by a program, this number in `state`
-- goes up.
CREATE TRIGGER ban_put_before AFTER INSERT ON ban
WHEN EXISTS (SELECT 1 FROM ban WHERE id > new.id)
BEGIN
    INSERT INTO state (key, value, since) VALUES ('rewritten', '1', 0)
    ON CONFLICT (key) DO UPDATE SET value = value + 1;
END;
CREATE TRIGGER ban_renamed AFTER UPDATE OF id, client ON ban
BEGIN
    INSERT INTO state (key, value, since) VALUES ('rewritten', '1', 0)
    ON CONFLICT (key) DO UPDATE SET value = value + 1;
END;
-- The next ban gets its id again.
CREATE TRIGGER ban_last_removed AFTER DELETE ON ban
WHEN NOT EXISTS (SELECT 1 FROM ban WHERE id > old.id)
BEGIN
    INSERT INTO state (key, value, since) VALUES ('rewritten', '1', 0)
    ON CONFLICT (key) DO UPDATE SET value = value + 1;
END;
CREATE TRIGGER allow_put AFTER INSERT ON allow
BEGIN
    INSERT INTO state (key, value, since) VALUES ('rewritten', '1', 0)
    ON CONFLICT (key) DO UPDATE SET value = value + 1;
END;
CREATE TRIGGER allow_renamed AFTER UPDATE OF network ON allow
BEGIN
    INSERT INTO state (key, value, since) VALUES ('rewritten', '1', 0)
    ON CONFLICT (key) DO UPDATE SET value = value + 1;
END;
