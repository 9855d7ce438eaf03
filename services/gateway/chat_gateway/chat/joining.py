"""Entering a room so that each of its messages reaches the client once."""

from __future__ import annotations

from dataclasses import dataclass

from chat_gateway.chat.domain import LOBBY, Message
from chat_gateway.chat.feeds import Feeds
from chat_gateway.chat.service import messages
from chatcluster.core.position import Position
from chatcluster.history.port import RoomLog, Slice


@dataclass(frozen=True, slots=True)
class Missed:
    """What a client gets with its acknowledgement, up to `position`; what is newer arrives as
    events.
    """

    position: Position
    messages: list[tuple[str, Message]]
    complete: bool


class Joining:
    """*recent*: messages for who comes for the first time; *limit*: the most that a returning
    client is sent; *budget*: bytes of stored messages in one acknowledgement.
    """

    def __init__(
        self, room_log: RoomLog, feeds: Feeds, *, recent: int, limit: int, budget: int
    ) -> None:
        self._log = room_log
        self._feeds = feeds
        self._recent = recent
        self._limit = limit
        self._budget = budget

    async def missed(self, room: str, after: Position | None, until: Position | None) -> Missed:
        """What came after *after* (None: the last ones), as far as this gateway has given it out,
        or *until*.

        The caller must let the client enter the room before it waits for anything: from the
        position on, messages are sent to whoever is in the room then. Raises HistoryError.
        """
        await self._feeds.started(room)
        if after is not None and self._ahead(room, after):
            # It comes from a gateway that has given out more than this one, of what it has seen.
            await self._feeds.catch_up(room)
        while True:
            page = await self._read(room, after)
            at = self._feeds.position(room)
            assert at is not None, "the room is held by the caller"
            # Messages may have been given out while the log was read; then the page is too short.
            if page.head.epoch != at.epoch or page.head.offset >= at.offset:
                return self._cut(room, page, until or at)

    def _ahead(self, room: str, after: Position) -> bool:
        at = self._feeds.position(room)
        return at is not None and at.epoch == after.epoch and at.offset < after.offset

    async def _read(self, room: str, after: Position | None) -> Slice:
        if after is None:
            return await self._log.before(room, None, self._recent)
        page = await self._log.since(room, after, self._limit)
        last = page.entries[-1].position if page.entries else page.head
        if last != page.head:  # more than may be sent: the newest, and the client pages back
            newest = await self._log.before(room, None, self._limit)
            return Slice(newest.entries, newest.head, complete=False)
        return page

    def _cut(self, room: str, page: Slice, until: Position) -> Missed:
        given = [
            entry
            for entry in page.entries
            if entry.position.epoch == until.epoch and entry.position.offset <= until.offset
        ]
        # Entries of another epoch: the log was begun anew, and the feed is about to notice and to
        # give them out. Until then nobody can say that nothing is missing.
        while given and sum(len(entry.body) for entry in given) > self._budget:
            given = given[len(given) // 4 + 1 :]
            page = Slice(page.entries, page.head, complete=False)
        same = all(entry.position.epoch == until.epoch for entry in page.entries)
        return Missed(until, messages(room, given), page.complete and same)


def shown(missed: Missed, room: str) -> dict[str, object]:
    """The part of the acknowledgement that says what was missed."""
    return {
        "room": None if room == LOBBY else room,
        "position": str(missed.position),
        "messages": [message.as_chat(id) for id, message in missed.messages],
        "complete": missed.complete,
    }
