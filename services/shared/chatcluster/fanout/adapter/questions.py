"""The questions that this gateway has asked other servers and that are open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from structlog.stdlib import get_logger

from chatcluster.connections.ending import end
from chatcluster.core.errors import FanoutError
from chatcluster.core.request import Request
from chatcluster.fanout.adapter.dialect import Answered, Dialect
from chatcluster.fanout.adapter.tally import Tally
from chatcluster.fanout.answers import Collected

COUNT_SECONDS = 0.2  # between two counts of the servers, while somebody waits for them

_log = get_logger(__name__)

Count = Callable[[Sequence[bytes]], Awaitable[list[int]]]


@dataclass(frozen=True, slots=True)
class _Open:
    request: Request
    tally: Tally
    answers: Collected
    timer: asyncio.TimerHandle


class Questions:
    """Each ends when everybody has answered or is gone, or with its timeout, whether or not anybody
    reads the answers; what comes later is ignored.

    Who is gone is found out by counting, with *count*, while questions are open. This gateway
    listens to the channels of all servers that it asks, so it is counted with them.
    """

    def __init__(self, dialect: Dialect, count: Count) -> None:
        self._dialect = dialect
        self._count = count
        self._open: dict[str, _Open] = {}
        self._counting: asyncio.Task[None] | None = None

    def __bool__(self) -> bool:
        return bool(self._open)

    def begin(self, id: str, request: Request, timeout: float) -> Collected:
        """Where the answers will be. *timeout* in seconds."""
        answers = Collected()
        timer = asyncio.get_running_loop().call_later(timeout, self.end, id)
        self._open[id] = _Open(request, Tally(), answers, timer)
        if self._counting is None or self._counting.done():
            self._counting = asyncio.create_task(self._keep_counting(), name="adapter questions")
            self._counting.add_done_callback(_report)
        return answers

    async def asked(self, id: str, asking: Awaitable[Any]) -> None:
        """Count the servers at the moment when the question goes out by *asking*."""
        question = self._open[id]
        channel = self._dialect.servers(question.request.namespace)
        try:
            # Nothing is awaited in between, so both leave together.
            (servers,), _ = await asyncio.gather(self._count([channel]), asking)
        except BaseException:
            self.end(id)
            raise
        question.tally.asked(servers - 1)
        self._end_if_over(id)

    def heard(self, answered: Answered) -> None:
        if (question := self._open.get(answered.id)) is not None:
            question.tally.heard(answered.who, answered.reply, ours=answered.ours)
            question.answers.put(answered.reply)
            self._end_if_over(answered.id)

    def end(self, id: str) -> None:
        """Whoever has not answered is missing."""
        question = self._open.pop(id, None)
        if question is not None:
            question.timer.cancel()
            question.answers.end(question.tally.missing)

    async def close(self) -> None:
        for id in list(self._open):
            self.end(id)
        if self._counting is not None:
            await end([self._counting])
            self._counting = None

    async def _keep_counting(self) -> None:
        while self._open:
            await asyncio.sleep(COUNT_SECONDS)
            for id, question in list(self._open.items()):
                try:
                    await self._count_again(question)
                except FanoutError:
                    break  # while the carrier is gone nobody can be missed
                self._end_if_over(id)

    async def _count_again(self, question: _Open) -> None:
        namespace = question.request.namespace
        named = list(question.tally.named)
        channels = [self._dialect.server(namespace, name) for name in named]
        counts = await self._count([self._dialect.servers(namespace), *channels])
        gone = [name for name, count in zip(named, counts[1:], strict=True) if count == 0]
        question.tally.counted(counts[0] - 1, gone)

    def _end_if_over(self, id: str) -> None:
        if (question := self._open.get(id)) is not None and question.tally.over:
            self.end(id)


def _report(counting: asyncio.Task[None]) -> None:
    if not counting.cancelled() and (error := counting.exception()):
        _log.critical("adapter_questions_crashed", exc_info=error)
