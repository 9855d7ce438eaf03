"""Keeps the feed of every room with an audience here going: starts it, reads gaps from the log."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from chat_gateway.chat.domain import Message
from chat_gateway.chat.outlet import Out, Outlet
from chat_gateway.chat.replay import RETRY_SECONDS, Replay
from chatcluster.connections.ending import end
from chatcluster.core.errors import HistoryError
from chatcluster.core.feed import Feed
from chatcluster.core.position import Position
from chatcluster.history.port import RoomLog
from chatcluster.runtime.logs import get_logger

HOLD_SECONDS = 0.1  # for a message that overtook another one on its way, before the log is asked
SWEEP_SECONDS = 3.0  # between looks whether the last message of a quiet room was missed
START_SECONDS = 6.0  # for the log's first answer about a room

log = get_logger(__name__)

Subscribed = Callable[[str], Awaitable[None]]


class Feeds:
    """One feed per room that somebody here listens to.

    *out* is called for each message once, and must not wait; its last argument are those (socket
    ids) who have had the message. It is called in order, but for what was skipped before.
    *subscribed* returns when the room's messages come to this gateway.

    While *alone* says so (mode `isolated`) other gateways' messages do not come here: they are
    skipped, and read from the log when the gateways are joined again (`refresh`), before anything
    newer is given out. *kept* is how many messages of a room the log keeps.
    """

    def __init__(
        self,
        room_log: RoomLog,
        out: Out,
        *,
        subscribed: Subscribed,
        alone: Callable[[], bool],
        kept: int,
    ) -> None:
        self._log = room_log
        self._subscribed = subscribed
        self._alone = alone
        self._kept = kept
        self._feeds: dict[str, Feed[Message]] = {}
        self._outlet = Outlet(out)
        self._replay = Replay(room_log, self._outlet, alone=alone)
        self._holds: Counter[str] = Counter()
        self._starting: dict[str, asyncio.Task[None]] = {}
        self._readers: dict[str, asyncio.Task[None]] = {}
        self.apart = alone()  # whether gateways were alone at any time, as far as is known here

    @property
    def alone(self) -> bool:
        """Whether other gateways' messages do not come here now."""
        return self._alone()

    @property
    def replays(self) -> int:
        """Messages that were read from the log for those who are in its room."""
        return self._replay.count

    def hold(self, room: str) -> None:
        """Somebody listens to the room (or is about to): it has a feed until as many `release`s."""
        self._holds[room] += 1
        if room not in self._feeds:
            feed = self._feeds[room] = Feed(ranges=self._kept)
            self._starting[room] = asyncio.create_task(self._start(room, feed), name=f"feed {room}")

    def release(self, room: str) -> None:
        self._holds[room] -= 1
        if self._holds[room] > 0:
            return
        del self._holds[room]
        self._feeds.pop(room, None)
        self._outlet.settled(room)
        for tasks in (self._starting, self._readers):
            if (task := tasks.pop(room, None)) is not None:
                task.cancel()

    def offer(self, room: str, at: Position, message: Message) -> None:
        """The fan-out brought a message. Without a feed, nobody here listens to the room."""
        feed = self._feeds.get(room)
        if feed is None:
            return
        if not feed.skipped:
            self._outlet.give(room, feed.offer(at, message))
        elif not self._alone():
            feed.hold(at, message)
        elif at in feed.skipped:  # another message overtook it on its way
            self._outlet.give_late(room, feed, at, message)
        else:
            self._outlet.give(room, feed.offer(at, message))
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

    def entered(self, room: str, sid: str) -> None:
        """A client is in the room from now on; what is older than `position` it has by other
        ways, or not at all.
        """
        feed = self._feeds.get(room)
        if feed is not None and feed.skipped and feed.position is not None:
            self._outlet.entered(room, sid, feed.position)

    def left(self, room: str, sid: str) -> None:
        """That client is gone."""
        self._outlet.left(room, sid)

    def pass_over(self, room: str, until: Position) -> None:
        """Alone, go on after *until*: whoever comes now has what was said elsewhere by other
        ways. The room must be held, and started.
        """
        if self._alone():
            self._outlet.give(room, self._feeds[room].pass_over(until))

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
        self._outlet.give(room, feed.start(head))
        self._watch(room, feed)

    def refresh(self) -> None:
        """Messages may have been missed, or gateways are joined again: read all logs from where
        their feeds stand, and what was skipped.
        """
        self.apart |= self._alone()
        for room, feed in list(self._feeds.items()):
            if self._alone():
                self._watch(room, feed)
            elif feed.position is not None:
                self._read_soon(room, feed, hold=0.0)

    async def sweep(self) -> None:
        """Look again and again, for ever, whether a log is ahead of its feed: of the last message
        of a room nothing else would tell that it was missed.
        """
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            if self._alone():
                continue
            try:
                heads = await self._log.heads(list(self._feeds))
            except HistoryError as error:
                log.warning("sweep_failed", error=str(error))
                continue
            for room, head in heads.items():
                feed = self._feeds.get(room)
                if feed is not None and feed.skipped:
                    self._watch(room, feed)
                elif feed is not None and feed.position not in (None, head):
                    self._read_soon(room, feed, hold=HOLD_SECONDS, until=head)

    async def stop(self) -> None:
        await end([*self._readers.values(), *self._starting.values()])

    def _watch(self, room: str, feed: Feed[Message]) -> None:
        if feed.gap is None and not feed.skipped:
            return
        if self._alone():
            self._outlet.give(room, feed.skip())
        else:
            self._read_soon(room, feed, hold=0.0 if feed.skipped else HOLD_SECONDS)

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
            return  # it came meanwhile
        await self._replay.read(room, feed)
