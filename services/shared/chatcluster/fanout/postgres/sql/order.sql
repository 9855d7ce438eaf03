-- Writing, numbering and reading envelopes.

CREATE OR REPLACE FUNCTION @name@_slot() RETURNS smallint
LANGUAGE sql VOLATILE
AS $$ SELECT (floor(extract(epoch FROM clock_timestamp()) / @slot_seconds@)::bigint % 8)::smallint $$;

-- At the commit of a transaction that inserted by hand: give the row its number. The lock is held until after the row
-- is visible (CommitTransaction: ProcArrayEndTransaction comes before the locks are released), so whoever sees a number
-- sees all lower ones that will ever be. Committing with a NOTIFY takes such a lock of the server's own anyway.
CREATE OR REPLACE FUNCTION @name@_settle() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(@lock@);
  UPDATE @name@_envelopes SET id = nextval('@name@_order'), sent = clock_timestamp()
    WHERE id = NEW.id AND slot = NEW.slot;
  PERFORM pg_notify('@channel@', '');
  RETURN NULL;
END $$;

-- A gateway's envelopes, in its order. `rooms` are array literals: arrays of arrays must be rectangular.
CREATE OR REPLACE FUNCTION @name@_publish(
  namespaces text[], room_lists text[], events text[], origins text[], sequences bigint[], bodies bytea[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(@lock@);
  INSERT INTO @name@_envelopes (id, namespace, rooms, event, origin, sequence, body)
    SELECT nextval('@name@_order'), given.n, given.r::text[], given.e, given.o, given.s, given.b
    FROM (
      SELECT * FROM unnest(namespaces, room_lists, events, origins, sequences, bodies)
        WITH ORDINALITY AS u (n, r, e, o, s, b, place) ORDER BY place
    ) AS given;
  PERFORM pg_notify('@channel@', '');
END $$;

-- The next rows after a number. Contents over `small` bytes are left out: not everybody wants them.
-- The settings keep a plan that was made while the table was empty from reading all of it when it is full.
CREATE OR REPLACE FUNCTION @name@_read(after bigint, many int, small int)
RETURNS TABLE (
  id bigint, namespace text, rooms text[], exclude text[], event text, size int, body bytea, args text
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT e.id, e.namespace, e.rooms, e.exclude, e.event,
      coalesce(octet_length(e.body), pg_column_size(e.args), 0),
      CASE WHEN octet_length(e.body) <= small THEN e.body END,
      CASE WHEN e.body IS NULL AND pg_column_size(e.args) <= small THEN e.args::text END
    FROM @name@_envelopes AS e WHERE e.id > after ORDER BY e.id LIMIT many;
END $$;

-- The contents that were left out.
CREATE OR REPLACE FUNCTION @name@_contents(ids bigint[])
RETURNS TABLE (id bigint, body bytea, args text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT e.id, e.body, CASE WHEN e.body IS NULL THEN e.args::text END
    FROM @name@_envelopes AS e WHERE e.id = ANY (ids) ORDER BY e.id;
END $$;

-- Where a gateway that comes now begins to read, and whether this server only follows another one, perhaps at a distance.
CREATE OR REPLACE FUNCTION @name@_last(OUT id bigint, OUT replica boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
BEGIN
  replica := pg_is_in_recovery();
  id := coalesce((SELECT e.id FROM @name@_envelopes AS e WHERE e.id > 0 ORDER BY e.id DESC LIMIT 1), 0);
END $$;

-- Empty one partition whose newest row is older than `keep` seconds; true if there was one. A partition that somebody
-- uses is left for the next time: behind a lock that is waited for, readers would wait as well.
CREATE OR REPLACE FUNCTION @name@_purge(keep double precision) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET lock_timeout = '50ms'
AS $$
DECLARE
  newest timestamptz;
BEGIN
  IF NOT pg_try_advisory_xact_lock(@purge_lock@) THEN
    RETURN false;
  END IF;
  FOR slot IN 0..7 LOOP
    BEGIN
      EXECUTE format('SELECT sent FROM @name@_envelopes_%s ORDER BY id DESC LIMIT 1', slot) INTO newest;
      CONTINUE WHEN newest IS NULL OR newest > clock_timestamp() - make_interval(secs => keep);
      EXECUTE format('LOCK TABLE @name@_envelopes_%s IN ACCESS EXCLUSIVE MODE', slot);
      EXECUTE format('SELECT sent FROM @name@_envelopes_%s ORDER BY id DESC LIMIT 1', slot) INTO newest;
      CONTINUE WHEN newest IS NULL OR newest > clock_timestamp() - make_interval(secs => keep);
      EXECUTE format('TRUNCATE @name@_envelopes_%s', slot);
      RETURN true;
    EXCEPTION WHEN lock_not_available THEN
      NULL;
    END;
  END LOOP;
  RETURN false;
END $$;

REVOKE EXECUTE ON FUNCTION
  @name@_settle(), @name@_publish(text[], text[], text[], text[], bigint[], bytea[]), @name@_read(bigint, int, int),
  @name@_contents(bigint[]), @name@_last(), @name@_purge(double precision)
FROM PUBLIC;
