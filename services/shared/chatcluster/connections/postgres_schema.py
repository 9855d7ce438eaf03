"""Tables and functions in Postgres that are ours: what they are called, and how they get there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files

from chatcluster.connections.postgres import Connection

_PREFIX = re.compile(r"(?:([A-Za-z_]\w{0,62})\.)?([a-z_][a-z0-9_]{0,39})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Names:
    """What an application's tables, functions and channel are called.

    Written in SQL files as `@name@_envelopes` and the like.
    """

    schema: str
    prefix: str

    @property
    def name(self) -> str:
        """The beginning of each name, quoted as far as it needs it."""
        return f'"{self.schema}".{self.prefix}'

    @property
    def channel(self) -> str:
        # Channels are the database's and know no schema; names over 63 bytes are refused.
        return f"{self.prefix}_{_digest(self.schema, 4)}"

    def lock(self, what: str) -> int:
        """The number of an advisory lock: these are the database's, too."""
        digest = blake2b(f"{self.name}:{what}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big", signed=True)

    def render(self, text: str, **values: object) -> str:
        """*text* with its placeholders `@…@` replaced."""
        known = {"name": self.name, "channel": self.channel, **values}
        for placeholder, value in known.items():
            text = text.replace(f"@{placeholder}@", str(value))
        return text


def identifier(name: str) -> str:
    """A prefix for tables that nobody gets for another *name*: itself where it can be one."""
    if _PREFIX.fullmatch(name):
        return name
    readable = re.sub(r"[^a-z0-9_]", "_", name.lower())[:24]
    return f"_{readable}_{_digest(name, 4)}".lstrip("_" if readable[:1].isalpha() else "")


def split(prefix: str) -> tuple[str | None, str]:
    """Schema, if one is named, and the rest. Raises ValueError for what is no prefix."""
    match = _PREFIX.fullmatch(prefix)
    if match is None:
        raise ValueError(
            f"{prefix[:80]!r} is not a prefix for tables: [schema.]name, where the name has at "
            "most 40 lower-case letters, digits and underscores"
        )
    return match[1], match[2]


async def find_names(connection: Connection, prefix: str) -> Names:
    """The names for *prefix* in the schema that it names, or else in the first of the connection's
    search path. Raises ValueError if there is none."""
    schema, name = split(prefix)
    if schema is None:
        schema = await connection.fetchval("SELECT current_schema()")
    if schema is None or not re.fullmatch(r"\w{1,63}", schema):
        raise ValueError(f"no schema to use: {schema!r}")
    return Names(schema, name)


@dataclass(frozen=True, slots=True)
class Schema:
    """SQL to run when *table* is missing, and then, or when *version* or *detail* are others, the
    SQL of the functions."""

    package: str  # where the files are
    table: str  # its comment says which version is there
    version: int
    tables: Sequence[str]
    functions: Sequence[str]
    detail: str = ""

    @property
    def stamp(self) -> str:
        return f"chatcluster schema {self.version} {self.detail}".strip()


async def install(connection: Connection, names: Names, schema: Schema, **values: object) -> None:
    """Bring the database to this version, if it is at none, at an earlier one or has another
    detail. May be done by many at once; needs rights only if there is something to do."""
    table = f"{names.name}_{schema.table}"
    if _current(await _found(connection, table), schema):
        return
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", names.lock("install"))
        found = await _found(connection, table)
        if _current(found, schema):
            return
        if await connection.fetchval("SELECT to_regnamespace($1) IS NULL", f'"{names.schema}"'):
            await connection.execute(f'CREATE SCHEMA "{names.schema}"')
        exists = await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", table)
        # The columns' defaults use functions, which in turn do not look for tables until they run.
        for file in (*schema.functions, *([] if exists else schema.tables)):
            text = (files(schema.package) / "sql" / f"{file}.sql").read_text()
            await connection.execute(names.render(text, **values))
        await connection.execute(f"COMMENT ON TABLE {table} IS '{schema.stamp}'")


async def _found(connection: Connection, table: str) -> str:
    comment = await connection.fetchval(
        "SELECT obj_description(to_regclass($1), 'pg_class')", table
    )
    return comment or ""


def _current(found: str, schema: Schema) -> bool:
    version = re.match(r"chatcluster schema (\d+)", found)
    # What a newer gateway installed is left alone: during an update both are there.
    return found == schema.stamp or (version is not None and int(version[1]) > schema.version)


def _digest(text: str, size: int) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()
