"""Reading streams of Redis from where one stands, over connections that come and go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

from chatcluster.connections.redis_link import RedisLink, command
from chatcluster.connections.redis_pair import Words
from chatcluster.core.errors import FanoutError

SLACK_SECONDS = 3.0  # that an answer may take beyond the time for which the server was to wait

Entry = tuple[bytes, list[bytes]]  # id, then names and values of fields in turn
Id = tuple[int, int]


class StreamReader:
    """Hands over every entry that is added to *keys* after it was started, once, in batches of up
    to *count*; asks the server to wait *block_ms* (at least 1) for more.

    *on_entries* and *on_gap* are called on the event loop and must neither wait nor raise; the
    latter before entries that may have missing ones before them, because the stream was shortened
    faster than it was read.
    """

    def __init__(
        self,
        keys: Sequence[bytes],
        on_entries: Callable[[Sequence[Entry]], None],
        on_gap: Callable[[], None],
        *,
        count: int,
        block_ms: int,
    ) -> None:
        self.keys = keys
        self._on_entries = on_entries
        self._on_gap = on_gap
        self._count = count
        self._block_ms = block_ms
        self._positions: dict[bytes, Id] = {}
        self._waiting: list[tuple[bytes, Id, asyncio.Future[None]]] = []

    async def start(self, link: RedisLink, keys: Collection[bytes]) -> None:
        """Return when the server was asked for what comes. The first time that is what is added
        from now on; later, what was added after the last entry that was handed over."""
        keys = tuple(keys)
        questions = [command(*end) for key in keys for end in (oldest(key), newest(key))]
        ends = map(only_id, await link.ask(questions, len(questions)))
        for key, first, last in zip(keys, ends, ends, strict=True):
            # A stream that ends before our position was lost with its server, or never had its last
            # entries: all that it has is known, or came after the loss.
            position = min(self._positions.get(key, last), last)
            # What a stream lost while there was no connection is told by whoever restored it.
            self._positions[key] = max(position, before(first))
        self._ask(link, keys)

    async def passed(self, key: bytes, id: Id) -> None:
        """Return when the entry *id* was handed over, and all before it."""
        if self._positions.get(key, (0, 0)) < id:
            passed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((key, id, passed))
            await passed

    def _ask(self, link: RedisLink, keys: tuple[bytes, ...]) -> None:
        """Bound the wait for the answer too: a connection that fell silent looks like a stream
        without news."""
        ids = (b"%d-%d" % self._positions[key] for key in keys)
        words = (b"XREAD", b"COUNT", b"%d" % self._count, b"BLOCK", b"%d" % self._block_ms)
        starts = [command(*oldest(key)) for key in keys]
        commands = [*starts, command(*words, b"STREAMS", *keys, *ids)]
        timer = asyncio.get_running_loop().call_later(
            self._block_ms / 1000 + SLACK_SECONDS,
            link.close,
            FanoutError("Redis fell silent"),
        )
        answer = link.ask(commands, len(commands))
        answer.add_done_callback(partial(self._answered, link, keys, timer))

    def _answered(
        self,
        link: RedisLink,
        keys: tuple[bytes, ...],
        timer: asyncio.TimerHandle,
        answer: asyncio.Future[list[Any]],
    ) -> None:
        timer.cancel()
        error = answer.exception()
        if error is not None:
            # Whoever keeps the connections makes others, after a while.
            link.close(error if isinstance(error, FanoutError) else FanoutError(str(error)))
            return
        try:
            *starts, streams = answer.result()
            self._look_for_gaps(keys, starts)
            self._take(streams or ())
        except BaseException:
            link.close(FanoutError("a stream's entries could not be handed over"))
            raise
        if not link.ended.done():
            self._ask(link, keys)

    def _look_for_gaps(self, keys: tuple[bytes, ...], starts: Sequence[Any]) -> None:
        """A stream that begins after our position has lost what we read last, and perhaps more."""
        pairs = [
            (self._positions[key], only_id(start)) for key, start in zip(keys, starts, strict=True)
        ]
        if any((0, 0) < position < before(start) for position, start in pairs):
            self._on_gap()

    def _take(self, streams: Sequence[Any]) -> None:
        for key, entries in streams:
            self._positions[key] = read_id(entries[-1][0])
            self._on_entries(entries)
        for waiting in self._waiting[:]:
            key, id, passed = waiting
            if self._positions[key] >= id:
                self._waiting.remove(waiting)
                if not passed.done():
                    passed.set_result(None)


def oldest(key: bytes) -> Words:
    """The command that asks for a stream's first entry."""
    return b"XRANGE", key, b"-", b"+", b"COUNT", b"1"


def newest(key: bytes) -> Words:
    """The command that asks for a stream's last entry."""
    return b"XREVRANGE", key, b"+", b"-", b"COUNT", b"1"


def only_id(reply: Any) -> Id:
    """Of the one entry of an answer; (0, 0) for a stream without entries, or none."""
    return read_id(reply[0][0]) if reply else (0, 0)


def before(id: Id) -> Id:
    """The id that would come just before."""
    milliseconds, sequence = id
    if sequence > 0:
        return milliseconds, sequence - 1
    return (milliseconds - 1, 2**64 - 1) if milliseconds > 0 else id


def read_id(id: bytes) -> Id:
    milliseconds, sequence = id.split(b"-")
    return int(milliseconds), int(sequence)
