"""Opening what the setting `history` names."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from chatcluster.connections.postgres_schema import identifier
from chatcluster.history.memory import MemoryDirectory, MemoryRoomLog
from chatcluster.history.memory_moderation import MemoryModeration
from chatcluster.history.port import ModerationStore, Retention, RoomDirectory, RoomLog
from chatcluster.history.postgres import PostgresRoomLog
from chatcluster.history.postgres_directory import PostgresDirectory
from chatcluster.history.postgres_moderation import PostgresModeration
from chatcluster.history.redis import RedisDirectory, RedisRoomLog, quoted
from chatcluster.history.redis_moderation import RedisModeration


@dataclass(frozen=True, slots=True)
class OpenedStore:
    """`log` is None when no history is kept; rooms can be created even then."""

    log: RoomLog | None
    directory: RoomDirectory
    moderation: ModerationStore = field(default_factory=MemoryModeration)


@asynccontextmanager
async def opened(
    history: Literal["memory", "redis", "postgres", "off"],
    *,
    redis_url: str,
    postgres_dsn: str = "",
    retention: Retention,
    rooms_limit: int,
    prefix: str = "chatcluster",
) -> AsyncIterator[OpenedStore]:
    """The store, which is closed again at the end. Raises HistoryError when it does not answer.

    In Postgres, *prefix* is made a name for tables where it is none.
    """
    if history == "off":
        yield OpenedStore(None, MemoryDirectory(rooms_limit))
    elif history == "memory":
        log = MemoryRoomLog(retention, clock=time.time, random_bytes=os.urandom)
        try:
            yield OpenedStore(log, MemoryDirectory(rooms_limit))
        finally:
            await log.close()
    elif history == "postgres":
        tables = identifier(prefix)
        async with _closed_again(
            PostgresRoomLog(postgres_dsn, retention, prefix=tables),
            PostgresDirectory(postgres_dsn, rooms_limit, prefix=tables),
            PostgresModeration(postgres_dsn, prefix=tables),
        ) as store:
            yield store
    else:
        async with _closed_again(
            RedisRoomLog(redis_url, retention, prefix=prefix),
            RedisDirectory(redis_url, rooms_limit, prefix=prefix),
            RedisModeration(redis_url, prefix=quoted(prefix)),
        ) as store:
            yield store


@asynccontextmanager
async def _closed_again(
    log: RedisRoomLog | PostgresRoomLog,
    directory: RedisDirectory | PostgresDirectory,
    moderation: RedisModeration | PostgresModeration,
) -> AsyncIterator[OpenedStore]:
    try:
        await log.open()
        yield OpenedStore(log, directory, moderation)
    finally:
        await moderation.close()
        await directory.close()
        await log.close()
