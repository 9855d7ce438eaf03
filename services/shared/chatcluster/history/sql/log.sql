-- The room log's functions. Those that write need READ COMMITTED, the default: they wait for others and look again.

-- The next messages of rooms, as many as are given, in this order; `number` counts them from 1. `epochs` are for rooms
-- that begin with this. Takes one commit, however many there are.
CREATE OR REPLACE FUNCTION @name@_append(
  rooms text[], epochs text[], keys bytea[], bodies bytea[], kept bigint, key_age double precision
) RETURNS TABLE (number bigint, epoch text, place bigint, repeated boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  item record;
  life record;
  told bigint;
  moment timestamptz;
BEGIN
  -- By room, so that two who write to the same rooms lock them in the same order.
  FOR item IN
    SELECT * FROM unnest(rooms, epochs, keys, bodies) WITH ORDINALITY AS given (room, epoch, key, body, number)
    ORDER BY room COLLATE "C", number
  LOOP
    LOOP
      SELECT r.id, r.epoch, r.head INTO life FROM @name@_rooms AS r WHERE r.room = item.room FOR UPDATE;
      EXIT WHEN FOUND;
      INSERT INTO @name@_rooms (room, epoch) VALUES (item.room, item.epoch) ON CONFLICT DO NOTHING;
    END LOOP;

    IF item.key IS NOT NULL THEN
      SELECT k.place INTO told FROM @name@_keys AS k
        WHERE k.life = life.id AND k.key = item.key AND k.until > clock_timestamp();
      IF FOUND THEN
        RETURN QUERY SELECT item.number, life.epoch, told, true;
        CONTINUE;
      END IF;
      INSERT INTO @name@_keys VALUES (life.id, item.key, life.head + 1, clock_timestamp() + key_age * interval '1 second')
        ON CONFLICT (life, key) DO UPDATE SET place = excluded.place, until = excluded.until;
    END IF;

    -- A clock that was set back must not break the order, by which old messages are told from young ones.
    UPDATE @name@_rooms AS r SET head = r.head + 1, written = greatest(r.written, clock_timestamp())
      WHERE r.id = life.id RETURNING r.head, r.written INTO told, moment;
    INSERT INTO @name@_messages VALUES (life.id, told, moment, item.body);
    -- Not each time: to delete one by one would be half of the work. Readers leave out what is over the length.
    IF told % 64 = 0 THEN
      DELETE FROM @name@_messages AS m WHERE m.life = life.id AND m.place <= told - kept;
    END IF;
    RETURN QUERY SELECT item.number, life.epoch, told, false;
  END LOOP;
END $$;

-- The place of the oldest message that the retention left: at most `most`, none older than `age` seconds. The next
-- one's place if there is none.
CREATE OR REPLACE FUNCTION @name@_oldest(of_life bigint, head bigint, most bigint, age double precision) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN coalesce(
    (
      SELECT m.place FROM @name@_messages AS m
      WHERE m.life = of_life AND m.place > head - most
        AND m.written >= clock_timestamp() - age * interval '1 second'
      ORDER BY m.place LIMIT 1
    ),
    head + 1
  );
END $$;

-- The messages of a life from one place to before another, oldest first.
CREATE OR REPLACE FUNCTION @name@_slice(of_life bigint, start bigint, stop bigint, OUT places bigint[], OUT bodies bytea[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  SELECT coalesce(array_agg(m.place ORDER BY m.place), '{}'), coalesce(array_agg(m.body ORDER BY m.place), '{}')
    INTO places, bodies
    FROM @name@_messages AS m WHERE m.life = of_life AND m.place >= start AND m.place < stop;
END $$;

-- The first messages after a position, or the newest ones if there is a gap before them; no row if there is no such room.
-- STABLE: everything inside sees one moment.
CREATE OR REPLACE FUNCTION @name@_since(
  name text, after_epoch text, after_place bigint, wanted bigint, most bigint, age double precision
) RETURNS TABLE (epoch text, head bigint, complete boolean, places bigint[], bodies bytea[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  life record;
  oldest bigint;
  start bigint;
  reached boolean;
BEGIN
  SELECT r.id, r.epoch, r.head INTO life FROM @name@_rooms AS r WHERE r.room = name;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  oldest := @name@_oldest(life.id, life.head, most, age);
  reached := after_epoch = life.epoch AND after_place + 1 BETWEEN oldest AND life.head + 1;
  start := CASE WHEN reached THEN after_place + 1 ELSE greatest(oldest, life.head + 1 - wanted) END;
  RETURN QUERY SELECT life.epoch, life.head, reached, s.places, s.bodies
    FROM @name@_slice(life.id, start, start + wanted) AS s;
END $$;

-- The last messages before a position (of an empty epoch: the newest); no row if there is no such room.
CREATE OR REPLACE FUNCTION @name@_before(
  name text, before_epoch text, before_place bigint, wanted bigint, most bigint, age double precision
) RETURNS TABLE (epoch text, head bigint, complete boolean, places bigint[], bodies bytea[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  life record;
  oldest bigint;
  start bigint;
  stop bigint;
BEGIN
  SELECT r.id, r.epoch, r.head INTO life FROM @name@_rooms AS r WHERE r.room = name;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  oldest := @name@_oldest(life.id, life.head, most, age);
  stop := CASE before_epoch
    WHEN '' THEN life.head + 1
    WHEN life.epoch THEN least(before_place, life.head + 1)
    ELSE oldest
  END;
  start := greatest(oldest, stop - wanted);
  RETURN QUERY SELECT life.epoch, life.head, start = oldest, s.places, s.bodies
    FROM @name@_slice(life.id, start, stop) AS s;
END $$;

-- A room that somebody looks at begins, so that its first message will have the epoch that was told.
CREATE OR REPLACE FUNCTION @name@_begin(name text, new_epoch text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO @name@_rooms (room, epoch) VALUES (name, new_epoch) ON CONFLICT DO NOTHING;
END $$;

CREATE OR REPLACE FUNCTION @name@_heads(names text[]) RETURNS TABLE (room text, epoch text, head bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT r.room, r.epoch, r.head FROM @name@_rooms AS r WHERE r.room = ANY (names);
END $$;

-- Which messages have another body than they came with. Version 1 had no such table.
CREATE TABLE IF NOT EXISTS @name@_redacted (
  life bigint NOT NULL,
  place bigint NOT NULL,
  PRIMARY KEY (life, place)
);

-- Gives a message another body; whether there is such a message.
CREATE OR REPLACE FUNCTION @name@_redact(
  name text, of_epoch text, of_place bigint, new_body bytea, most bigint, age double precision
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  UPDATE @name@_messages AS m SET body = new_body FROM @name@_rooms AS r
    WHERE r.room = name AND r.epoch = of_epoch AND m.life = r.id AND m.place = of_place
      AND of_place >= @name@_oldest(r.id, r.head, most, age);
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  INSERT INTO @name@_redacted SELECT r.id, of_place FROM @name@_rooms AS r WHERE r.room = name ON CONFLICT DO NOTHING;
  RETURN true;
END $$;

CREATE OR REPLACE FUNCTION @name@_redacted(name text, of_epoch text, until bigint) RETURNS TABLE (place bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT g.place FROM @name@_redacted AS g JOIN @name@_rooms AS r ON r.id = g.life
    WHERE r.room = name AND r.epoch = of_epoch AND g.place <= until ORDER BY g.place;
END $$;

CREATE OR REPLACE FUNCTION @name@_drop(name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  gone bigint;
BEGIN
  DELETE FROM @name@_rooms AS r WHERE r.room = name RETURNING r.id INTO gone;
  DELETE FROM @name@_messages AS m WHERE m.life = gone;
  DELETE FROM @name@_redacted AS g WHERE g.life = gone;
  DELETE FROM @name@_keys AS k WHERE k.life = gone;
END $$;

-- Gives the next `most` rooms whose id is above `beyond` another epoch; how many these are, and the last one's id.
CREATE OR REPLACE FUNCTION @name@_renew(beyond bigint, most bigint) RETURNS TABLE (renewed bigint, last bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY WITH next AS (
    SELECT r.id FROM @name@_rooms AS r WHERE r.id > beyond ORDER BY r.id LIMIT most
  ), done AS (
    UPDATE @name@_rooms AS r SET epoch = left(gen_random_uuid()::text, 8) FROM next WHERE r.id = next.id RETURNING r.id
  ) SELECT count(*), max(done.id) FROM done;
END $$;

-- Whether a message could be stored: only a write tells.
CREATE OR REPLACE FUNCTION @name@_writable() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO @name@_keys AS k VALUES (0, '', 0, clock_timestamp() + interval '1 minute')
    ON CONFLICT (life, key) DO UPDATE SET until = excluded.until;
END $$;

-- Forget what is over age, keys that are no longer honoured, and rooms in which nothing was written for `idle` seconds.
-- One does it while the others go on.
CREATE OR REPLACE FUNCTION @name@_tidy(age double precision, idle double precision) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  gone bigint[];
BEGIN
  IF NOT pg_try_advisory_xact_lock(@tidy_lock@) THEN
    RETURN;
  END IF;
  DELETE FROM @name@_messages AS m WHERE m.written < clock_timestamp() - age * interval '1 second';
  DELETE FROM @name@_keys AS k WHERE k.until < clock_timestamp();
  WITH dropped AS (
    DELETE FROM @name@_rooms AS r WHERE r.id IN (
      SELECT i.id FROM @name@_rooms AS i WHERE i.written < clock_timestamp() - idle * interval '1 second'
      FOR UPDATE SKIP LOCKED
    ) RETURNING r.id
  ) SELECT array_agg(dropped.id) INTO gone FROM dropped;
  DELETE FROM @name@_messages AS m WHERE m.life = ANY (gone);
  DELETE FROM @name@_redacted AS g WHERE NOT EXISTS (
    SELECT FROM @name@_messages AS m WHERE m.life = g.life AND m.place = g.place
  );
END $$;

-- A room of the directory: 1 (created), 0 (was there), -1 (full).
CREATE OR REPLACE FUNCTION @name@_create(name text, at double precision, most bigint) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(@directory_lock@);
  IF EXISTS (SELECT FROM @name@_directory AS d WHERE d.room = name) THEN
    RETURN 0;
  END IF;
  IF (SELECT count(*) FROM @name@_directory) >= most THEN
    RETURN -1;
  END IF;
  INSERT INTO @name@_directory VALUES (name, at);
  RETURN 1;
END $$;

CREATE OR REPLACE FUNCTION @name@_remove(name text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  DELETE FROM @name@_directory AS d WHERE d.room = name;
  RETURN FOUND;
END $$;

CREATE OR REPLACE FUNCTION @name@_listed(name text DEFAULT NULL) RETURNS TABLE (room text, created double precision)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT d.room, d.created FROM @name@_directory AS d WHERE name IS NULL OR d.room = name;
END $$;

REVOKE EXECUTE ON FUNCTION
  @name@_append(text[], text[], bytea[], bytea[], bigint, double precision),
  @name@_oldest(bigint, bigint, bigint, double precision), @name@_slice(bigint, bigint, bigint),
  @name@_since(text, text, bigint, bigint, bigint, double precision),
  @name@_before(text, text, bigint, bigint, bigint, double precision),
  @name@_begin(text, text), @name@_heads(text[]), @name@_drop(text), @name@_writable(),
  @name@_renew(bigint, bigint),
  @name@_redact(text, text, bigint, bytea, bigint, double precision), @name@_redacted(text, text, bigint),
  @name@_tidy(double precision, double precision),
  @name@_create(text, double precision, bigint), @name@_remove(text), @name@_listed(text)
FROM PUBLIC;
