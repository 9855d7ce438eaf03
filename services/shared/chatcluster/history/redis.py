"""The room log and the directory in Redis or Valkey, for any number of gateways."""

from __future__ import annotations

import os
import re
from asyncio import Future, Lock
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from chatcluster.connections.redis import server
from chatcluster.connections.redis_exchange import Exchange, ReplyError
from chatcluster.core.append import Append
from chatcluster.core.codes import TOO_MANY_ROOMS
from chatcluster.core.errors import HistoryError, Refused
from chatcluster.core.ids import epoch_id
from chatcluster.core.position import Position
from chatcluster.history.lane import Lane, answering
from chatcluster.history.lifetime import age_seconds, idle_seconds
from chatcluster.history.port import Appended, Entry, Retention, RoomRecord, Slice
from chatcluster.history.redis_renewal import renew_all
from chatcluster.history.script import Script

APPEND = Script.load("room", "append", "stored")
ANNOUNCE = Script.load("room", "append", "announced")
SINCE = Script.load("room", "reading", "since")
BEFORE = Script.load("room", "reading", "before")
HEAD = Script.load("room", "head")
REDACT = Script.load("room", "redact")
CREATE = Script.load("create")

ROOMS = 4096  # whose keys are remembered

_SPECIAL = re.compile("[%{}]")


class RedisRoomLog:
    """A stream and a hash for each room.

    Keys are `<prefix>:{<room>}:meta`, `…:stream`, `…:redacted` and `…:key:<idempotency key>`: the
    braces keep a room's keys in one slot of a Redis Cluster. In the prefix and the room's name the
    characters `%{}` are percent-encoded; the room without a name is `%`.

    What survives a crash of the server is up to its own settings (`appendonly`, `appendfsync`).
    """

    shared = True

    def __init__(
        self,
        url: str,
        retention: Retention,
        *,
        prefix: str = "chatcluster",
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.server = server(url)
        # Reading much must not make those wait who write.
        self._writing = Lane(Exchange(url))
        self._reading = Lane(Exchange(url))
        self._comparing = Exchange(url)
        self._one_at_a_time = Lock()
        self._prefix = quoted(prefix)
        self._keys = lru_cache(maxsize=ROOMS)(self._make_keys)
        self._random_bytes = random_bytes
        self._idle = _milliseconds(idle_seconds(retention))
        age = _milliseconds(age_seconds(retention))
        self._kept = (self._idle, b"%d" % retention.length, age)
        self._key_age = _milliseconds(retention.key_age)

    async def open(self) -> None:
        await self._reading.command("PING")

    def append(self, room: str, body: bytes, *, key: str | None = None) -> Future[Appended]:
        return self._writing.run(APPEND, *self._next(room, body, key), _appended)

    def appending(self, room: str, body: bytes, *, key: str | None, place: Position) -> Append:
        keys, args = self._next(room, body, key)
        return Append(ANNOUNCE.text, ANNOUNCE.sha.encode(), keys, args, place, self.server)

    async def since(self, room: str, after: Position, limit: int) -> Slice:
        return await self._read(SINCE, room, (after.epoch, after.offset, limit))

    async def before(self, room: str, before: Position | None, limit: int) -> Slice:
        stop = ("", 0) if before is None else (before.epoch, before.offset)
        return await self._read(BEFORE, room, (*stop, limit))

    async def head(self, room: str) -> Position:
        args = (epoch_id(self._random_bytes), self._idle)
        epoch, offset = await self._reading.run(HEAD, self._keys(room), args)
        return Position(epoch.decode(), offset)

    async def heads(self, rooms: Sequence[str]) -> Mapping[str, Position]:
        asked = [("HMGET", self._keys(room)[0], "epoch", "offset") for room in rooms]
        async with answering(), self._one_at_a_time:
            replies = await self._comparing.send(asked) if asked else []
        heads = {}
        for room, reply in zip(rooms, replies, strict=True):
            if isinstance(reply, ReplyError):
                raise HistoryError(f"Redis refused: {reply}") from reply
            epoch, offset = reply
            if epoch is not None:
                heads[room] = Position(epoch.decode(), int(offset))
        return heads

    async def redact(self, room: str, at: Position, body: bytes) -> bool:
        args = (at.epoch, at.offset, body, *self._kept[1:])
        return bool(await self._writing.run(REDACT, self._all_keys(room), args))

    async def redacted(self, room: str, until: Position) -> Sequence[Position]:
        fields = await self._reading.command("HKEYS", self._name(room, "redacted"))
        found = [Position.parse(field.decode()) for field in fields]
        ours = [at for at in found if at.epoch == until.epoch and at.offset <= until.offset]
        return sorted(ours, key=lambda at: at.offset)

    async def drop(self, room: str) -> None:
        await self._writing.command("UNLINK", *self._all_keys(room))

    async def renew(self) -> int:
        return await renew_all(self._writing, _bytes(self._prefix), self._random_bytes)

    async def check(self) -> None:
        # Only a write tells whether the server is read-only or out of memory.
        await self._writing.command("SET", f"{self._prefix}:check", "", "EX", 60)

    async def close(self) -> None:
        await self._writing.close()
        await self._reading.close()
        self._comparing.close()

    def _next(
        self, room: str, body: bytes, key: str | None
    ) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
        """The keys and arguments with which *body* is stored."""
        keys = self._keys(room)
        if key is not None:
            keys = (*keys, self._name(room, f"key:{key}"))
        epoch = epoch_id(self._random_bytes).encode()
        return keys, (epoch, *self._kept, self._key_age, body)

    async def _read(self, script: Script, room: str, asked: tuple[str, int, int]) -> Slice:
        args = (epoch_id(self._random_bytes), *self._kept, *asked)
        reply = await self._reading.run(script, self._all_keys(room), args)
        epoch, head, complete, *rest = reply
        name = epoch.decode()
        entries = tuple(
            Entry(Position(name, offset), body)
            for offset, body in zip(rest[::2], rest[1::2], strict=True)
        )
        return Slice(entries, Position(name, head), complete == 1)

    def _make_keys(self, room: str) -> tuple[bytes, ...]:
        return self._name(room, "meta"), self._name(room, "stream")

    def _all_keys(self, room: str) -> tuple[bytes, ...]:
        return (*self._keys(room), self._name(room, "redacted"))

    def _name(self, room: str, what: str) -> bytes:
        return _bytes(f"{self._prefix}:{{{quoted(room)}}}:{what}")


class RedisDirectory:
    """At most *limit* rooms in one sorted set, `<prefix>:rooms`: names by creation time."""

    def __init__(self, url: str, limit: int, *, prefix: str = "chatcluster") -> None:
        self._lane = Lane(Exchange(url))
        self._limit = limit
        self._key = _bytes(f"{quoted(prefix)}:rooms")

    async def create(self, record: RoomRecord) -> bool:
        """Raises Refused when the directory is full, too."""
        args = (_bytes(record.name), record.created, self._limit)
        created = await self._lane.run(CREATE, [self._key], args)
        if created < 0:
            raise Refused(TOO_MANY_ROOMS, f"there are {self._limit} rooms, and no more may be")
        return bool(created)

    async def remove(self, name: str) -> bool:
        return bool(await self._lane.command("ZREM", self._key, _bytes(name)))

    async def exists(self, name: str) -> bool:
        return await self._lane.command("ZSCORE", self._key, _bytes(name)) is not None

    async def list(self) -> Sequence[RoomRecord]:
        # Redis sorts names of the same time by their bytes: in UTF-8 that is by characters.
        reply = await self._lane.command("ZRANGE", self._key, 0, -1, "WITHSCORES")
        return [
            RoomRecord(name.decode("utf-8", "surrogatepass"), float(created))
            for name, created in zip(reply[::2], reply[1::2], strict=True)
        ]

    async def close(self) -> None:
        await self._lane.close()


def _appended(reply: tuple[bytes, int, int]) -> Appended:
    epoch, offset, repeated = reply
    return Appended(Position(epoch.decode(), offset), repeated == 1)


def quoted(name: str) -> str:
    return _SPECIAL.sub(lambda match: f"%{ord(match[0]):02X}", name) or "%"


def _bytes(text: str) -> bytes:
    # JSON can carry half a surrogate pair, so names can, too.
    return text.encode("utf-8", "surrogatepass")


def _milliseconds(seconds: float) -> bytes:
    return b"%d" % max(1, round(seconds * 1000))
