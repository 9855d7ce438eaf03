"""What the fan-out has in the database."""

from __future__ import annotations

import asyncio
import random
from itertools import chain, repeat

from structlog.stdlib import get_logger

from chatcluster.connections.postgres import Connection, answering, connect, told_as
from chatcluster.connections.postgres_schema import Names, Schema, find_names, install
from chatcluster.core.errors import FanoutError

CONNECT_SECONDS = 4.0

_log = get_logger(__name__)


async def prepare(connection: Connection, prefix: str, keep_seconds: float) -> Names:
    """The names of the tables and functions, which exist then. Raises FanoutError."""
    # The partitions last for eight slots; emptied as soon as all they hold is old, they are
    # always empty again before it is their turn.
    slot_seconds = keep_seconds / 4
    schema = Schema(
        package="chatcluster.fanout.postgres",
        table="envelopes",
        version=1,
        tables=("tables",),
        functions=("order", "feed"),
        detail=f"slots {slot_seconds:g}",
    )
    with told_as(FanoutError):
        try:
            names = await find_names(connection, prefix)
        except ValueError as error:
            raise FanoutError(str(error)) from error
        await install(
            connection,
            names,
            schema,
            slot_seconds=f"{slot_seconds:g}",
            lock=names.lock("order"),
            purge_lock=names.lock("purge"),
        )
    return names


async def purge_forever(dsn: str, name: str, names: Names, keep_seconds: float) -> None:
    """Drop what is older than *keep_seconds*, again and again. All gateways may do this at once."""
    pause = max(0.1, min(60.0, keep_seconds / 8))
    complained = False
    for share in chain([0.1], repeat(1.0)):
        await asyncio.sleep(pause * share * random.uniform(0.8, 1.2))
        try:
            await _purge(dsn, name, names, keep_seconds)
        except FanoutError as error:
            if not complained:
                _log.warning("postgres_purge_failed", reason=str(error))
            complained = True
        else:
            complained = False


async def _purge(dsn: str, name: str, names: Names, keep_seconds: float) -> None:
    # On a connection of its own: it may have to wait for a lock.
    with told_as(FanoutError):
        async with asyncio.timeout(CONNECT_SECONDS):
            connection = await connect(dsn, f"{name} purge")
        try:
            query = f"SELECT {names.name}_purge($1)"
            with answering(connection):
                while await connection.fetchval(query, keep_seconds):
                    pass
        finally:
            connection.terminate()
