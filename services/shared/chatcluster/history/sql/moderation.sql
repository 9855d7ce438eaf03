-- Functions for what moderates the chat.

-- The row is locked until the change is committed, so that a version never comes before what it counts.
CREATE OR REPLACE FUNCTION @name@_changing() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  UPDATE @name@_moderation AS m
    SET version = greatest(m.version + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
END $$;

-- Keep a sanction, and forget those that ended before `ended`.
CREATE OR REPLACE FUNCTION @name@_impose(new_id text, new_body bytea, new_ends double precision, ended double precision)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM @name@_changing();
  DELETE FROM @name@_sanctions AS s WHERE s.ends <= ended;
  INSERT INTO @name@_sanctions AS s VALUES (new_id, new_body, new_ends)
    ON CONFLICT (id) DO UPDATE SET body = excluded.body, ends = excluded.ends;
END $$;

CREATE OR REPLACE FUNCTION @name@_lift(of_id text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM @name@_changing();
  DELETE FROM @name@_sanctions AS s WHERE s.id = of_id;
  RETURN FOUND;
END $$;

CREATE OR REPLACE FUNCTION @name@_changed() RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (SELECT m.version FROM @name@_moderation AS m);
END $$;

-- One row for each sanction; one without a body if there are none.
CREATE OR REPLACE FUNCTION @name@_imposed() RETURNS TABLE (version bigint, body bytea)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT m.version, s.body FROM @name@_moderation AS m LEFT JOIN @name@_sanctions AS s ON true;
END $$;

-- Keep what was done; at least the last `most` are kept.
CREATE OR REPLACE FUNCTION @name@_record(new_body bytea, most bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  told bigint;
BEGIN
  INSERT INTO @name@_deeds (body) VALUES (new_body) RETURNING number INTO told;
  IF told % 64 = 0 THEN
    DELETE FROM @name@_deeds AS d WHERE d.number <= told - most;
  END IF;
END $$;

CREATE OR REPLACE FUNCTION @name@_recorded(skipped bigint, wanted bigint) RETURNS TABLE (body bytea)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT d.body FROM @name@_deeds AS d ORDER BY d.number DESC OFFSET skipped LIMIT wanted;
END $$;

REVOKE EXECUTE ON FUNCTION
  @name@_changing(), @name@_impose(text, bytea, double precision, double precision), @name@_lift(text), @name@_changed(),
  @name@_imposed(), @name@_record(bytea, bigint), @name@_recorded(bigint, bigint)
FROM PUBLIC;
