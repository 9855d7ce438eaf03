"""Messages on their way into the room log, and from there to their rooms."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from chat_gateway.manager.answer import Answer
from chat_gateway.manager.manager import FanoutManager
from chatcluster.chat.message import CHAT, CHAT_MESSAGE, LOBBY, Message
from chatcluster.core.append import Append, Row, Unstored
from chatcluster.core.errors import FanoutError, HistoryError
from chatcluster.core.position import Position
from chatcluster.fanout.port import store_of
from chatcluster.history.port import Appended, JointLog, RoomLog

Unpublished = Callable[[Message, Position, FanoutError], None]


class Posting:
    """Stores messages in the order in which they come, publishes them, and has them acknowledged.

    Where the fan-out in force can append to the log, that is one step. Otherwise the log stores a
    message first: at a change of the fan-out, while something waits in the outbox, and where the
    two are on different servers. Whenever one way follows the other, what is under way comes to its
    end before: nothing overtakes. What the fan-out leaves out is stored by the log, and so is all
    that was behind it.

    *unpublished* is told of what is stored and was not taken by the carrier.
    """

    def __init__(
        self, room_log: RoomLog, manager: FanoutManager, unpublished: Unpublished, place: Position
    ) -> None:
        self._log = room_log
        self._joint_log = room_log if isinstance(room_log, JointLog) else None
        self._manager = manager
        self._unpublished = unpublished
        self._place = place
        self._row = Row()
        self._joint = 0  # messages that the fan-out is storing
        self._apart = 0  # messages that the log is storing
        self._held: list[tuple[Message, Answer]] = []  # until the other way is clear

    def post(self, message: Message, answer: Answer) -> None:
        """*answer*, which has begun, is given the message's id and time once it is stored."""
        log = self._shared_log()
        if self._held or (self._joint if log is None else self._apart):
            self._held.append((message, answer))
        elif log is not None:
            self._post_jointly(log, message, answer)
        else:
            self._post_apart(message, answer)

    def _shared_log(self) -> JointLog | None:
        log = self._joint_log
        if log is None or (store := store_of(self._manager.publishing.fanout)) is None:
            return None
        return log if log.server == store else None

    def _post_jointly(self, log: JointLog, message: Message, answer: Answer) -> None:
        append = log.appending(message.room, message.encode(), key=message.key, place=self._place)
        if self._row.broken and not self._joint:
            self._row = Row()
        append.row = self._row
        self._joint += 1
        outcome = _Joint(self, message, append, answer)
        self._publish(message, self._place, append, outcome)

    def _post_apart(self, message: Message, answer: Answer) -> None:
        body = message.encode()
        stored = asyncio.ensure_future(self._log.append(message.room, body, key=message.key))
        self._apart += 1
        stored.add_done_callback(partial(self._stored, message, answer))

    def joined(
        self, message: Message, append: Append, answer: Answer, error: BaseException | None
    ) -> None:
        """What became of a message that the fan-out was to store."""
        append.end()
        if append.position is not None:
            self.kept(message, append.position, answer, None if append.repeated else error)
        elif append.sent:
            answer.fail(HistoryError(append.reason))
        else:
            self._post_apart(message, answer)
        self._joint -= 1
        self._release()

    def kept(
        self, message: Message, at: Position, answer: Answer, error: BaseException | None
    ) -> None:
        """A message is stored, so it is acknowledged whether or not it was published."""
        if isinstance(error, FanoutError):
            self._unpublished(message, at, error)
        elif error is not None:
            answer.fail(error)
            return
        answer.give({"id": str(at), "time": message.time})

    def _stored(self, message: Message, answer: Answer, stored: asyncio.Future[Appended]) -> None:
        self._apart -= 1
        self._publish_stored(message, answer, stored)
        self._release()

    def _release(self) -> None:
        if self._held and not (self._joint or self._apart):
            held, self._held = self._held, []
            for one in held:
                self.post(*one)

    def _publish_stored(
        self, message: Message, answer: Answer, stored: asyncio.Future[Appended]
    ) -> None:
        if stored.cancelled() or (error := stored.exception()) is not None:
            answer.fail(HistoryError("closed") if stored.cancelled() else error or HistoryError(""))
            return
        appended = stored.result()
        at = appended.position
        if appended.repeated:
            self.kept(message, at, answer, None)
        else:
            self._publish(message, at, None, _Kept(self, message, at, answer))

    def _publish(
        self, message: Message, at: Position, append: Append | None, outcome: _Joint | _Kept
    ) -> None:
        rooms = () if message.room == LOBBY else (message.room,)
        chat = message.as_chat(str(at))
        envelope = self._manager.event(CHAT, rooms, CHAT_MESSAGE, chat, at)
        if append is not None:
            envelope = Unstored.of(envelope, append)
        self._manager.publishing.add(envelope, outcome)


class _Joint:
    """The outcome of storing and publishing in one step."""

    __slots__ = ("_answer", "_append", "_message", "_posting")

    def __init__(self, posting: Posting, message: Message, append: Append, answer: Answer) -> None:
        self._posting = posting
        self._message = message
        self._append = append
        self._answer = answer

    def give(self, reply: Any) -> None:
        self._posting.joined(self._message, self._append, self._answer, None)

    def fail(self, error: BaseException) -> None:
        self._posting.joined(self._message, self._append, self._answer, error)


class _Kept:
    """The outcome of publishing what is stored."""

    __slots__ = ("_answer", "_at", "_message", "_posting")

    def __init__(self, posting: Posting, message: Message, at: Position, answer: Answer) -> None:
        self._posting = posting
        self._message = message
        self._at = at
        self._answer = answer

    def give(self, reply: Any) -> None:
        self._posting.kept(self._message, self._at, self._answer, None)

    def fail(self, error: BaseException) -> None:
        self._posting.kept(self._message, self._at, self._answer, error)
