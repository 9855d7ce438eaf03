"""What one can do in the chat, whatever event asked for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from chat_gateway.chat.audience import LOBBY_ROOM, ROOMS, Audience
from chat_gateway.chat.delays import Delays
from chat_gateway.chat.deletions import Deletions
from chat_gateway.chat.feeds import Feeds
from chat_gateway.chat.posting import Posting
from chat_gateway.chat.rights import Rights
from chat_gateway.manager.answer import Answer
from chat_gateway.manager.encoding import encode_event
from chat_gateway.manager.manager import FanoutManager
from chatcluster.chat.job import Job
from chatcluster.chat.job_log import JobLog
from chatcluster.chat.message import CHAT, LOBBY, Message
from chatcluster.chat.message import CHAT_MESSAGE as CHAT_MESSAGE
from chatcluster.chat.stored import decode
from chatcluster.core import codes
from chatcluster.core.envelope import Action, Envelope
from chatcluster.core.errors import FanoutError, Refused
from chatcluster.core.position import Position
from chatcluster.history.port import Entry, RoomDirectory, RoomLog, RoomRecord, Slice
from chatcluster.runtime.logs import get_logger

ROOMS_CHANGED = "rooms"  # a signal in `/room`

log = get_logger(__name__)


class ChatService:
    """Messages and rooms. Raises Refused for what may not be, HistoryError and FanoutError for what
    cannot be.
    """

    def __init__(
        self,
        manager: FanoutManager,
        directory: RoomDirectory,
        room_log: RoomLog | None,
        audience: Audience,
        *,
        dyno: str,
        random_bytes: Callable[[int], bytes],
        alone: Callable[[], bool],
        jobs: JobLog | None = None,
        log_messages: bool = False,
    ) -> None:
        """*alone*: whether what is published now stays in this gateway."""
        self.manager = manager
        self.directory = directory
        self.log = room_log
        self.audience = audience
        self.dyno = dyno
        self.taken = 0  # messages
        self.delays = Delays(dyno)
        self._series = f"{random_bytes(8).hex()}."
        self._numbers = count(1)
        self._alone = alone
        self._jobs = jobs
        self._log_messages = log_messages
        self.rights = Rights(manager.members)
        self.deletions = Deletions(room_log)
        self._posting = None if room_log is None else self._made(room_log, random_bytes)

    def _made(self, room_log: RoomLog, random_bytes: Callable[[int], bytes]) -> Posting:
        place = Position(random_bytes(8).hex(), 0)  # no client can name it
        return Posting(room_log, self.manager, self.unpublished, place)

    @property
    def feeds(self) -> Feeds | None:
        return self.audience.feeds

    async def post(
        self,
        room: str,
        nick: str,
        text: str,
        *,
        to: str | None = None,
        key: str | None = None,
        user: str = "",
    ) -> tuple[str, float]:
        """Store a message, of a *user* if that is known, and send it to its room; its id and time.
        Stored, it reaches everybody, late or soon.
        """
        message = self._written(room, nick, text, to, key, user)
        if self.log is None:
            id = self._unique()
            await self.manager.publish(self._envelope(message, id, None))
        else:
            appended = await self.log.append(room, message.encode(), key=key)
            id = str(appended.position)
            if not appended.repeated:
                await self._send(message, appended.position)
        if self._jobs is not None:
            # Of a repetition too: it was not acknowledged, and perhaps because this had failed.
            chat = message.as_chat(id)
            await self._jobs.record(Job(CHAT_MESSAGE, CHAT, room, (chat,), id))
        self.taken += 1
        return id, message.time

    def post_promptly(
        self, room: str, nick: str, text: str, key: str | None, user: str, answer: Answer
    ) -> bool:
        """The same without a task; *answer* is given what `chat message` is acknowledged with.
        False, and nothing is done, where that cannot be.
        """
        if self._jobs is not None:
            return False
        message = self._written(room, nick, text, None, key, user)
        answer.begin()
        if self._posting is not None:
            self._posting.post(message, answer)
        else:
            self._announce(message, answer)
        self.taken += 1
        return True

    def _written(
        self, room: str, nick: str, text: str, to: str | None, key: str | None, user: str
    ) -> Message:
        if self._log_messages:
            log.info("message", room=room, nick=nick, text=text, to=to)
        alone = self._alone()
        return Message(room, nick, text, time.time(), self.dyno, to, key, alone, user=user)

    def _announce(self, message: Message, answer: Answer) -> None:
        """Send a message that is not stored."""
        id = self._unique()
        rooms = () if message.room == LOBBY else (message.room,)
        envelope = self.manager.event(CHAT, rooms, CHAT_MESSAGE, message.as_chat(id))
        self.manager.publishing.add(envelope, answer, {"id": id, "time": message.time})

    def _unique(self) -> str:
        """An id that no other message has, of this gateway or another."""
        return f"{self._series}{next(self._numbers):x}"

    async def _send(self, message: Message, at: Position) -> None:
        try:
            await self.manager.publish(self._envelope(message, str(at), at))
        except FanoutError as error:
            self.unpublished(message, at, error)

    def unpublished(self, message: Message, at: Position, error: FanoutError) -> None:
        """There was no room to wait in. It is stored, so gateways read it from the log when they
        look there. Ours need not wait for that.
        """
        log.warning("message_not_published", error=str(error))
        if self.feeds is not None:
            self.feeds.offer(message.room, at, message)

    def _envelope(self, message: Message, id: str, at: Position | None) -> Envelope:
        return self.manager.envelope(**message.announced(id, at))

    def out(self, room: str, id: str, message: Message, had: tuple[str, ...] = ()) -> None:
        """Hand a message to the room's clients here, in the form of each namespace, but for those
        who have *had* it (socket ids). One that was deleted meanwhile goes to nobody.
        """
        if message.deleted:
            return
        self.out_chat(room, message.as_chat(id), had)
        for namespace in self.audience.namespaces(room):
            item = encode_event(namespace, "item", (message.as_item(id),))
            self.manager.emit_here(namespace, item, exclude=had)

    def out_chat(self, room: str, chat: dict[str, Any], had: tuple[str, ...] = ()) -> None:
        """Hand a message in the form of `/` to the room's clients there."""
        self.delays.measure(chat, time.time())
        outgoing = encode_event(CHAT, CHAT_MESSAGE, (chat,))
        rooms = (LOBBY_ROOM if room == LOBBY else room,)
        self.manager.emit_here(CHAT, outgoing, rooms=rooms, exclude=had)

    async def read(
        self, room: str, before: Position | None, limit: int
    ) -> tuple[list[tuple[str, Message]], bool]:
        """At most *limit* stored messages, oldest first, and whether there are none older. None are
        given only if there are none.
        """
        if self.log is None:
            raise Refused(codes.NO_HISTORY, "this chat keeps no history")
        page = await self.log.before(room, before, limit)
        while not (found := self._kept(room, page)) and not page.complete and page.entries:
            page = await self.log.before(room, page.entries[0].position, limit)
        return found, page.complete

    def _kept(self, room: str, page: Slice) -> list[tuple[str, Message]]:
        return [one for one in messages(room, page.entries) if one[0] not in self.deletions]

    async def create_room(self, name: str) -> RoomRecord:
        record = RoomRecord(name, time.time())
        if not await self.directory.create(record):
            raise Refused(codes.ROOM_EXISTS, f"there is a room {name!r} already")
        await self._rooms_changed()
        return record

    async def remove_room(self, name: str) -> None:
        """The room, what was said in it, and everybody's membership are gone."""
        if not await self.directory.remove(name):
            raise Refused(codes.UNKNOWN_ROOM, f"there is no room {name!r}")
        if self.log is not None:
            await self.log.drop(name)
        await self.manager.close_room(name, CHAT)
        await self._rooms_changed()

    async def exists(self, name: str) -> None:
        """Raises Refused unless the room is in the list."""
        if not await self.directory.exists(name):
            raise Refused(codes.UNKNOWN_ROOM, f"there is no room {name!r}")

    async def room_list(self) -> list[dict[str, Any]]:
        records = await self.directory.list()
        return [{"name": record.name, "created": record.created} for record in records]

    async def _rooms_changed(self) -> None:
        # Each gateway reads the list itself, after this signal: two lists that cross on their way
        # could leave everybody with the older one.
        await self.manager.publish(self.manager.envelope(ROOMS, Action.SIGNAL, event=ROOMS_CHANGED))


def messages(room: str, entries: Sequence[Entry]) -> list[tuple[str, Message]]:
    """Log entries as (id, message), without those that were deleted."""
    found = [(str(entry.position), decode(room, entry)) for entry in entries]
    return [one for one in found if not one[1].deleted]
