"""One open question to the other gateways."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Answer:
    """What one gateway has answered so far, in parts that are numbered from 0."""

    next: int = 0
    gaps: set[int] = field(default_factory=set)  # parts below `next` that did not come
    ended: bool = False  # the last part came
    gone: bool = False  # nothing more will come

    @property
    def complete(self) -> bool:
        return self.ended and not self.gaps

    def take(self, part: int) -> bool:
        """False if this part came before."""
        if part < self.next:
            first = part in self.gaps
            self.gaps.discard(part)
            return first
        self.gaps.update(range(self.next, part))
        self.next = part + 1
        return True


class Inquiry:
    """Whom the question waits for, what came, and when it is over.

    It waits for those who were there when the question went through the carrier. Whoever came just
    then, and got it too, is one of them from its first part on.
    """

    __slots__ = ("_answers", "_asked")

    def __init__(self) -> None:
        self._asked = False
        self._answers: dict[str, _Answer] = {}

    @property
    def over(self) -> bool:
        return self._asked and all(one.complete or one.gone for one in self._answers.values())

    @property
    def missing(self) -> int:
        """How many gateways have not answered completely."""
        return sum(not one.complete for one in self._answers.values())

    def asked(self, others: Iterable[str]) -> None:
        """The question went through the carrier while *others* were there."""
        self._asked = True
        for origin in others:
            self._answers.setdefault(origin, _Answer())

    def heard(self, origin: str, part: int, *, last: bool) -> bool:
        """A part of a gateway's answer came; False if it came before."""
        answer = self._answers.setdefault(origin, _Answer())
        answer.ended |= last
        return answer.take(part)

    def gone(self, origin: str) -> None:
        """Nobody need wait for this gateway any more."""
        if origin in self._answers:
            self._answers[origin].gone = True
