-- The rooms' logs and the directory. Names are text in which "\" introduces what text cannot hold.

-- A room's life: it begins with the first that looks at it or writes to it, and ends with `drop`, or long silence.
CREATE TABLE @name@_rooms (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  room text COLLATE "C" NOT NULL UNIQUE,
  epoch text NOT NULL,
  head bigint NOT NULL DEFAULT 0,
  written timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);

-- `life` is the id of a row of rooms. No foreign key: a life that has ended leaves nothing that can be read, and what is
-- left over is over age soon.
CREATE TABLE @name@_messages (
  life bigint NOT NULL,
  place bigint NOT NULL,
  written timestamptz NOT NULL,
  body bytea NOT NULL,
  PRIMARY KEY (life, place)
);
CREATE INDEX ON @name@_messages USING brin (written) WITH (pages_per_range = 16, autosummarize = on);

CREATE TABLE @name@_keys (
  life bigint NOT NULL,
  key bytea NOT NULL,
  place bigint NOT NULL,
  until timestamptz NOT NULL,
  PRIMARY KEY (life, key)
);
CREATE INDEX ON @name@_keys (until);

CREATE TABLE @name@_directory (
  room text COLLATE "C" NOT NULL PRIMARY KEY,
  created double precision NOT NULL
);
