"""What one of two fan-outs brings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from chatcluster.core.envelope import Envelope
from chatcluster.core.request import Reply, Request
from chatcluster.fanout.switching.carrier import Carrier


class Hall(Protocol):
    """Where it is brought to."""

    def arrived(self, carrier: Carrier, envelopes: Sequence[Envelope]) -> None: ...
    def was_interrupted(self, carrier: Carrier) -> None: ...
    def answer(self, request: Request, reply: Callable[[Reply], None]) -> None: ...


class Inbox:
    """The receiver of *carrier*'s fan-out."""

    def __init__(self, hall: Hall, carrier: Carrier) -> None:
        self._hall = hall
        self._carrier = carrier

    def deliver(self, envelopes: Sequence[Envelope]) -> None:
        self._hall.arrived(self._carrier, envelopes)

    def interrupted(self) -> None:
        self._hall.was_interrupted(self._carrier)

    def answer(self, request: Request, reply: Callable[[Reply], None]) -> None:
        self._hall.answer(request, reply)
