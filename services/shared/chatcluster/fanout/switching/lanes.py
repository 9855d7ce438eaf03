"""The fan-out in force, the one beside it during a change, and what comes and goes on them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence, Set
from contextlib import asynccontextmanager

from chatcluster.core.envelope import Envelope, RoomKey
from chatcluster.core.errors import FanoutError
from chatcluster.core.fence import EVERYBODY
from chatcluster.core.request import Reply, Request
from chatcluster.fanout.port import Receiver
from chatcluster.fanout.switching.carrier import Carrier
from chatcluster.fanout.switching.crossing import Crossing
from chatcluster.fanout.switching.inbox import Inbox
from chatcluster.fanout.switching.lately import Lately


class Lanes:
    """Publishes on `current`, wants the same rooms on both, and merges what both bring."""

    def __init__(self, current: Carrier, origin: str) -> None:
        self.current = current
        self.beside: Carrier | None = None  # what is next, or was before
        self.crossing: Crossing | None = None
        self.receiver: Receiver | None = None
        self.lately = Lately()
        self._origin = origin
        self._rooms: frozenset[RoomKey] = frozenset()
        # Publishers wait here, in their order, while the old fan-out is left.
        self._gate = asyncio.Lock()
        self._waiting = 0

    @property
    def held(self) -> bool:
        """Whether publishers wait."""
        return self._waiting > 0 or self._gate.locked()

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Raises FanoutError if the fan-out in force did not take them."""
        if self.held:
            self._waiting += 1
            try:
                async with self._gate:  # fair: whoever came first goes on first
                    pass
            finally:
                self._waiting -= 1
        self.lately.published(envelopes, asyncio.get_running_loop().time())
        await self.current.publish(envelopes)

    @asynccontextmanager
    async def quiet(self, seconds: float) -> AsyncIterator[None]:
        """Nobody publishes while the body runs; what is under way has *seconds* to end before."""
        async with self._gate:
            await self.current.quiet(seconds)
            yield

    async def want(self, rooms: Set[RoomKey]) -> None:
        """Raises FanoutError if the fan-out in force is down."""
        self._rooms = frozenset(rooms)
        carriers = [self.current] if self.beside is None else [self.current, self.beside]
        wanted = self._rooms | {EVERYBODY}
        results = await asyncio.gather(
            *(carrier.fanout.want(wanted) for carrier in carriers), return_exceptions=True
        )
        for carrier, result in zip(carriers, results, strict=True):
            # What the one beside does not take it gets when it is back, as the port says.
            passes = carrier is not self.current and isinstance(result, FanoutError)
            if isinstance(result, BaseException) and not passes:
                raise result

    async def open(self, carrier: Carrier) -> None:
        """What comes on *carrier* is delivered from now on, of the rooms wanted by then. Raises
        FanoutError.
        """
        await carrier.fanout.open(Inbox(self, carrier))
        await self.want_on(carrier)

    async def want_on(self, carrier: Carrier) -> None:
        """Return when *carrier* brings what is wanted. Raises FanoutError."""
        rooms: frozenset[RoomKey] | None = None
        while rooms != self._rooms:
            rooms = self._rooms
            await carrier.fanout.want(rooms | {EVERYBODY})

    def cross(self, *, old: Carrier, new: Carrier) -> None:
        """From now on each origin's order survives its change from *old* to *new*."""
        self.crossing = Crossing(
            old, new, self._origin, deliver=self._deliver, wanted=lambda room: room in self._rooms
        )

    async def drop(self) -> None:
        """Close what is beside; what waited for it is delivered."""
        beside, crossing = self.beside, self.crossing
        self.beside = self.crossing = None
        if crossing is not None:
            crossing.end()
        if beside is not None:
            await beside.fanout.close()

    async def close(self) -> None:
        self.receiver = None
        await self.drop()
        await self.current.fanout.close()

    # From the fan-outs.

    def arrived(self, carrier: Carrier, envelopes: Sequence[Envelope]) -> None:
        if self.crossing is None:
            self._deliver(envelopes)
        else:
            self.crossing.arrived(carrier, envelopes)

    def was_interrupted(self, carrier: Carrier) -> None:
        if self.crossing is not None:
            self.crossing.interrupted(carrier)
        self.interrupted()

    def answer(self, request: Request, reply: Callable[[Reply], None]) -> None:
        if self.receiver is not None:
            self.receiver.answer(request, reply)

    def interrupted(self) -> None:
        """Something may have been missed."""
        if self.receiver is not None:
            self.receiver.interrupted()

    def _deliver(self, envelopes: Sequence[Envelope]) -> None:
        if envelopes and self.receiver is not None:
            self.receiver.deliver(envelopes)
