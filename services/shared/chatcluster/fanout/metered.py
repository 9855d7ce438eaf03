"""A fan-out that counts."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from chatcluster.core.counting import Distribution, Tally
from chatcluster.core.envelope import Envelope
from chatcluster.core.errors import FanoutError
from chatcluster.core.request import Reply, Request
from chatcluster.fanout.port import Fanout, Receiver
from chatcluster.fanout.wrapping import Wrapping

HERE, ELSEWHERE = "here", "elsewhere"
FORGOTTEN_SECONDS = 10.0  # after which an envelope that has not come back is not waited for


class Metered(Wrapping):
    """The fan-out *inner* of the gateway *origin*; it costs a few comparisons for each envelope.

    `lag` is how long envelopes of this gateway take through the carrier and back to it, in seconds
    of one clock: one at a time is followed, and only of rooms that this gateway wants.
    """

    def __init__(
        self, inner: Fanout, origin: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(inner)
        self.published = 0  # envelopes that the carrier took
        self.refused = 0  # that it did not
        self.arrived = {HERE: 0, ELSEWHERE: 0}  # by where they were published
        self.interruptions = 0
        self.lag = Distribution()
        self.round_trip = 0.0  # seconds of the last check that succeeded
        self.checks = Tally(("ok", "failed"))
        self._origin = origin
        self._clock = clock
        self._receiver: Receiver | None = None
        self._followed = 0  # the sequence of an envelope
        self._since = 0.0  # when it was published

    async def open(self, receiver: Receiver) -> None:
        self._receiver = receiver
        await self._inner.open(self)

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        now = self._clock()
        if envelopes and (not self._followed or now - self._since > FORGOTTEN_SECONDS):
            self._followed, self._since = envelopes[-1].sequence, now
        try:
            await self._inner.publish(envelopes)
        except BaseException:
            self.refused += len(envelopes)
            raise
        self.published += len(envelopes)

    async def check(self) -> None:
        began = self._clock()
        try:
            await self._inner.check()
        except FanoutError:
            self.checks.add("failed")
            raise
        self.checks.add("ok")
        self.round_trip = self._clock() - began

    async def close(self) -> None:
        await self._inner.close()

    # What the carrier brings.

    def deliver(self, envelopes: Sequence[Envelope]) -> None:
        ours = 0
        for envelope in envelopes:
            if envelope.origin == self._origin:
                ours += 1
                if envelope.sequence == self._followed:
                    self.lag.add(self._clock() - self._since)
                    self._followed = 0
        self.arrived[HERE] += ours
        self.arrived[ELSEWHERE] += len(envelopes) - ours
        if self._receiver is not None:
            self._receiver.deliver(envelopes)

    def interrupted(self) -> None:
        self.interruptions += 1
        if self._receiver is not None:
            self._receiver.interrupted()

    def answer(self, request: Request, reply: Callable[[Reply], None]) -> None:
        if self._receiver is not None:
            self._receiver.answer(request, reply)
