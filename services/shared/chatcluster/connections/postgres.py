"""Postgres, by DSN."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]

from chatcluster.core.errors import ChatClusterError

ANSWER_SECONDS = 4.5

# An own alias, since the library has no type information.
Connection = Any

# The server refused, the connection broke, or the library was asked for what cannot be.
PostgresError = asyncpg.PostgresError
MissingError = (asyncpg.UndefinedFunctionError, asyncpg.UndefinedTableError)
_FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)


def checked(dsn: str) -> str:
    """*dsn* as it was. Raises ValueError if it is none."""
    if urlsplit(dsn).scheme not in ("postgres", "postgresql"):
        raise ValueError("not a usable Postgres DSN: it begins with postgresql://")
    return dsn


async def connect(dsn: str, name: str, *, on_end: Callable[[], None] | None = None) -> Connection:
    """A connection that is called *name* in pg_stat_activity; *on_end* is called when it ends.

    Raises what `told_as` translates, but waits for ever if nobody answers.
    """
    connection = await asyncpg.connect(
        dsn, timeout=None, server_settings={"application_name": name[:63]}
    )
    if on_end is not None:
        connection.add_termination_listener(lambda _: on_end())
    return connection


@contextmanager
def told_as(error: type[ChatClusterError]) -> Iterator[None]:
    """What Postgres and its library raise inside becomes *error*."""
    try:
        yield
    except TimeoutError as cause:
        raise error("Postgres does not answer in time") from cause
    except asyncpg.PostgresConnectionError as cause:
        raise error(f"the connection to Postgres broke: {cause}") from cause
    except _FAILURES as cause:
        raise error(f"Postgres refused ({type(cause).__name__}): {cause}") from cause


@contextmanager
def answering(connection: Connection, seconds: float = ANSWER_SECONDS) -> Iterator[None]:
    """Ends the connection when what is done inside takes longer.

    A timeout of the library's own would ask the server to cancel, over a further connection, and
    wait for that: a server that fell silent does not answer there either.
    """
    handle = asyncio.get_running_loop().call_later(seconds, connection.terminate)
    try:
        yield
    finally:
        handle.cancel()


class Pool:
    """Up to *size* connections, made when they are first needed and kept.

    Failures are raised as *error*, at the latest after `ANSWER_SECONDS`, for which also those wait
    who get no connection. A connection that was lost is not offered again, so a server that
    returns is found by whoever asks next.
    """

    def __init__(self, dsn: str, name: str, error: type[ChatClusterError], *, size: int) -> None:
        self._dsn = checked(dsn)
        self._name = name
        self._error = error
        self._free = asyncio.Semaphore(size)
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()
        self._connecting: set[asyncio.Task[Connection]] = set()
        self._closed = False

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for the body alone."""
        with told_as(self._error):
            async with asyncio.timeout(ANSWER_SECONDS) as limit, self._free:
                connection = await self._take()
                # From here on only the connection's end may interrupt what waits for it.
                remaining = (limit.when() or 0) - asyncio.get_running_loop().time()
                limit.reschedule(None)
                with self._lent(connection), answering(connection, remaining):
                    yield connection

    async def close(self) -> None:
        """End all connections, whatever is done on them."""
        self._closed = True
        for connecting in self._connecting:
            connecting.cancel()
        for connection in (*self._idle, *self._busy):
            connection.terminate()

    @contextmanager
    def _lent(self, connection: Connection) -> Iterator[None]:
        self._busy.add(connection)
        try:
            yield
        except asyncpg.PostgresError:
            self._give_back(connection)
            raise
        except BaseException:
            connection.terminate()  # nobody knows what it is in the middle of
            raise
        else:
            self._give_back(connection)
        finally:
            self._busy.discard(connection)

    def _give_back(self, connection: Connection) -> None:
        if self._closed:
            connection.terminate()
        elif not connection.is_closed():
            self._idle.append(connection)

    async def _take(self) -> Connection:
        if self._closed:
            raise self._error("closed")
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        connecting = asyncio.create_task(connect(self._dsn, self._name))
        self._connecting.add(connecting)
        try:
            return await connecting
        except asyncio.CancelledError:
            me = asyncio.current_task()
            if self._closed and me is not None and not me.cancelling():
                raise self._error("closed") from None
            raise
        finally:
            self._connecting.discard(connecting)
