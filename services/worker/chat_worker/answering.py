"""How a worker answers: through the room log, and the fan-out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

from chat_worker.job import Task
from chatcluster.chat import stored
from chatcluster.chat.message import MODERATED, Message
from chatcluster.chat.people import people
from chatcluster.core.envelope import Action, Envelope
from chatcluster.core.errors import FanoutError
from chatcluster.core.request import Reply, Request
from chatcluster.fanout.port import Fanout
from chatcluster.history.port import RoomLog
from chatcluster.runtime.logs import get_logger

log = get_logger(__name__)


class Speaker:
    """A worker's voice: numbers its envelopes, and signs with *nick* and the worker's *name*."""

    def __init__(
        self,
        room_log: RoomLog,
        fanout: Fanout,
        *,
        origin: str,
        name: str,
        nick: str,
        numbers: Iterator[int] | None = None,
    ) -> None:
        self.fanout = fanout
        self._log = room_log
        self._origin = origin
        self._name = name
        self._nick = nick
        self._numbers = numbers or count(1)

    async def post(self, room: str, text: str, *, nick: str, key: str) -> str:
        """Store a message, once for each *key*, and send it to the room; its id. Raises
        HistoryError."""
        message = Message(room, nick or self._nick, text, time.time(), self._name)
        appended = await self._log.append(room, message.encode(), key=key)
        at = appended.position
        if not appended.repeated:
            try:
                await self.publish(**message.announced(str(at), at))
            except FanoutError as error:
                # It is stored: gateways read it from the log a little later.
                log.warning("answer_not_published", error=str(error))
        return str(at)

    async def take_back(self, room: str, id: str) -> None:
        """Raises HistoryError."""
        await stored.take_back(self._log, room, id)

    async def publish(self, **fields: Any) -> None:
        """Raises FanoutError."""
        await self.fanout.publish([Envelope(self._origin, next(self._numbers), **fields)])


class TaskAnswers:
    """The answers of the job *work* to one task."""

    def __init__(self, speaker: Speaker, task: Task, work: str) -> None:
        self._speaker = speaker
        self._task = task
        self._work = work
        self._said = 0

    async def say(self, text: str, *, nick: str = "", room: str | None = None) -> str:
        self._said += 1
        # No client can send such a key first: theirs have no control characters.
        key = f"\x00{self._work}:{self._task.id}:{self._said}"
        where = self._task.room if room is None else room
        return await self._speaker.post(where, text, nick=nick, key=key)

    async def emit(self, event: str, *args: Any, room: str | None = None) -> None:
        where = self._task.room if room is None else room
        await self._speaker.publish(
            namespace=self._task.namespace,
            action=Action.EMIT,
            rooms=(where,) if where else (),
            event=event,
            args=args,
        )

    async def take_back(self) -> None:
        await self._speaker.take_back(self._task.room, self._task.id)
        gone = stored.moderated(self._task.room, self._task.id, None)
        await self.emit(MODERATED, gone)

    async def people(self) -> tuple[int, Sequence[str]]:
        return await people(self._speaker.fanout, self._task.room)


class Deaf:
    """A worker's end of the fan-out: nothing comes here, and nobody is here."""

    def deliver(self, envelopes: Sequence[Envelope]) -> None:
        pass

    def interrupted(self) -> None:
        pass

    def answer(self, request: Request, reply: Callable[[Reply], None]) -> None:
        if request.answered:
            reply(Reply(clients=0))
