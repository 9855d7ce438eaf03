"""The room log's and the directory's place in Postgres."""

from __future__ import annotations

import asyncio
import re

from chatcluster.connections.postgres import Connection, MissingError, Pool
from chatcluster.connections.postgres_schema import Names, Schema, find_names, install, split
from chatcluster.core.errors import HistoryError

LONGEST_NAME = 2000  # bytes; an index takes no text that is much longer

_SCHEMA = Schema(
    package="chatcluster.history",
    table="rooms",
    version=3,
    tables=("tables",),
    functions=("log",),
)
_SPECIAL = re.compile("[\\\\\x00\ud800-\udfff]")
_ESCAPED = re.compile(r"\\([0-9a-f]{4})")


class Database:
    """Calls our functions. Every method raises HistoryError, within five seconds."""

    def __init__(
        self, dsn: str, prefix: str, *, connections: int, schema: Schema = _SCHEMA
    ) -> None:
        split(prefix)
        self._schema = schema
        self._prefix = prefix
        self._pool = Pool(dsn, "chatcluster history", HistoryError, size=connections)
        self._names: Names | None = None
        self._naming = asyncio.Lock()

    async def call(self, function: str, *arguments: object) -> list[Connection]:
        """The rows that one of our functions returns; makes the tables the first time."""
        places = ", ".join(f"${number}" for number in range(1, len(arguments) + 1))
        async with self._pool.connection() as connection:
            name = (self._names or await self._prepare(connection)).name
            query = f"SELECT * FROM {name}_{function}({places})"
            try:
                rows: list[Connection] = await connection.fetch(query, *arguments)
            except MissingError:
                self._names = None  # somebody emptied the database: begin again, the next time
                raise
            return rows

    async def close(self) -> None:
        await self._pool.close()

    async def _prepare(self, connection: Connection) -> Names:
        async with self._naming:
            if self._names is None:
                try:
                    names = await find_names(connection, self._prefix)
                except ValueError as error:
                    raise HistoryError(str(error)) from error
                await install(
                    connection,
                    names,
                    self._schema,
                    tidy_lock=names.lock("tidy"),
                    directory_lock=names.lock("directory"),
                )
                self._names = names
            return self._names


def stored(name: str) -> str:
    """A room's name as text that Postgres takes. Raises HistoryError for one that is too long."""
    text = _SPECIAL.sub(lambda match: f"\\{ord(match[0]):04x}", name)
    if len(text.encode()) > LONGEST_NAME:
        raise HistoryError(f"a room's name has at most {LONGEST_NAME} bytes")
    return text


def original(text: str) -> str:
    """The inverse of `stored`."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
