"""The room log and the directory inside one gateway: fast, and gone with it."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from chatcluster.core.codes import TOO_MANY_ROOMS
from chatcluster.core.errors import HistoryError, Refused
from chatcluster.core.ids import epoch_id
from chatcluster.core.position import Position
from chatcluster.history.lifetime import idle_seconds
from chatcluster.history.port import Appended, Entry, Retention, RoomRecord, Slice


class MemoryRoomLog:
    """*clock* tells seconds, from whenever it likes."""

    shared = False

    def __init__(
        self,
        retention: Retention,
        *,
        clock: Callable[[], float],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._retention = retention
        self._clock = clock
        self._random_bytes = random_bytes
        self._rooms: OrderedDict[str, _Room] = OrderedDict()  # by when they were last written to
        self._idle = idle_seconds(retention)
        self._closed = False

    async def open(self) -> None:
        self._check()

    async def append(self, room: str, body: bytes, *, key: str | None = None) -> Appended:
        log = self._room(room)
        stored = log.stored(key, self._clock())
        if stored is not None:
            return Appended(Position(log.epoch, stored), repeated=True)
        self._rooms.move_to_end(room)
        return Appended(Position(log.epoch, log.append(body, key, self._clock())))

    async def since(self, room: str, after: Position, limit: int) -> Slice:
        log = self._room(room)
        oldest, end = log.kept(self._clock())
        start = after.offset + 1
        complete = after.epoch == log.epoch and oldest <= start <= end
        if not complete:
            start = max(oldest, end - limit)
        return log.slice(start, min(start + limit, end), complete=complete)

    async def before(self, room: str, before: Position | None, limit: int) -> Slice:
        log = self._room(room)
        oldest, end = log.kept(self._clock())
        if before is not None:
            end = min(before.offset, end) if before.epoch == log.epoch else oldest
        start = max(oldest, end - limit)
        return log.slice(start, end, complete=start == oldest)

    async def head(self, room: str) -> Position:
        return self._room(room).head

    async def heads(self, rooms: Sequence[str]) -> Mapping[str, Position]:
        self._check()
        return {room: self._rooms[room].head for room in rooms if room in self._rooms}

    async def redact(self, room: str, at: Position, body: bytes) -> bool:
        log = self._room(room)
        return at.epoch == log.epoch and log.redact(at.offset, body, self._clock())

    async def redacted(self, room: str, until: Position) -> Sequence[Position]:
        log = self._room(room)
        oldest, _ = log.kept(self._clock())
        return [
            Position(log.epoch, offset)
            for offset in sorted(log.redacted)
            if until.epoch == log.epoch and oldest <= offset <= until.offset
        ]

    async def drop(self, room: str) -> None:
        self._check()
        self._rooms.pop(room, None)

    async def check(self) -> None:
        self._check()

    async def close(self) -> None:
        self._closed = True
        self._rooms.clear()

    def _check(self) -> None:
        if self._closed:
            raise HistoryError("the room log is closed")

    def _room(self, name: str) -> _Room:
        self._check()
        self._forget_idle()
        room = self._rooms.get(name)
        if room is None:
            epoch = epoch_id(self._random_bytes)
            room = self._rooms[name] = _Room(epoch, self._retention, self._clock())
        return room

    def _forget_idle(self) -> None:
        while self._rooms:
            name, room = next(iter(self._rooms.items()))
            if room.written >= self._clock() - self._idle:
                return
            del self._rooms[name]


class _Room:
    __slots__ = ("_entries", "_first", "_keys", "_retention", "epoch", "redacted", "written")

    def __init__(self, epoch: str, retention: Retention, now: float) -> None:
        self.epoch = epoch
        self.written = now
        self.redacted: set[int] = set()  # offsets
        self._retention = retention
        self._entries: list[tuple[float, bytes]] = []  # when it came, body
        self._first = 1  # the offset of _entries[0]
        self._keys: dict[str, tuple[int, float]] = {}  # offset, until when; oldest first

    @property
    def head(self) -> Position:
        return Position(self.epoch, self._end - 1)

    @property
    def _end(self) -> int:
        return self._first + len(self._entries)

    def kept(self, now: float) -> tuple[int, int]:
        """The offset of the oldest entry that retention left, and that of the next one to come."""
        young = bisect_left(self._entries, now - self._retention.age, key=lambda entry: entry[0])
        return max(self._first + young, self._end - self._retention.length), self._end

    def slice(self, start: int, stop: int, *, complete: bool) -> Slice:
        found = self._entries[max(0, start - self._first) : max(0, stop - self._first)]
        entries = tuple(
            Entry(Position(self.epoch, offset), body)
            for offset, (_, body) in enumerate(found, start)
        )
        return Slice(entries, self.head, complete)

    def stored(self, key: str | None, now: float) -> int | None:
        """The offset under which a message with this key was stored lately."""
        if key is None:
            return None
        offset, until = self._keys.get(key, (None, now))
        return offset if now < until else None

    def redact(self, offset: int, body: bytes, now: float) -> bool:
        oldest, end = self.kept(now)
        if not oldest <= offset < end:
            return False
        came, _ = self._entries[offset - self._first]
        self._entries[offset - self._first] = (came, body)
        self.redacted = {one for one in self.redacted if one >= oldest} | {offset}
        return True

    def append(self, body: bytes, key: str | None, now: float) -> int:
        offset = self._end
        # A clock that was set back must not break the order, which `kept` searches by.
        self.written = max(now, self.written)
        self._entries.append((self.written, body))
        self._forget(now)
        if key is not None:
            self._keys.pop(key, None)
            self._keys[key] = (offset, now + self._retention.key_age)
        return offset

    def _forget(self, now: float) -> None:
        # A quarter at a time: the front of a list is expensive to remove.
        over = self.kept(now)[0] - self._first
        if 4 * over >= len(self._entries):
            del self._entries[:over]
            self._first += over
        while self._keys:
            key, (_, until) = next(iter(self._keys.items()))
            if now < until:
                return
            del self._keys[key]


class MemoryDirectory:
    """At most *limit* rooms."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rooms: dict[str, RoomRecord] = {}

    async def create(self, record: RoomRecord) -> bool:
        """Raises Refused when the directory is full."""
        if record.name in self._rooms:
            return False
        if len(self._rooms) >= self._limit:
            raise Refused(TOO_MANY_ROOMS, f"there are {self._limit} rooms, and no more may be")
        self._rooms[record.name] = record
        return True

    async def remove(self, name: str) -> bool:
        return self._rooms.pop(name, None) is not None

    async def exists(self, name: str) -> bool:
        return name in self._rooms

    async def list(self) -> Sequence[RoomRecord]:
        return sorted(self._rooms.values(), key=lambda record: (record.created, record.name))
