"""Who has answered a question that went to servers which can only be counted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from chatcluster.core.request import Reply


@dataclass(slots=True)
class _Answer:
    """What one server has answered so far."""

    clients: int | None = None
    acks: int = 0
    ended: bool = False
    gone: bool = False
    ours: bool = False  # a gateway's, which says when it ends

    @property
    def complete(self) -> bool:
        return self.ended or (self.clients is not None and self.acks >= self.clients)

    @property
    def missing(self) -> bool:
        """Once nobody waits any longer. A Node server does not say that time is up: if it is there,
        only its clients are missing."""
        return not self.complete and (self.ours or self.gone or self.clients is None)

    def take(self, reply: Reply, ours: bool) -> None:
        self.ours = ours
        self.ended |= reply.last
        if reply.clients is not None:
            self.clients = reply.clients
        self.acks += len(reply.values)


class Tally:
    """Knows when everybody has answered, although answers may be unsigned.

    Servers that went away are noticed by counting again. Who counts cannot tell one who went after
    it answered, unsigned, from one who went before; so fewer servers are believed only when two
    counts in a row say so, and the others have had the time between them to answer.
    """

    def __init__(self) -> None:
        self._expected: int | None = None
        self._named: dict[str, _Answer] = {}
        self._unnamed: list[_Answer] = []
        self._lost = 0  # servers that will not answer
        self._suspected = 0  # the same, by the last count
        self._absent: frozenset[str] = frozenset()  # those that signed and were not there then

    @property
    def named(self) -> Collection[str]:
        """Those servers that signed an answer."""
        return self._named.keys()

    @property
    def over(self) -> bool:
        if self._expected is None or self._unheard > self._lost:
            return False
        return all(one.complete or one.gone for one in self._answers)

    @property
    def missing(self) -> int:
        """How many servers have not answered completely."""
        return max(0, self._unheard) + sum(one.missing for one in self._answers)

    def asked(self, others: int) -> None:
        """The question went to this many servers; some may have answered by now."""
        self._expected = others

    def heard(self, who: str | None, reply: Reply, *, ours: bool = False) -> None:
        if who is not None:
            self._named.setdefault(who, _Answer()).take(reply, ours)
        elif reply.last or reply.clients is not None:
            self._unnamed.append(_Answer())
            self._unnamed[-1].take(reply, ours)
        else:
            # Whose acknowledgement it is does not matter: only their sum does.
            for one in self._unnamed:
                if not one.complete:
                    one.take(reply, ours)
                    break

    def counted(self, others: int, gone: Collection[str]) -> None:
        """This many servers are there now, and *gone* of those that signed are not."""
        absent = frozenset(gone)
        for name in absent & self._absent:
            self._named[name].gone = True
        self._absent = absent
        there = len(self._named) - len(gone) + len(self._unnamed)
        suspected = self._unheard - max(0, others - there)
        self._lost = max(self._lost, min(suspected, self._suspected))
        self._suspected = suspected

    @property
    def _answers(self) -> list[_Answer]:
        return [*self._named.values(), *self._unnamed]

    @property
    def _unheard(self) -> int:
        """How many servers have not answered at all."""
        return (self._expected or 0) - len(self._named) - len(self._unnamed)
