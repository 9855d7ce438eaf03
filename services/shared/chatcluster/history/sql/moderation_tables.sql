-- What moderates the chat. Bodies are JSON.

CREATE TABLE @name@_sanctions (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  body bytea NOT NULL,
  ends double precision
);

-- One row: a number that each change of the sanctions makes greater.
CREATE TABLE @name@_moderation (version bigint NOT NULL);
INSERT INTO @name@_moderation VALUES (0);

CREATE TABLE @name@_deeds (
  number bigint NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  body bytea NOT NULL
);
