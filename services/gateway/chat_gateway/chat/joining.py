"""Entering a room so that each of its messages reaches the client once."""

from __future__ import annotations

from dataclasses import dataclass

from chat_gateway.chat.domain import LOBBY, Message
from chat_gateway.chat.feeds import Feeds
from chat_gateway.chat.service import messages
from chat_gateway.chat.unheard import unheard
from chatcluster.chat.stored import decode
from chatcluster.core.position import Position
from chatcluster.history.port import Entry, RoomLog, Slice


@dataclass(frozen=True, slots=True)
class Missed:
    """What a client gets with its acknowledgement, up to `position`; what is newer arrives as
    events.
    """

    position: Position
    messages: list[tuple[str, Message]]
    complete: bool


class Joining:
    """Reads what a client gets when it enters a room.

    *recent*: messages for who comes for the first time; *limit*: the most that a returning
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
        or *until*. If gateways were alone meanwhile, also what came before *after* and the client
        may not have had.

        The caller must let the client enter the room before it waits for anything: from the
        position on, messages are sent to whoever is in the room then. Raises HistoryError.
        """
        await self._feeds.started(room)
        if after is not None and self._ahead(room, after):
            # It comes from a gateway that has given out more than this one, of what it has seen.
            await self._feeds.catch_up(room)
        while True:
            page = await self._read(room, after)
            self._feeds.pass_over(room, page.head)
            at = self._feeds.position(room)
            assert at is not None, "the room is held by the caller"
            # Messages may have been given out while the log was read; then the page is too short.
            if page.head.epoch != at.epoch or page.head.offset >= at.offset:
                return self._cut(room, page, until or at)

    def _ahead(self, room: str, after: Position) -> bool:
        at = self._feeds.position(room)
        return (
            not self._feeds.alone
            and at is not None
            and at.epoch == after.epoch
            and at.offset < after.offset
        )

    async def _read(self, room: str, after: Position | None) -> Slice:
        if after is None:
            return await self._log.before(room, None, self._recent)
        last, page = await self._since(room, after)
        end = page.entries[-1].position if page.entries else page.head
        if end != page.head:  # more than may be sent: the newest, and the client pages back
            newest = await self._log.before(room, None, self._limit)
            return Slice(newest.entries, newest.head, complete=False)
        if last is None or not self._log.shared:
            return page
        return await self._with_unheard(room, last, page)

    async def _since(self, room: str, after: Position) -> tuple[Entry | None, Slice]:
        """The message at *after*, if the log has it, and those after it."""
        if after.offset > 0:
            before = Position(after.epoch, after.offset - 1)
            page = await self._log.since(room, before, self._limit + 1)
            if page.complete and page.entries:
                return page.entries[0], Slice(page.entries[1:], page.head, complete=True)
        return None, await self._log.since(room, after, self._limit)

    async def _with_unheard(self, room: str, last: Entry, page: Slice) -> Slice:
        told = decode(room, last)
        if not told.alone and not self._feeds.apart:
            return page
        older = await self._log.before(room, last.position, self._limit)
        missing = unheard(told, [decode(room, entry) for entry in older.entries])
        entries = (*(older.entries[index] for index in missing.indices), *page.entries)
        return Slice(
            entries[-self._limit :],
            page.head,
            complete=len(entries) <= self._limit and (missing.all or older.complete),
        )

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
