"""A fan-out that also keeps events for workers."""

from __future__ import annotations

from collections.abc import Sequence, Set

from chatcluster.chat.job import Job
from chatcluster.chat.job_log import JobLog
from chatcluster.chat.message import CHAT_MESSAGE
from chatcluster.core.envelope import Action, Envelope, RoomKey
from chatcluster.core.request import Request
from chatcluster.fanout.port import Answers, Fanout, Receiver, State


class Recording:
    """The fan-out *inner* that makes a job of each event that it publishes.

    Not of chat messages: what is acknowledged as stored is recorded before it is acknowledged,
    whether or not it could be published. `publish` raises HistoryError, too.
    """

    def __init__(self, inner: Fanout, jobs: JobLog) -> None:
        self._inner = inner
        self._jobs = jobs

    @property
    def mode(self) -> str:
        return self._inner.mode

    @property
    def durable(self) -> bool:
        return self._inner.durable

    @property
    def shared(self) -> bool:
        return self._inner.shared

    @property
    def state(self) -> State:
        return self._inner.state

    async def open(self, receiver: Receiver) -> None:
        await self._inner.open(receiver)

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        await self._inner.publish(envelopes)
        for envelope in envelopes:
            if envelope.action is Action.EMIT and envelope.event != CHAT_MESSAGE:
                for namespace, room in envelope.keys:
                    await self._jobs.record(Job(envelope.event, namespace, room, envelope.args))

    async def want(self, rooms: Set[RoomKey]) -> None:
        await self._inner.want(rooms)

    async def ask(self, request: Request, timeout: float) -> Answers:
        return await self._inner.ask(request, timeout)

    async def check(self) -> None:
        await self._inner.check()

    async def close(self) -> None:
        await self._inner.close()
