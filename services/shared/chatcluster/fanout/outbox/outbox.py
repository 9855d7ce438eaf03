"""A fan-out whose carrier may fail: what it does not take waits, and goes out later."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Sequence, Set
from typing import Any

from structlog.stdlib import get_logger

from chatcluster.core.append import without_unstored
from chatcluster.core.envelope import Envelope, RoomKey
from chatcluster.core.errors import FanoutError, MalformedError
from chatcluster.core.once import Once
from chatcluster.core.request import Reply, Request
from chatcluster.core.waiting import Bounds, FullError, Waiting
from chatcluster.fanout.outbox.flights import Flight, Flights
from chatcluster.fanout.outbox.sending import Sending
from chatcluster.fanout.port import Fanout, Receiver, State
from chatcluster.fanout.wire import encode
from chatcluster.fanout.wrapping import Wrapping

CLOSE_SECONDS = 0.5  # that closing waits at most for a carrier to take what waits
ECHO_SECONDS = 2.0  # after which what a carrier that works has not brought back, it will not
ECHOES = 128  # calls of `publish` that may have been taken and not come back yet

_log = get_logger(__name__)


class Outbox(Wrapping):
    """The fan-out *inner*, with a bounded queue for what its carrier does not take.

    `publish` returns when the carrier has taken the envelopes or they wait, to be sent in each
    origin's order once it takes them. A carrier that has not answered for two seconds is held for
    one that does not take them. FanoutError means that they were not taken and do not wait: there
    is no room, or the fan-out is closed. Volatile ones (flag `volatile`) never wait.

    - Meanwhile this gateway's own receiver gets what it wants of them at once.
    - The carrier may have taken what is sent again: every gateway's outbox drops repeats, and its
      own echoes of what was delivered already. Other software (Node's) may get some of it twice.
    - A carrier that is not durable is given two seconds to be found by all before what waits goes
      out; a durable one gets it at once.
    - What has yet to be stored (`Unstored`) does not wait: whoever sent it hears that it was not
      stored, or that nobody knows.
    - An envelope that a carrier refuses again and again, though it is well, is given up.
    """

    def __init__(
        self,
        inner: Fanout,
        bounds: Bounds | None = None,
        *,
        random: Callable[[], float] = random.random,
    ) -> None:
        super().__init__(inner)
        self._bounds = bounds or Bounds()
        self._random = random
        self._once = Once()
        self._lately: deque[tuple[float, Sequence[Envelope]]] = deque(maxlen=ECHOES)
        self._wanted: Set[RoomKey] = frozenset()
        self._receiver: Receiver | None = None
        self._prepare()

    def _prepare(self) -> None:
        self._waiting = Waiting(self._bounds)
        self._flights = Flights(self._hold)
        self._sending = Sending(self._inner, self._waiting, self._flights, self._random)

    @property
    def waiting(self) -> int:
        """How many envelopes wait."""
        return len(self._waiting)

    @property
    def bytes(self) -> int:
        """How large they are together."""
        return self._waiting.bytes

    @property
    def store(self) -> object | None:
        """None while something waits, which nothing may overtake."""
        return None if self._waiting or self._receiver is None else super().store

    def stats(self) -> dict[str, Any]:
        """What programs say of their fan-out in `/stats`."""
        outbox = {"waiting": self.waiting, "bytes": self.bytes}
        return {"mode": self.mode, "state": str(self.state), "outbox": outbox}

    async def open(self, receiver: Receiver) -> None:
        if self._receiver is not None:
            raise FanoutError("already open")
        self._receiver = receiver
        self._prepare()
        try:
            await self._inner.open(self)
        except BaseException:
            self._receiver = None
            raise

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        if self._receiver is None:
            raise FanoutError(f"the {self.mode} fan-out is closed")
        if self._waiting:
            self._keep(envelopes)
            return
        flights = self._flights
        flight = self._begin(envelopes)
        try:
            async with flight.limit:
                await self._inner.publish(envelopes)
            self._lately.append((flight.began, envelopes))
            return
        except FanoutError as error:
            if self._receiver is None:
                raise
            self._hold(error)
        except TimeoutError:
            if not flight.held:
                raise
        finally:
            flights.end(flight)
        if flight.error is not None:
            raise flight.error

    async def want(self, rooms: Set[RoomKey]) -> None:
        self._forget_lost()  # of rooms that were not wanted nothing came back: it is not for us
        self._wanted = frozenset(rooms)
        await super().want(rooms)

    async def close(self) -> None:
        await self._sending.close(CLOSE_SECONDS)
        self._receiver = None
        await self._inner.close()
        self._flights.stop()
        if self._waiting:
            _log.warning("outbox_given_up", count=len(self._waiting))
        self._waiting.clear()
        self._lately.clear()
        self._wanted = frozenset()

    # What the carrier brings.

    def deliver(self, envelopes: Sequence[Envelope]) -> None:
        first = self._once.first
        fresh = [one for one in envelopes if first(one.origin, one.sequence)]
        if fresh and self._receiver is not None:
            self._receiver.deliver(fresh)

    def interrupted(self) -> None:
        self._forget_lost()
        if self._receiver is not None:
            self._receiver.interrupted()

    def answer(self, request: Request, reply: Callable[[Reply], None]) -> None:
        if self._receiver is not None:
            self._receiver.answer(request, reply)

    # What it does not take.

    def _begin(self, envelopes: Sequence[Envelope]) -> Flight:
        """What is on its way counts as what waits: it soon will, if the carrier hangs."""
        flights, size = self._flights, 0
        if flights:
            size = sum(map(_size, envelopes)) if flights.slow else 0
            self._check_room(len(envelopes) + flights.envelopes, size + flights.bytes)
        return flights.begin(envelopes, size)

    def _hold(self, reason: FanoutError) -> None:
        """From now on everything waits, after all that is on its way and might not be taken."""
        for _, envelopes in self._lately:
            self._deliver_here(without_unstored(envelopes))  # before what comes after them
        self._lately.clear()
        for flight in self._flights.hold():
            try:
                self._keep(flight.envelopes, str(reason))
            except FanoutError as error:
                flight.error = error

    def _forget_lost(self) -> None:
        """What a carrier that works has not brought back by now. One that is down may have taken
        it, and bring it when it is up again.
        """
        if self._inner.state is not State.UP:
            return
        soon = asyncio.get_running_loop().time() - ECHO_SECONDS
        while self._lately and self._lately[0][0] <= soon:
            self._lately.popleft()

    def _keep(self, envelopes: Sequence[Envelope], reason: str = "") -> None:
        """Raises FanoutError if there is no room."""
        envelopes = without_unstored(envelopes)
        lasting = [one for one in envelopes if not one.flags.get("volatile")]
        sizes = list(map(_size, lasting))
        self._check_room(len(lasting) + self._flights.envelopes, sum(sizes) + self._flights.bytes)
        for envelope, size in zip(lasting, sizes, strict=True):
            self._waiting.add(envelope, size)
        self._deliver_here(envelopes)
        if self._sending.begin():
            _log.warning("outbox_waits", reason=reason)

    def _check_room(self, envelopes: int, size: int) -> None:
        try:
            self._waiting.check(envelopes, size)
        except FullError as error:
            raise FanoutError(f"the carrier does not take anything, and {error}") from error

    def _deliver_here(self, envelopes: Sequence[Envelope]) -> None:
        first, wanted = self._once.first, self._wanted
        fresh = [
            one
            for one in envelopes
            if not wanted.isdisjoint(one.keys) and first(one.origin, one.sequence)
        ]
        if fresh and self._receiver is not None:
            self._receiver.deliver(fresh)


def _size(envelope: Envelope) -> int:
    try:
        return len(encode(envelope))
    except MalformedError:  # our own format is not what every carrier has
        return len(repr(envelope))
