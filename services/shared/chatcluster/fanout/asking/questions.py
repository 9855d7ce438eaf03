"""The questions that this gateway has asked and that are open."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from chatcluster.core.inquiry import Inquiry
from chatcluster.fanout.answers import Collected
from chatcluster.fanout.asking.signals import Part


@dataclass(frozen=True, slots=True)
class _Open:
    inquiry: Inquiry
    answers: Collected
    timer: asyncio.TimerHandle


class Questions:
    """Each ends when everybody has answered or is gone, or with its timeout, whether or not anybody
    reads the answers; what comes later is ignored.
    """

    def __init__(self) -> None:
        self._count = 0
        self._open: dict[int, _Open] = {}

    def __len__(self) -> int:
        return len(self._open)

    def begin(self, timeout: float) -> tuple[int, Collected]:
        """A new question's number, and where its answers will be. *timeout* in seconds."""
        self._count += 1
        answers = Collected()
        timer = asyncio.get_running_loop().call_later(timeout, self.end, self._count)
        self._open[self._count] = _Open(Inquiry(), answers, timer)
        return self._count, answers

    def asked(self, id: int, others: Iterable[str]) -> None:
        """The question came back through the carrier: *others* got it as well."""
        if (question := self._open.get(id)) is not None:
            question.inquiry.asked(others)
            self._end_if_over(id, question)

    def heard(self, origin: str, part: Part) -> None:
        """A part of an answer came. Raises MalformedError if its values cannot be read."""
        if (question := self._open.get(part.id)) is None:
            return
        reply = part.reply()
        if question.inquiry.heard(origin, part.number, last=part.last):
            question.answers.put(reply)
        self._end_if_over(part.id, question)

    def gone(self, origin: str) -> None:
        """This gateway will not answer any more."""
        for id, question in list(self._open.items()):
            question.inquiry.gone(origin)
            self._end_if_over(id, question)

    def end(self, id: int) -> None:
        """Whoever has not answered is missing."""
        question = self._open.pop(id, None)
        if question is not None:
            question.timer.cancel()
            question.answers.end(question.inquiry.missing)

    def end_all(self) -> None:
        for id in list(self._open):
            self.end(id)

    def _end_if_over(self, id: int, question: _Open) -> None:
        if question.inquiry.over:
            self.end(id)
