"""The room log in Postgres, for any number of gateways."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from structlog.stdlib import get_logger

from chatcluster.connections.ending import end
from chatcluster.connections.gathering import Gathering
from chatcluster.core.errors import HistoryError
from chatcluster.core.ids import epoch_id
from chatcluster.core.position import Position
from chatcluster.history.lifetime import age_seconds, idle_seconds
from chatcluster.history.port import Appended, Entry, Retention, Slice
from chatcluster.history.postgres_database import Database, stored

BATCH = 64  # messages: enough to make the commit cheap, few enough to be answered soon
READING = 4  # connections
RENEWED = 1000  # rooms in one commit
TIDY_SECONDS = 60.0

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Message:
    room: str
    key: bytes | None
    body: bytes


class PostgresRoomLog:
    """Tables `<prefix>_rooms`, `…_messages` and `…_keys`.

    What is asked to be stored at about the same time is stored in one commit. A room's name may
    have 2000 bytes; a longer one is refused with HistoryError. Raises ValueError for a DSN or
    prefix that is none.
    """

    shared = True

    def __init__(
        self,
        dsn: str,
        retention: Retention,
        *,
        prefix: str = "chatcluster",
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        # Reading much must not make those wait who write.
        self._writing = Database(dsn, prefix, connections=1)
        self._reading = Database(dsn, prefix, connections=READING)
        self._inbox = Gathering[_Message, Appended](
            self._store, weight=lambda message: 1, most=BATCH, error=HistoryError
        )
        self._random_bytes = random_bytes
        self._age = age_seconds(retention)
        self._idle = idle_seconds(retention)
        self._length = retention.length
        self._key_age = min(retention.key_age, self._idle)
        self._tidying: asyncio.Task[None] | None = None

    async def open(self) -> None:
        await self._reading.call("heads", [])
        self._tidying = asyncio.create_task(self._tidy_forever())

    async def append(self, room: str, body: bytes, *, key: str | None = None) -> Appended:
        return await self._inbox.add(_Message(stored(room), _digest(key), body))

    async def since(self, room: str, after: Position, limit: int) -> Slice:
        return await self._read("since", room, after, limit)

    async def before(self, room: str, before: Position | None, limit: int) -> Slice:
        return await self._read("before", room, before or Position("", 0), limit)

    async def head(self, room: str) -> Position:
        return (await self._read("since", room, Position("", 0), 0)).head

    async def heads(self, rooms: Sequence[str]) -> Mapping[str, Position]:
        names = {stored(room): room for room in rooms}
        return {
            names[name]: Position(epoch, head)
            for name, epoch, head in await self._reading.call("heads", list(names))
        }

    async def redact(self, room: str, at: Position, body: bytes) -> bool:
        kept = (self._length, self._age)
        ((redacted,),) = await self._reading.call(
            "redact", stored(room), at.epoch, at.offset, body, *kept
        )
        return bool(redacted)

    async def redacted(self, room: str, until: Position) -> Sequence[Position]:
        rows = await self._reading.call("redacted", stored(room), until.epoch, until.offset)
        return [Position(until.epoch, place) for (place,) in rows]

    async def drop(self, room: str) -> None:
        await self._reading.call("drop", stored(room))

    async def renew(self) -> int:
        renewed, last = 0, 0
        while True:
            ((count, last),) = await self._writing.call("renew", last, RENEWED)
            if not count:
                return renewed
            renewed += count

    async def check(self) -> None:
        await self._writing.call("writable")

    async def close(self) -> None:
        self._inbox.close("the room log is closed")
        await self._writing.close()
        await self._reading.close()
        if self._tidying is not None:
            await end([self._tidying])

    async def _store(self, messages: Sequence[_Message]) -> Sequence[Appended]:
        rows = await self._writing.call(
            "append",
            [message.room for message in messages],
            [epoch_id(self._random_bytes) for _ in messages],
            [message.key for message in messages],
            [message.body for message in messages],
            self._length,
            self._key_age,
        )
        return [
            Appended(Position(epoch, place), repeated)
            for _, epoch, place, repeated in sorted(rows, key=lambda row: row["number"])
        ]

    async def _read(self, what: str, room: str, at: Position, limit: int) -> Slice:
        asked = (stored(room), at.epoch, at.offset, limit, self._length, self._age)
        rows = await self._reading.call(what, *asked)
        while not rows:  # a room that begins now; it may be dropped again before it is read
            await self._reading.call("begin", stored(room), epoch_id(self._random_bytes))
            rows = await self._reading.call(what, *asked)
        ((epoch, head, complete, places, bodies),) = rows
        entries = zip(places, bodies, strict=True)
        return Slice(
            tuple(Entry(Position(epoch, place), body) for place, body in entries),
            Position(epoch, head),
            complete,
        )

    async def _tidy_forever(self) -> None:
        while True:
            await asyncio.sleep(min(TIDY_SECONDS, self._age) * random.uniform(0.8, 1.2))
            try:
                await self._reading.call("tidy", self._age, self._idle)
            except HistoryError as error:
                _log.debug("postgres_tidy_failed", reason=str(error))


def _digest(key: str | None) -> bytes | None:
    """A key as it is stored: clients choose them, and an index takes no long ones."""
    if key is None:
        return None
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()
