"""A fan-out that also keeps events for workers."""

from __future__ import annotations

from collections.abc import Sequence

from chatcluster.chat.job import Job
from chatcluster.chat.job_log import JobLog
from chatcluster.chat.message import CHAT_MESSAGE
from chatcluster.core.envelope import Action, Envelope
from chatcluster.fanout.port import Fanout, Receiver
from chatcluster.fanout.wrapping import Wrapping


class Recording(Wrapping):
    """The fan-out *inner* that makes a job of each event that it publishes.

    Not of chat messages: what is acknowledged as stored is recorded before it is acknowledged,
    whether or not it could be published. `publish` raises HistoryError, too.
    """

    def __init__(self, inner: Fanout, jobs: JobLog) -> None:
        super().__init__(inner)
        self._jobs = jobs

    async def open(self, receiver: Receiver) -> None:
        await self._inner.open(receiver)

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        await self._inner.publish(envelopes)
        for envelope in envelopes:
            if envelope.action is Action.EMIT and envelope.event != CHAT_MESSAGE:
                for namespace, room in envelope.keys:
                    await self._jobs.record(Job(envelope.event, namespace, room, envelope.args))

    async def close(self) -> None:
        await self._inner.close()
