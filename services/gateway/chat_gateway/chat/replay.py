"""Reads from the room log what a feed has not had."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from chat_gateway.chat.domain import Message
from chat_gateway.chat.outlet import Outlet
from chatcluster.chat.stored import decode
from chatcluster.core.errors import HistoryError
from chatcluster.core.feed import Feed
from chatcluster.core.position import Position
from chatcluster.history.port import RoomLog, Slice
from chatcluster.runtime.logs import get_logger

RETRY_SECONDS = 1.0  # while the log does not answer
PAGE = 200

log = get_logger(__name__)


class Replay:
    """`count`: messages that were read."""

    def __init__(self, room_log: RoomLog, outlet: Outlet, *, alone: Callable[[], bool]) -> None:
        self._log = room_log
        self._outlet = outlet
        self._alone = alone
        self.count = 0

    async def read(self, room: str, feed: Feed[Message]) -> None:
        """Give out what was skipped, then what is newer, until this gateway is *alone*; while the
        log does not answer, this waits.
        """
        more = True
        while more:
            try:
                more = await self._read_page(room, feed)
            except HistoryError as error:
                log.warning("replay_waits", error=str(error))
                await asyncio.sleep(RETRY_SECONDS)

    async def _read_page(self, room: str, feed: Feed[Message]) -> bool:
        """Whether there may be more."""
        skipped = feed.skipped.after
        after = skipped or feed.position
        assert after is not None, "it was started"
        page = await self._log.since(room, after, PAGE)
        if skipped is not None and page.entries and not page.complete:
            page = await self._oldest(room)
        if self._alone():
            return False
        if skipped is None:
            return self._take(room, feed, page)
        self._make_good(room, feed, skipped, page)
        return True

    async def _oldest(self, room: str) -> Slice:
        """The first page that the log still has."""
        page = await self._log.before(room, None, PAGE)
        while page.entries and not page.complete:
            page = await self._log.before(room, page.entries[0].position, PAGE)
        return page

    def _make_good(self, room: str, feed: Feed[Message], after: Position, page: Slice) -> None:
        """Give out what of a page was skipped."""
        self.count += len(page.entries)
        for entry in page.entries:
            if entry.position in feed.skipped:
                self._outlet.give_late(room, feed, entry.position, decode(room, entry))
        last = page.entries[-1].position if page.entries else after
        if last.epoch == after.epoch and last.offset > after.offset:
            feed.skipped.forget(last)
        else:  # the log was begun anew, or has lost all of it
            feed.skipped.clear()
        if not feed.skipped:
            self._outlet.settled(room)

    def _take(self, room: str, feed: Feed[Message], page: Slice) -> bool:
        """Give out what of a page is newer than the feed; whether there may be more."""
        before = feed.position
        self.count += len(page.entries)
        entries = [(entry.position, decode(room, entry)) for entry in page.entries]
        self._outlet.give(room, feed.fill(entries, complete=page.complete))
        if not entries and not page.complete and feed.gap is not None:
            self._outlet.give(room, feed.skip())  # the log was dropped; it will not fill the gap
        return len(entries) == PAGE and feed.position != before
