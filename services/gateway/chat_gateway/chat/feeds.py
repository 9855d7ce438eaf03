"""Keeps the feed of every room with an audience here going: starts it, reads gaps from the log."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable

from chat_gateway.chat.domain import Message
from chatcluster.connections.ending import end
from chatcluster.core.errors import HistoryError, MalformedError
from chatcluster.core.feed import Feed
from chatcluster.core.position import Position
from chatcluster.history.port import Entry, RoomLog, Slice
from chatcluster.runtime.logs import get_logger

HOLD_SECONDS = 0.1  # for a message that overtook another one on its way, before the log is asked
RETRY_SECONDS = 1.0  # while the log does not answer
SWEEP_SECONDS = 3.0  # between looks whether the last message of a quiet room was missed
START_SECONDS = 6.0  # for the log's first answer about a room
PAGE = 200

log = get_logger(__name__)

Out = Callable[[str, Position, Message], None]
Subscribed = Callable[[str], Awaitable[None]]
Ready = Iterable[tuple[Position, Message]]


class Feeds:
    """One feed per room that somebody here listens to.

    *out* is called for each message once, in order, and must not wait. *subscribed* returns when
    the room's messages come to this gateway. With *alone*, other gateways' messages do not come
    here (mode `isolated`): gaps are then skipped and not read.
    """

    def __init__(self, room_log: RoomLog, out: Out, *, subscribed: Subscribed, alone: bool) -> None:
        self._log = room_log
        self._out = out
        self._subscribed = subscribed
        self._alone = alone
        self._feeds: dict[str, Feed[Message]] = {}
        self._holds: Counter[str] = Counter()
        self._starting: dict[str, asyncio.Task[None]] = {}
        self._readers: dict[str, asyncio.Task[None]] = {}
        self.replays = 0

    def hold(self, room: str) -> None:
        """Somebody listens to the room (or is about to): it has a feed until as many `release`s."""
        self._holds[room] += 1
        if room not in self._feeds:
            feed = self._feeds[room] = Feed()
            self._starting[room] = asyncio.create_task(self._start(room, feed), name=f"feed {room}")

    def release(self, room: str) -> None:
        self._holds[room] -= 1
        if self._holds[room] > 0:
            return
        del self._holds[room]
        self._feeds.pop(room, None)
        for tasks in (self._starting, self._readers):
            if (task := tasks.pop(room, None)) is not None:
                task.cancel()

    def offer(self, room: str, at: Position, message: Message) -> None:
        """The fan-out brought a message. Without a feed, nobody here listens to the room."""
        feed = self._feeds.get(room)
        if feed is not None:
            self._give(room, feed.offer(at, message))
            self._watch(room, feed)

    async def started(self, room: str) -> None:
        """Return when the room, which is held, has a position. Raises HistoryError if the log does
        not answer.
        """
        starting = self._starting.get(room)
        if starting is not None:
            done, _ = await asyncio.wait((starting,), timeout=START_SECONDS)
            if not done:
                raise HistoryError("the room log does not answer")

    async def catch_up(self, room: str) -> None:
        """Return when what the log has now was given out. The room must be held; while the log does
        not answer, this waits."""
        feed = self._feeds[room]
        self._read_soon(room, feed, hold=0.0)
        await asyncio.wait({self._readers[room]})

    def position(self, room: str) -> Position | None:
        """How far the room's messages have been given out here."""
        feed = self._feeds.get(room)
        return feed.position if feed is not None else None

    def first(self, room: str) -> Position | None:
        """Where the room's feed was started."""
        feed = self._feeds.get(room)
        return feed.first if feed is not None else None

    async def _start(self, room: str, feed: Feed[Message]) -> None:
        await self._subscribed(room)
        while True:
            try:
                head = await self._log.head(room)
                break
            except HistoryError as error:
                log.warning("feed_waits", error=str(error))
                await asyncio.sleep(RETRY_SECONDS)
        self._starting.pop(room, None)
        self._give(room, feed.start(head))
        self._watch(room, feed)

    def refresh(self) -> None:
        """Messages may have been missed: read all logs from where their feeds stand."""
        for room, feed in self._feeds.items():
            if feed.position is not None and not self._alone:
                self._read_soon(room, feed, hold=0.0)

    async def sweep(self) -> None:
        """Look again and again, for ever, whether a log is ahead of its feed: of the last message
        of a room nothing else would tell that it was missed.
        """
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            if self._alone:
                continue
            try:
                heads = await self._log.heads(list(self._feeds))
            except HistoryError as error:
                log.warning("sweep_failed", error=str(error))
                continue
            for room, head in heads.items():
                feed = self._feeds.get(room)
                if feed is not None and feed.position not in (None, head):
                    self._read_soon(room, feed, hold=HOLD_SECONDS, until=head)

    async def stop(self) -> None:
        await end([*self._readers.values(), *self._starting.values()])

    def _give(self, room: str, ready: Ready) -> None:
        for at, message in ready:
            self._out(room, at, message)

    def _watch(self, room: str, feed: Feed[Message]) -> None:
        if feed.gap is None:
            return
        if self._alone:
            self._give(room, feed.skip())
        else:
            self._read_soon(room, feed, hold=HOLD_SECONDS)

    def _read_soon(
        self, room: str, feed: Feed[Message], *, hold: float, until: Position | None = None
    ) -> None:
        if room in self._readers:
            return
        reader = asyncio.create_task(self._read(room, feed, hold, until), name=f"replay {room}")
        self._readers[room] = reader
        reader.add_done_callback(lambda done: self._read_done(room, feed, done))

    def _read_done(self, room: str, feed: Feed[Message], reader: asyncio.Task[None]) -> None:
        if self._readers.get(room) is reader:
            del self._readers[room]
        if reader.cancelled():
            return
        if (error := reader.exception()) is not None:
            log.error("replay_failed", exc_info=error)
        elif self._feeds.get(room) is feed:
            self._watch(room, feed)

    async def _read(
        self, room: str, feed: Feed[Message], hold: float, until: Position | None
    ) -> None:
        """Give out what the log has and the feed has not; after *hold* seconds, in which it may
        arrive by itself.
        """
        await asyncio.sleep(hold)
        if hold and feed.gap is None and (until is None or feed.position == until):
            return
        while True:
            assert feed.position is not None
            try:
                page = await self._log.since(room, feed.position, PAGE)
            except HistoryError as error:
                log.warning("replay_waits", error=str(error))
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if not self._take(room, feed, page):
                return

    def _take(self, room: str, feed: Feed[Message], page: Slice) -> bool:
        """Give out a page of the log; whether there may be more."""
        before = feed.position
        self.replays += len(page.entries)
        entries = [(entry.position, decode(room, entry)) for entry in page.entries]
        self._give(room, feed.fill(entries, complete=page.complete))
        if not entries and not page.complete and feed.gap is not None:
            self._give(room, feed.skip())  # the log was dropped; it will not fill the gap
        return len(entries) == PAGE and feed.position != before


def decode(room: str, entry: Entry) -> Message:
    """The message of a log entry; a readable stand-in for one that something else wrote."""
    try:
        return Message.decode(room, entry.body)
    except MalformedError as error:
        # Its position has to be taken all the same, or the room would stand still.
        log.error("stored_message_malformed", error=str(error))
        return Message(room=room, nick="?", text="(unreadable)", time=0.0, dyno="?")
