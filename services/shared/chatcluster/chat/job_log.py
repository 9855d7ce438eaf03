"""Where gateways keep events for workers."""

from __future__ import annotations

from collections.abc import Collection

from chatcluster.chat.job import FIELD, JOBS, Job
from chatcluster.connections.redis_exchange import Exchange
from chatcluster.history.lane import Lane


class JobLog:
    """Appends jobs for the chosen *events* to the stream `<prefix>:jobs`.

    Workers take away what they have done. While *length* jobs wait, each further one pushes out the
    oldest: better than a chat that refuses messages since nobody works on them.
    """

    def __init__(self, url: str, *, prefix: str, length: int, events: Collection[str]) -> None:
        self._lane = Lane(Exchange(url))
        self._stream = f"{prefix}:{JOBS}"
        self._length = length
        self._events = frozenset(events)

    async def record(self, job: Job) -> None:
        """Return when the job is stored, or its event is not one of the chosen ones. Raises
        HistoryError; then it is not known whether it is stored."""
        if job.event in self._events:
            command = ("XADD", self._stream, "MAXLEN", "~", self._length, "*", FIELD, job.encode())
            await self._lane.command(*command)

    async def check(self) -> None:
        """Return when the server answers. Raises HistoryError."""
        await self._lane.command("PING")

    async def close(self) -> None:
        await self._lane.close()
