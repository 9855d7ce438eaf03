"""The kinds of room log and directory that one suite tests."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from chatcluster.history.memory import MemoryRoomLog
from chatcluster.history.port import Entry, Retention, RoomLog, Slice
from chatcluster.history.postgres import PostgresRoomLog
from chatcluster.history.redis import RedisRoomLog

KINDS = ("memory", "redis", "postgres")
Opener = Callable[[Retention], Awaitable[RoomLog]]


def fresh_prefix() -> str:
    """A prefix that no other test uses."""
    return f"test_{os.urandom(6).hex()}"


def address(request: pytest.FixtureRequest, kind: str) -> str:
    """Where the server is that the kind needs, which is started."""
    if kind == "redis":
        return str(request.getfixturevalue("valkey").url)
    return str(request.getfixturevalue("postgres").url()) if kind == "postgres" else ""


def new_log(kind: str, url: str, retention: Retention, prefix: str) -> RoomLog:
    if kind == "memory":
        return MemoryRoomLog(retention, clock=time.time, random_bytes=os.urandom)
    if kind == "postgres":
        return PostgresRoomLog(url, retention, prefix=prefix)
    return RedisRoomLog(url, retention, prefix=prefix)


@asynccontextmanager
async def opened(log: RoomLog) -> AsyncIterator[RoomLog]:
    try:
        await log.open()
        yield log
    finally:
        await log.close()


@asynccontextmanager
async def log_opener(request: pytest.FixtureRequest) -> AsyncIterator[Opener]:
    """Opens logs of the kind `request.param`; on a server they are one log."""
    prefix = fresh_prefix()
    url = address(request, request.param)
    async with AsyncExitStack() as stack:

        async def open_log(retention: Retention) -> RoomLog:
            log = new_log(request.param, url, retention, prefix)
            return await stack.enter_async_context(opened(log))

        yield open_log


async def fill(log: RoomLog, room: str, count: int) -> Sequence[Entry]:
    """Append *count* different bodies, one after the other."""
    bodies = [f"message {number}".encode() for number in range(1, count + 1)]
    return [Entry((await log.append(room, body)).position, body) for body in bodies]


def offsets(part: Slice) -> list[int]:
    return [entry.position.offset for entry in part.entries]
