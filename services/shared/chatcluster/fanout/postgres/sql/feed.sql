-- For the users of the database: broadcasts from SQL, and tables of their own as live feeds.

-- An event for the clients in any of `rooms` (none: all of the namespace). `args`: an array holds the event's arguments,
-- anything else is its only one.
CREATE OR REPLACE FUNCTION @name@_emit(
  event text, args jsonb DEFAULT '[]', rooms text[] DEFAULT '{}', namespace text DEFAULT '/'
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
  INSERT INTO @name@_envelopes (event, args, rooms, namespace) VALUES (event, args, rooms, namespace);
END $$;

-- 'customer-{id}' with the row's own id; NULL when that is NULL, or there is no row.
CREATE OR REPLACE FUNCTION @name@_feed_room(template text, columns jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  room text := '';
  rest text := template;
  part text[];
BEGIN
  IF columns IS NULL THEN
    RETURN NULL;
  END IF;
  LOOP
    part := regexp_match(rest, '^([^{]*)\{([^}]+)\}(.*)$');
    EXIT WHEN part IS NULL;
    IF NOT columns ? part[2] THEN
      RAISE EXCEPTION 'there is no column % for the room %', part[2], template USING ERRCODE = 'undefined_column';
    END IF;
    room := room || part[1] || (columns ->> part[2]);
    rest := part[3];
  END LOOP;
  RETURN room || rest;
END $$;

-- The chosen columns of a row; all of them without a choice.
CREATE OR REPLACE FUNCTION @name@_feed_row(choice text, columns jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  chosen jsonb := '{}';
  one text;
BEGIN
  IF columns IS NULL OR coalesce(choice, '') IN ('', '*') THEN
    RETURN columns;
  END IF;
  FOREACH one IN ARRAY regexp_split_to_array(btrim(choice), '\s*,\s*') LOOP
    IF NOT columns ? one THEN
      RAISE EXCEPTION 'there is no column % to broadcast', one USING ERRCODE = 'undefined_column';
    END IF;
    chosen := chosen || jsonb_build_object(one, columns -> one);
  END LOOP;
  RETURN chosen;
END $$;

-- AFTER INSERT OR UPDATE OR DELETE … FOR EACH ROW EXECUTE FUNCTION @name@_feed(event, room, columns, namespace).
-- A room sees the rows that belong to it: one that moves to another room is deleted here and inserted there, so nobody
-- is shown what a row has become elsewhere.
CREATE OR REPLACE FUNCTION @name@_feed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
  new_is jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
  old_room text;
  new_room text;
  old_row jsonb;
  new_row jsonb;
BEGIN
  IF TG_LEVEL <> 'ROW' OR TG_WHEN <> 'AFTER' OR TG_NARGS NOT BETWEEN 1 AND 4 THEN
    RAISE EXCEPTION 'trigger % on %: use AFTER … FOR EACH ROW EXECUTE FUNCTION …_feed(event [, room [, columns [, namespace]]])',
      TG_NAME, TG_RELID::regclass;
  END IF;
  old_room := @name@_feed_room(coalesce(TG_ARGV[1], ''), was);
  new_room := @name@_feed_room(coalesce(TG_ARGV[1], ''), new_is);
  old_row := @name@_feed_row(TG_ARGV[2], was);
  new_row := @name@_feed_row(TG_ARGV[2], new_is);
  IF old_room = new_room THEN
    IF old_row IS DISTINCT FROM new_row THEN
      PERFORM @name@_feed_send(TG_ARGV, new_room, jsonb_build_object('op', 'update', 'row', new_row, 'old', old_row));
    END IF;
    RETURN NULL;
  END IF;
  IF old_row IS NOT NULL THEN
    PERFORM @name@_feed_send(TG_ARGV, old_room, jsonb_build_object('op', 'delete', 'row', old_row));
  END IF;
  IF new_row IS NOT NULL THEN
    PERFORM @name@_feed_send(TG_ARGV, new_room, jsonb_build_object('op', 'insert', 'row', new_row));
  END IF;
  RETURN NULL;
END $$;

-- To everybody in the namespace if the room is '', to nobody if it is NULL.
CREATE OR REPLACE FUNCTION @name@_feed_send(argv text[], room text, change jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO @name@_envelopes (event, args, rooms, namespace)
    SELECT argv[0], jsonb_build_array(change), array_remove(ARRAY[room], ''), coalesce(argv[3], '/')
    WHERE room IS NOT NULL;
END $$;

REVOKE EXECUTE ON FUNCTION
  @name@_emit(text, jsonb, text[], text), @name@_feed(), @name@_feed_send(text[], text, jsonb)
FROM PUBLIC;
