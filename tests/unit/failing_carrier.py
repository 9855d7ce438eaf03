"""A carrier for the tests of what becomes of envelopes while it fails."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence, Set
from typing import Any

from chatcluster.core.envelope import Action, Envelope, RoomKey
from chatcluster.core.errors import FanoutError
from chatcluster.core.request import Request
from chatcluster.core.waiting import Bounds
from chatcluster.fanout.answers import nobody
from chatcluster.fanout.outbox import Outbox
from chatcluster.fanout.port import Answers, Fanout, Receiver, State
from chatcluster.testing.harness import Gateway

LATENCY = 0.001  # seconds for the carrier to answer, and again to deliver


class Carrier:
    """Brings everything to all its fan-outs, in one order."""

    def __init__(self) -> None:
        self.up = True
        self.hanging = False
        self.takes_and_dies = 0  # publishes that are taken and whose answer is lost
        self.taken: list[Envelope] = []
        self.fanouts: list[FakeFanout] = []

    def fail(self) -> None:
        self.up = False
        for fanout in self.fanouts:
            fanout.cut(FanoutError("the carrier is gone"))

    def hang(self) -> None:
        self.hanging = True

    def recover(self) -> None:
        self.up, self.hanging = True, False
        for fanout in self.fanouts:
            fanout.resume()

    def take(self, envelopes: Sequence[Envelope]) -> None:
        self.taken += envelopes
        loop = asyncio.get_running_loop()
        for fanout in self.fanouts:
            # Timers of one moment have no order, so each brings whatever is the next.
            fanout.coming.append(envelopes)
            loop.call_later(LATENCY, fanout.bring_next)


class FakeFanout:
    mode = "fake"
    durable = True
    shared = True

    def __init__(self, carrier: Carrier) -> None:
        self.carrier = carrier
        self.batches: list[int] = []  # how many envelopes each `publish` had
        self.refuse: Callable[[Envelope], Exception | None] = lambda envelope: None
        self.checks = 0
        self._receiver: Receiver | None = None
        # Written to the connection: taken when the carrier goes on, whoever has given up on it.
        self._written: list[tuple[Sequence[Envelope], asyncio.Future[None]]] = []
        self.coming: deque[Sequence[Envelope]] = deque()
        carrier.fanouts.append(self)

    @property
    def state(self) -> State:
        if self._receiver is None:
            return State.CLOSED
        return State.UP if self.carrier.up else State.DOWN

    async def open(self, receiver: Receiver) -> None:
        self._receiver = receiver

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        self._must_be_up()
        self.batches.append(len(envelopes))
        for error in filter(None, map(self.refuse, envelopes)):
            raise error
        taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._written.append((envelopes, taken))
        if not self.carrier.hanging:
            asyncio.get_running_loop().call_later(LATENCY, self._take_next)
        await taken

    async def want(self, rooms: Set[RoomKey]) -> None:
        self._must_be_up()

    async def ask(self, request: Request, timeout: float) -> Answers:
        self._must_be_up()
        return nobody()

    async def check(self) -> None:
        self.checks += 1
        self._must_be_up()
        if self.carrier.hanging:
            await asyncio.sleep(4.5)
            raise FanoutError("nothing came back")

    async def close(self) -> None:
        self._receiver = None
        self.cut(FanoutError("closed"))

    def cut(self, error: FanoutError) -> None:
        written, self._written = self._written, []
        for _, taken in written:
            if not taken.done():
                taken.set_exception(error)

    def resume(self) -> None:
        while self._written:
            self._take_next()
        while self.coming:
            self.bring_next()
        if self._receiver is not None:
            self._receiver.interrupted()

    def bring_next(self) -> None:
        if not self.carrier.up or self.carrier.hanging or not self.coming:
            return
        envelopes = self.coming.popleft()
        if self._receiver is not None:
            self._receiver.deliver(envelopes)

    def _take_next(self) -> None:
        if self.carrier.hanging or not self._written:
            return
        envelopes, taken = self._written.pop(0)
        self.carrier.take(envelopes)
        if self.carrier.takes_and_dies:
            self.carrier.takes_and_dies -= 1
            if not taken.done():
                taken.set_exception(FanoutError("the answer was lost"))
        elif not taken.done():
            taken.set_result(None)

    def _must_be_up(self) -> None:
        if self._receiver is None or not self.carrier.up:
            raise FanoutError("the carrier is gone")


def outbox(inner: Fanout, **bounds: int) -> Outbox:
    return Outbox(inner, Bounds(**bounds), random=lambda: 0.5)


class Two:
    """Gateways with outboxes on one carrier, both of which want the room "a"."""

    def __init__(self, **bounds: int) -> None:
        self.carrier = Carrier()
        self.inner = FakeFanout(self.carrier)
        self.box = outbox(self.inner, **bounds)
        self.one = Gateway(self.box, "one")
        self.two = Gateway(outbox(FakeFanout(self.carrier)), "two")

    async def __aenter__(self) -> Two:
        for gateway in (self.one, self.two):
            await gateway.open("a")
        return self

    async def __aexit__(self, *_: Any) -> None:
        for gateway in (self.one, self.two):
            await gateway.fanout.close()

    async def settle(self) -> None:
        """Return when nothing waits and what was taken has arrived."""
        while self.box.waiting:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.05)
        await asyncio.sleep(10 * LATENCY)


def typing(gateway: Gateway, *args: Any) -> Envelope:
    return gateway.envelope(*args, action=Action.EMIT, flags={"volatile": True})
