"""A fan-out whose carrier may fail: what it does not take waits, and goes out later."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import suppress

from structlog.stdlib import get_logger

from chatcluster.core.backoff import delays
from chatcluster.core.envelope import Envelope, RoomKey
from chatcluster.core.errors import FanoutError, MalformedError
from chatcluster.core.once import Once
from chatcluster.core.request import Reply, Request
from chatcluster.core.waiting import BATCH_ENVELOPES, Bounds, FullError, Waiting
from chatcluster.fanout.flights import PATIENCE, Flight, Flights
from chatcluster.fanout.port import Answers, Fanout, Receiver, State
from chatcluster.fanout.wire import encode

LOOK_SECONDS = 0.05  # between two looks whether the carrier is back
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0  # seconds between attempts on one that seems to be there
REFUSALS = 20  # by a carrier that is well otherwise, until an envelope is given up
CLOSE_SECONDS = 0.5  # that closing waits at most for a carrier to take what waits
ECHO_SECONDS = 2.0  # after which what has not come back will not come back

_log = get_logger(__name__)


class Outbox:
    """The fan-out *inner*, with a bounded queue for what its carrier does not take.

    `publish` returns when the carrier has taken the envelopes or they wait, to be sent in each
    origin's order once it takes them. A carrier that has not answered after `PATIENCE` seconds is
    held for one that did not take them. FanoutError means that they were neither taken nor will be:
    there is no room, or the fan-out is closed. Volatile ones (flag `volatile`) do not wait.

    - Meanwhile this gateway's own receiver gets what it wants of them at once.
    - The carrier may have taken what is sent again: every gateway's outbox drops repeats, its own
      echoes of what was delivered already too. Other software (Node's servers) may get some twice.
    - An envelope that a carrier refuses again and again, though it is well, is given up.
    """

    def __init__(
        self,
        inner: Fanout,
        bounds: Bounds | None = None,
        *,
        random: Callable[[], float] = random.random,
    ) -> None:
        self._inner = inner
        self._bounds = bounds or Bounds()
        self._random = random
        self._once = Once()
        self._flights = Flights(self._hold)
        self._waiting = Waiting(self._bounds)
        self._lately: deque[tuple[float, Sequence[Envelope]]] = deque(maxlen=128)
        self._wanted: Set[RoomKey] = frozenset()
        self._receiver: Receiver | None = None
        self._sending: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()

    @property
    def mode(self) -> str:
        return self._inner.mode

    @property
    def durable(self) -> bool:
        return self._inner.durable

    @property
    def shared(self) -> bool:
        return self._inner.shared

    @property
    def state(self) -> State:
        return self._inner.state

    @property
    def waiting(self) -> int:
        """How many envelopes wait."""
        return len(self._waiting)

    @property
    def bytes(self) -> int:
        """How large they are together."""
        return self._waiting.bytes

    async def open(self, receiver: Receiver) -> None:
        if self._receiver is not None:
            raise FanoutError("already open")
        self._receiver = receiver
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
            self._flights.end(flight)
        if flight.error is not None:
            raise flight.error

    async def want(self, rooms: Set[RoomKey]) -> None:
        self._wanted = frozenset(rooms)
        await self._inner.want(rooms)

    async def ask(self, request: Request, timeout: float) -> Answers:
        return await self._inner.ask(request, timeout)

    async def check(self) -> None:
        await self._inner.check()

    async def close(self) -> None:
        if self._sending is not None:
            await asyncio.wait([self._sending], timeout=CLOSE_SECONDS)
        self._receiver = None
        if (sending := self._sending) is not None:
            sending.cancel()
            await asyncio.wait([sending])
        await self._inner.close()
        self._flights.stop()
        if self._waiting:
            _log.warning("outbox_given_up", count=len(self._waiting))
        self._waiting = Waiting(self._bounds)
        self._lately.clear()
        self._wanted = frozenset()

    # What the carrier brings.

    def deliver(self, envelopes: Sequence[Envelope]) -> None:
        first = self._once.first
        fresh = [one for one in envelopes if first(one.origin, one.sequence)]
        if fresh and self._receiver is not None:
            self._receiver.deliver(fresh)

    def interrupted(self) -> None:
        self._hurry.set()
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
        before = self._sending
        soon = asyncio.get_running_loop().time() - ECHO_SECONDS
        for published, envelopes in self._lately:
            if published > soon:
                self._deliver_here(envelopes)  # before what comes after them
        self._lately.clear()
        for flight in self._flights.hold():
            try:
                self._keep(flight.envelopes)
            except (FanoutError, MalformedError) as error:
                flight.error = error
        if self._sending is not before:
            _log.warning("outbox_waits", reason=str(reason))

    def _keep(self, envelopes: Sequence[Envelope]) -> None:
        """Raises FanoutError if there is no room."""
        lasting = [one for one in envelopes if not one.flags.get("volatile")]
        sizes = list(map(_size, lasting))
        self._check_room(len(lasting) + self._flights.envelopes, sum(sizes) + self._flights.bytes)
        for envelope, size in zip(lasting, sizes, strict=True):
            self._waiting.add(envelope, size)
        self._deliver_here(envelopes)
        if self._waiting and self._sending is None:
            self._sending = asyncio.create_task(self._send_all(), name="outbox")
            self._sending.add_done_callback(_report)

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

    async def _send_all(self) -> None:
        """Return when nothing waits any more."""
        refusals, pauses, sent = 0, self._pauses(), 0
        try:
            while self._waiting:
                await self._until_it_carries()
                batch = self._waiting.next_batch(1 if refusals else BATCH_ENVELOPES)
                error = await self._send(batch)
                if error is not None:
                    refusals += 1
                    if not _hopeless(error, refusals, batch):
                        self._waiting.put_back()
                        await asyncio.sleep(next(pauses))
                        continue
                    _log.error("envelope_given_up", origin=batch[0].origin, reason=str(error))
                self._waiting.taken()
                sent += len(batch)
                refusals, pauses = 0, self._pauses()
            _log.info("outbox_sent", count=sent)
        finally:
            self._waiting.put_back()
            self._sending = None

    async def _send(self, batch: Sequence[Envelope]) -> Exception | None:
        """What went wrong, if anything did."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._inner.publish(batch)
        except (FanoutError, MalformedError, TimeoutError) as error:
            return error
        return None

    async def _until_it_carries(self) -> None:
        for pause in self._pauses():
            await self._until_up()
            try:
                await self._inner.check()
            except FanoutError:
                await asyncio.sleep(pause)
            else:
                return

    async def _until_up(self) -> None:
        """And until what was on its way was taken or not: it comes before what waits."""
        while self._flights or self._inner.state is not State.UP:
            self._hurry.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._hurry.wait()

    def _pauses(self) -> Iterator[float]:
        return delays(FIRST_PAUSE, LONGEST_PAUSE, self._random)


def _size(envelope: Envelope) -> int:
    try:
        return len(encode(envelope))
    except MalformedError:  # our own format is not what every carrier has
        return len(repr(envelope))


def _hopeless(error: Exception, refusals: int, batch: Sequence[Envelope]) -> bool:
    """Whether a carrier that works will never take this batch, which is then a single envelope."""
    return len(batch) == 1 and (isinstance(error, MalformedError) or refusals >= REFUSALS)


def _report(sending: asyncio.Task[None]) -> None:
    if not sending.cancelled() and (error := sending.exception()):
        _log.critical("outbox_crashed", exc_info=error)
