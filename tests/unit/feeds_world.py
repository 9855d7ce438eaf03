"""A room log that can be slow or away, and a gateway's feeds on it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from chat_gateway.chat.domain import Message
from chat_gateway.chat.feeds import Feeds
from chatcluster.core.errors import HistoryError
from chatcluster.core.position import Position
from chatcluster.history.memory import MemoryRoomLog
from chatcluster.history.port import Appended, Retention, RoomLog, Slice

KEPT = 1000  # messages of a room


def memory_log(length: int = KEPT) -> MemoryRoomLog:
    epochs = itertools.count(1)
    return MemoryRoomLog(
        Retention(length=length),
        clock=lambda: 0.0,
        random_bytes=lambda size: next(epochs).to_bytes(size, "big"),
    )


async def at_once() -> None:
    """No delay."""


class SlowLog:
    """Another log whose answers take the time of `before` and `after`; while `away`, it has none.

    `reads` counts how often messages were asked for.
    """

    shared = True

    def __init__(self, log: RoomLog) -> None:
        self.log = log
        self.away = False
        self.reads = 0
        self.pause: Callable[[], Awaitable[None]] = at_once
        self.delay: Callable[[], Awaitable[None]] = at_once

    async def _answer(self, work: Callable[[], Awaitable[Any]]) -> Any:
        await self.pause()
        answer = await work()
        if self.away:
            raise HistoryError("away")
        await self.delay()
        return answer

    async def open(self) -> None: ...

    async def append(self, room: str, body: bytes, *, key: str | None = None) -> Appended:
        appended: Appended = await self._answer(lambda: self.log.append(room, body, key=key))
        return appended

    async def since(self, room: str, after: Position, limit: int) -> Slice:
        self.reads += 1
        page: Slice = await self._answer(lambda: self.log.since(room, after, limit))
        return page

    async def before(self, room: str, before: Position | None, limit: int) -> Slice:
        page: Slice = await self._answer(lambda: self.log.before(room, before, limit))
        return page

    async def head(self, room: str) -> Position:
        head: Position = await self._answer(lambda: self.log.head(room))
        return head

    async def redacted(self, room: str, until: Position) -> Sequence[Position]:
        found: Sequence[Position] = await self._answer(lambda: self.log.redacted(room, until))
        return found

    async def redact(self, room: str, at: Position, body: bytes) -> bool:
        redacted: bool = await self._answer(lambda: self.log.redact(room, at, body))
        return redacted

    async def heads(self, rooms: Sequence[str]) -> Mapping[str, Position]:
        heads: Mapping[str, Position] = await self._answer(lambda: self.log.heads(rooms))
        return heads

    async def drop(self, room: str) -> None:
        await self.log.drop(room)

    async def check(self) -> None: ...

    async def close(self) -> None: ...


def message(number: int, room: str = "tea") -> Message:
    return Message(room=room, nick="ada", text=f"message {number}", time=0.0, dyno="one")


class Gateway:
    """Feeds, and what they gave out. `alone` may be changed, as a fan-out's mode may.

    `had`: of what was skipped, who was left out, by message.
    """

    def __init__(self, log: SlowLog | None = None, *, alone: bool = False) -> None:
        self.log = log or SlowLog(memory_log())
        self.out: list[str] = []
        self.subscribed = asyncio.Event()
        self.subscribed.set()
        self.alone = alone
        self.had: dict[str, tuple[str, ...]] = {}
        self.feeds = Feeds(
            self.log,
            self._take,
            subscribed=self._subscribe,
            alone=lambda: self.alone,
            kept=KEPT,
        )

    async def _subscribe(self, room: str) -> None:
        await self.subscribed.wait()

    def _take(self, room: str, at: Position, message: Message, had: tuple[str, ...]) -> None:
        assert room == message.room
        number = message.text.removeprefix("message ")
        self.out.append(number)
        if had:
            self.had[number] = had

    async def listening(self, room: str = "tea") -> Gateway:
        self.feeds.hold(room)
        await self.feeds.started(room)
        return self

    async def store(self, *numbers: int, room: str = "tea") -> list[Position]:
        """Messages that nothing brings here."""
        stored = [
            await self.log.log.append(room, message(number, room).encode()) for number in numbers
        ]
        return [one.position for one in stored]

    async def said(self, number: int, *, by: str) -> None:
        """A message that gateway *by* took while it was alone, and that nothing brings here."""
        said = replace(message(number), dyno=by, alone=True)
        await self.log.log.append("tea", said.encode())

    async def post(self, *numbers: int, lost: Sequence[int] = (), room: str = "tea") -> None:
        """Messages that are brought here, but for the *lost* ones."""
        for number in numbers:
            (at,) = await self.store(number, room=room)
            if number not in lost:
                self.feeds.offer(room, at, message(number, room))
