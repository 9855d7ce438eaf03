"""A room log that counts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from chatcluster.core.append import Append
from chatcluster.core.counting import Distribution, Tally
from chatcluster.core.errors import HistoryError
from chatcluster.core.position import Position
from chatcluster.history.port import Appended, JointLog, RoomLog, Slice

OPERATIONS = ("append", "read", "head", "redact", "drop", "check")

T = TypeVar("T")


class Metered:
    """The room log *inner*. `errors` by operation; `appends`: seconds until one was stored."""

    def __init__(self, inner: RoomLog, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.shared = inner.shared
        # Asked once: whether it has all methods of a protocol takes longer than a message.
        self._joint = inner if isinstance(inner, JointLog) else None
        self.server = None if self._joint is None else self._joint.server
        self.errors = Tally(OPERATIONS)
        self.appends = Distribution()
        self._inner = inner
        self._clock = clock

    async def open(self) -> None:
        await self._inner.open()

    def append(self, room: str, body: bytes, *, key: str | None = None) -> Awaitable[Appended]:
        began = self._clock()
        stored = self._inner.append(room, body, key=key)
        if isinstance(stored, asyncio.Future):
            stored.add_done_callback(partial(self._appended, began))
            return stored
        return self._append(began, stored)

    def appending(self, room: str, body: bytes, *, key: str | None, place: Position) -> Append:
        assert self._joint is not None, "without one there is no `server`"
        append = self._joint.appending(room, body, key=key, place=place)
        append.ended = partial(self._joined, self._clock())
        return append

    async def since(self, room: str, after: Position, limit: int) -> Slice:
        return await self._counted("read", self._inner.since(room, after, limit))

    async def before(self, room: str, before: Position | None, limit: int) -> Slice:
        return await self._counted("read", self._inner.before(room, before, limit))

    async def head(self, room: str) -> Position:
        return await self._counted("head", self._inner.head(room))

    async def heads(self, rooms: Sequence[str]) -> Mapping[str, Position]:
        return await self._counted("head", self._inner.heads(rooms))

    async def redact(self, room: str, at: Position, body: bytes) -> bool:
        return await self._counted("redact", self._inner.redact(room, at, body))

    async def redacted(self, room: str, until: Position) -> Sequence[Position]:
        return await self._counted("read", self._inner.redacted(room, until))

    async def drop(self, room: str) -> None:
        await self._counted("drop", self._inner.drop(room))

    async def check(self) -> None:
        await self._counted("check", self._inner.check())

    async def close(self) -> None:
        await self._inner.close()

    async def _append(self, began: float, stored: Awaitable[Appended]) -> Appended:
        appended = await self._counted("append", stored)
        self.appends.add(self._clock() - began)
        return appended

    def _appended(self, began: float, stored: asyncio.Future[Appended]) -> None:
        if stored.cancelled() or stored.exception() is not None:
            self.errors.add("append")
        else:
            self.appends.add(self._clock() - began)

    def _joined(self, began: float, append: Append) -> None:
        if append.position is not None:
            self.appends.add(self._clock() - began)
        elif append.sent:  # otherwise `append` is called, and counted, as well
            self.errors.add("append")

    async def _counted(self, operation: str, work: Awaitable[T]) -> T:
        try:
            return await work
        except HistoryError:
            self.errors.add(operation)
            raise
