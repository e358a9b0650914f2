-- What several hosts share of videur, first version.  Run as one transaction by
-- somebody who may create roles and schemas; `videur share init` does so.
--
-- It is one log that is only appended to.  Each host writes what it learned and
-- did at its end and reads what the others wrote, in the one order of its
-- numbers.  What has expired, and what something newer took the place of, is
-- removed; so the log is at the same time what a new host starts from.
--
-- Nothing here needs a session: no prepared statements, temporary tables or
-- locks outlive a transaction, so that it works behind a pooler.

-- Who owns it: nobody can log in as that.  And what a host may do: read all,
-- append its own, change nothing.  A host's login is a member of videur_host:
--     CREATE ROLE mx1 LOGIN PASSWORD '...' IN ROLE videur_host;
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'videur_owner') THEN
        CREATE ROLE videur_owner NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'videur_host') THEN
        CREATE ROLE videur_host NOLOGIN;
    END IF;
    IF NOT pg_has_role(current_user, 'videur_owner', 'MEMBER') THEN
        EXECUTE format('GRANT videur_owner TO %I', current_user);
    END IF;
    IF current_setting('server_encoding') <> 'UTF8' THEN
        RAISE EXCEPTION 'the database is encoded as %, it must be UTF8',
            current_setting('server_encoding');
    END IF;
END
$$;

CREATE SCHEMA videur AUTHORIZATION videur_owner;
SET LOCAL ROLE videur_owner;
SET LOCAL search_path = videur, pg_temp;
COMMENT ON SCHEMA videur IS 'what the hosts of videur share';

CREATE TABLE setting (
    name  text PRIMARY KEY,
    value text NOT NULL
);
COMMENT ON TABLE setting IS 'what all hosts must agree on';
COMMENT ON COLUMN setting.name IS 'format or secret';
COMMENT ON COLUMN setting.value IS
    'format: version of this schema; secret: 16 bytes in hexadecimal, from '
    'which hosts make the same reference for the same ban';
INSERT INTO setting VALUES
    ('format', '1'),
    ('secret', left(encode(sha256(convert_to(
        gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')), 'hex'),
        32));

CREATE TABLE log (
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    last   bigint NOT NULL,
    pruned bigint NOT NULL
);
COMMENT ON TABLE log IS
    'one row: its lock, held until commit, makes the order of the numbers the '
    'order in which entries become visible';
COMMENT ON COLUMN log.one IS 'there is only one row';
COMMENT ON COLUMN log.last IS 'number of the newest entry';
COMMENT ON COLUMN log.pruned IS
    'newest number removed as expired: a host that has not read so far has '
    'missed something';
INSERT INTO log (last, pruned) VALUES (0, 0);

CREATE TABLE host (
    id       integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name     text NOT NULL CHECK (name ~ '^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$'),
    instance text NOT NULL UNIQUE CHECK (instance ~ '^[0-9a-f]{32}$'),
    login    name NOT NULL,
    joined   timestamptz NOT NULL DEFAULT now(),
    ended    timestamptz,
    seen     timestamptz NOT NULL DEFAULT now(),
    last_seq bigint NOT NULL DEFAULT 0,
    version  text NOT NULL,
    policy   text NOT NULL DEFAULT '',
    position bigint NOT NULL DEFAULT 0,
    pending  bigint NOT NULL DEFAULT 0,
    clock_ms bigint NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX host_by_name ON host (name) WHERE ended IS NULL;
COMMENT ON TABLE host IS
    'the hosts; one whose database was put back from a copy joins once more, '
    'as a new instance of the same name';
COMMENT ON COLUMN host.id IS 'who it is in entry.host';
COMMENT ON COLUMN host.name IS 'name of its share section';
COMMENT ON COLUMN host.instance IS 'random, made when it joined';
COMMENT ON COLUMN host.login IS 'the role that may speak for it';
COMMENT ON COLUMN host.joined IS 'when this instance came';
COMMENT ON COLUMN host.ended IS
    'when it left or another instance of the name took its place; null: current';
COMMENT ON COLUMN host.seen IS 'when it was last heard of';
COMMENT ON COLUMN host.last_seq IS 'its newest entry, by its own numbers';
COMMENT ON COLUMN host.version IS 'version of its videur';
COMMENT ON COLUMN host.policy IS 'hash of its policy: differs where policies do';
COMMENT ON COLUMN host.position IS 'the newest entry of the others it applied';
COMMENT ON COLUMN host.pending IS 'how many entries it has yet to send';
COMMENT ON COLUMN host.clock_ms IS
    'milliseconds its clock is ahead of the server''s; behind: negative';

CREATE TABLE entry (
    n    bigint PRIMARY KEY,
    host integer NOT NULL REFERENCES host,
    seq  bigint NOT NULL,
    sort text NOT NULL CHECK (length(sort) BETWEEN 1 AND 32),
    key  text CHECK (length(key) <= 512),
    keep bigint,
    at   bigint,
    body jsonb NOT NULL CHECK (jsonb_typeof(body) IN ('object', 'array')),
    UNIQUE (host, seq)
);
CREATE INDEX entry_by_key ON entry (sort, key) WHERE key IS NOT NULL;
CREATE INDEX entry_by_keep ON entry (keep) WHERE keep IS NOT NULL;
COMMENT ON TABLE entry IS 'the log';
COMMENT ON COLUMN entry.n IS 'its place: 1, 2, 3 ... without a gap when written';
COMMENT ON COLUMN entry.host IS 'who wrote it';
COMMENT ON COLUMN entry.seq IS
    'its number at that host: 1, 2, 3 ...; none is there twice';
COMMENT ON COLUMN entry.sort IS
    'event, tally, ban, hits, clear, change, mark, allow, name, audit, brake';
COMMENT ON COLUMN entry.key IS
    'what it is about: of entries of one sort and key only the newest is kept, '
    'and that until it expires; null: nothing takes its place';
COMMENT ON COLUMN entry.keep IS
    'second since 1970 from which it may be removed; null: for good';
COMMENT ON COLUMN entry.at IS
    'the body''s "at", where there is one: second since 1970; the newest is the '
    'one with the highest, of those the one of the highest host name';
COMMENT ON COLUMN entry.body IS 'the rest; its members depend on the sort';

-- Joined: who a host is here from now on.  A name belongs to the login that
-- joined with it; while an instance was heard of in the last minute no other
-- takes its place, but for one that knows it by its name: the same host, whose
-- database was put back from a copy.
CREATE FUNCTION join_host(a_name text, an_instance text, a_version text,
    IN before text DEFAULT NULL, OUT host integer, OUT last_seq bigint, OUT last_n bigint, OUT pruned bigint,
    OUT secret text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = videur, pg_temp AS $$
DECLARE
    there host%ROWTYPE;
BEGIN
    SELECT l.last, l.pruned INTO last_n, pruned FROM log l FOR UPDATE;
    SELECT * INTO there FROM host h WHERE h.name = a_name
        ORDER BY h.ended IS NOT NULL, h.id DESC LIMIT 1;
    IF there.login <> session_user THEN
        RAISE EXCEPTION 'the name % belongs to the login %', a_name, there.login
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF there.instance = an_instance AND there.ended IS NULL THEN
        UPDATE host SET seen = clock_timestamp(), version = a_version
            WHERE id = there.id;
    ELSE
        IF EXISTS (SELECT FROM host h WHERE h.instance = an_instance) THEN
            RAISE EXCEPTION 'this instance of % left or was replaced', a_name
                USING ERRCODE = 'object_not_in_prerequisite_state';
        END IF;
        IF there.ended IS NULL AND there.instance IS DISTINCT FROM before AND
            there.seen > clock_timestamp() - interval '1 minute' THEN
            RAISE EXCEPTION 'another host with the name % was heard of % seconds ago',
                a_name, ceil(extract(epoch FROM clock_timestamp() - there.seen))
                USING ERRCODE = 'object_in_use';
        END IF;
        UPDATE host SET ended = clock_timestamp()
            WHERE id = there.id AND ended IS NULL;
        INSERT INTO host (name, instance, login, version)
            VALUES (a_name, an_instance, session_user, a_version)
            RETURNING * INTO there;
    END IF;
    host := there.id;
    last_seq := there.last_seq;
    SELECT s.value INTO secret FROM setting s WHERE s.name = 'secret';
END
$$;
COMMENT ON FUNCTION join_host IS
    'take a name, or come back to it: who the host is here, what is there of its '
    'own entries and of all, and the secret';

-- The host row of whoever asks, locked behind the log's.
CREATE FUNCTION own_host(a_host integer, an_instance text) RETURNS host
LANGUAGE plpgsql SET search_path = videur, pg_temp AS $$
DECLARE
    there host%ROWTYPE;
BEGIN
    SELECT * INTO there FROM host h WHERE h.id = a_host FOR UPDATE;
    IF there.id IS NULL OR there.login <> session_user OR
        there.instance <> an_instance THEN
        RAISE EXCEPTION 'host % is not this login''s', a_host
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF there.ended IS NOT NULL THEN
        RAISE EXCEPTION 'host % (%) left or was replaced at %', a_host,
            there.name, there.ended
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    RETURN there;
END
$$;
COMMENT ON FUNCTION own_host IS 'its row, or an error: for the functions below';

CREATE FUNCTION append(a_host integer, an_instance text, first_seq bigint,
    sorts text[], keys text[], keeps bigint[], bodies text[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = videur, pg_temp AS $$
DECLARE
    count integer := cardinality(sorts);
    start bigint;
    there host%ROWTYPE;
BEGIN
    IF count = 0 OR cardinality(keys) <> count OR cardinality(keeps) <> count OR
        cardinality(bodies) <> count THEN
        RAISE EXCEPTION 'the lists differ in length'
            USING ERRCODE = 'array_subscript_error';
    END IF;
    UPDATE log SET last = last + count RETURNING last - count INTO start;
    there := own_host(a_host, an_instance);
    IF first_seq <> there.last_seq + 1 THEN
        RAISE EXCEPTION 'entry % of % does not follow %', first_seq, there.name,
            there.last_seq USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    INSERT INTO entry (n, host, seq, sort, key, keep, at, body)
        SELECT start + i, a_host, first_seq + i - 1, e.sort, e.key, e.keep,
            CASE WHEN jsonb_typeof(e.body -> 'at') = 'number'
                THEN (e.body ->> 'at')::bigint END, e.body
        FROM (SELECT u.sort, u.key, u.keep, u.body::jsonb AS body, u.i
            FROM unnest(sorts, keys, keeps, bodies) WITH ORDINALITY
                AS u (sort, key, keep, body, i)) AS e;
    UPDATE host SET last_seq = first_seq + count - 1, seen = clock_timestamp()
        WHERE id = a_host;
    PERFORM pg_notify('videur', (start + count)::text);
    RETURN start + count;
END
$$;
COMMENT ON FUNCTION append IS
    'put entries at the end of the log; only what follows the host''s last one, '
    'so that nothing is there twice; the new last number';

-- After this server lost its newest entries (it was put back from an old
-- backup, or a standby that lagged was promoted).
CREATE FUNCTION resume(a_host integer, an_instance text, a_seq bigint)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = videur, pg_temp AS $$
BEGIN
    PERFORM 1 FROM log FOR UPDATE;
    PERFORM own_host(a_host, an_instance);
    UPDATE host SET last_seq = a_seq WHERE id = a_host AND last_seq < a_seq;
END
$$;
COMMENT ON FUNCTION resume IS
    'go on behind a_seq, which this server had and lost and the host has no '
    'longer: never backwards';

CREATE FUNCTION report(a_host integer, an_instance text, a_position bigint,
    a_clock_ms bigint, a_policy text, a_version text, a_pending bigint)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = videur, pg_temp AS $$
BEGIN
    PERFORM own_host(a_host, an_instance);
    UPDATE host SET seen = clock_timestamp(), position = a_position,
        clock_ms = a_clock_ms -
            floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint,
        policy = a_policy, version = a_version, pending = a_pending
        WHERE id = a_host;
END
$$;
COMMENT ON FUNCTION report IS
    'tell the others that it lives and how far it is; a_clock_ms: milliseconds '
    'since 1970 by its own clock';

CREATE FUNCTION leave(a_host integer, an_instance text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = videur, pg_temp AS $$
BEGIN
    PERFORM 1 FROM log FOR UPDATE;
    PERFORM own_host(a_host, an_instance);
    UPDATE host SET ended = clock_timestamp() WHERE id = a_host;
END
$$;
COMMENT ON FUNCTION leave IS
    'the host shares no longer; what it wrote stays until it expires';

-- A deleted entry that had expired moves log.pruned; one that something newer
-- took the place of was missed by nobody.
CREATE FUNCTION prune(a_now bigint, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = videur, pg_temp AS $$
DECLARE
    newest bigint;
    expired integer;
    superseded integer;
BEGIN
    -- No host's clock makes anything go early.
    a_now := least(a_now, floor(extract(epoch FROM clock_timestamp()))::bigint);
    most := least(greatest(most, 0), 100000);
    -- One at a time, in one order.
    PERFORM 1 FROM log FOR UPDATE;
    -- First, so that nothing comes back when what took its place expires.
    WITH gone AS (
        DELETE FROM entry WHERE n IN (SELECT r.n FROM (
            SELECT e.n, row_number() OVER (PARTITION BY e.sort, e.key
                ORDER BY coalesce(e.at, 0) DESC, h.name COLLATE "C" DESC,
                    e.n DESC) AS place
            FROM entry e JOIN host h ON h.id = e.host
            WHERE e.key IS NOT NULL) AS r
            WHERE r.place > 1 LIMIT most) RETURNING n)
        SELECT count(*) INTO superseded FROM gone;
    WITH gone AS (
        DELETE FROM entry WHERE n IN (SELECT e.n FROM entry e
            WHERE e.keep <= a_now ORDER BY e.keep LIMIT most - superseded)
            RETURNING n)
        SELECT count(*), max(n) INTO expired, newest FROM gone;
    UPDATE log SET pruned = newest WHERE pruned < newest;
    RETURN expired + superseded;
END
$$;
COMMENT ON FUNCTION prune IS
    'remove at most so many entries that have expired by a_now or that a newer '
    'one of the same sort and key took the place of; how many went';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA videur FROM PUBLIC;
GRANT USAGE ON SCHEMA videur TO videur_host;
GRANT SELECT ON setting, log, host, entry TO videur_host;
GRANT EXECUTE ON FUNCTION join_host, append, resume, report, leave, prune
    TO videur_host;
RESET ROLE;
