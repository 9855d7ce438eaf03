"""Mode `isolated`: envelopes stay in their gateway. Nothing to run, and users of different gateways
do not meet.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from chatcluster.core.envelope import Envelope, RoomKey
from chatcluster.core.errors import FanoutError
from chatcluster.core.request import Request
from chatcluster.fanout.answers import nobody
from chatcluster.fanout.port import Answers, Receiver, State


class IsolatedFanout:
    """A fan-out without a carrier."""

    mode = "isolated"
    durable = False
    shared = False

    def __init__(self) -> None:
        self._receiver: Receiver | None = None

    @property
    def state(self) -> State:
        return State.CLOSED if self._receiver is None else State.UP

    async def open(self, receiver: Receiver) -> None:
        self._receiver = receiver

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        self._open().deliver(envelopes)

    async def want(self, rooms: Set[RoomKey]) -> None:
        self._open()

    async def ask(self, request: Request, timeout: float) -> Answers:
        self._open()
        return nobody()

    async def check(self) -> None:
        self._open()

    async def close(self) -> None:
        self._receiver = None

    def _open(self) -> Receiver:
        if self._receiver is None:
            raise FanoutError("the isolated fan-out is closed")
        return self._receiver
