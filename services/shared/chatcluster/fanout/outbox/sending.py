"""Sends what waits, once the carrier takes it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence

from structlog.stdlib import get_logger

from chatcluster.connections.ending import end
from chatcluster.core.backoff import delays
from chatcluster.core.envelope import Envelope
from chatcluster.core.errors import FanoutError, MalformedError
from chatcluster.core.waiting import BATCH_ENVELOPES, Waiting
from chatcluster.fanout.outbox.flights import PATIENCE, Flights
from chatcluster.fanout.port import Fanout, State

LOOK_SECONDS = 0.05  # between two looks whether the carrier is there
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0  # seconds between attempts on one that seems to be
SETTLE_SECONDS = 2.0  # after which all gateways have found a carrier that is back, as the port says
REFUSALS = 10  # by a carrier that is well otherwise, until an envelope is given up

_log = get_logger(__name__)


class Sending:
    """Whatever is put into *waiting* goes to *fanout*; *flights* are before it."""

    def __init__(
        self, fanout: Fanout, waiting: Waiting, flights: Flights, random: Callable[[], float]
    ) -> None:
        self._fanout = fanout
        self._waiting = waiting
        self._flights = flights
        self._random = random
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> bool:
        """Send, if anything waits; False if that is being done, or nothing waits."""
        if self._task is not None or not self._waiting:
            return False
        self._task = asyncio.create_task(self._run(), name="outbox")
        self._task.add_done_callback(_report)
        return True

    async def close(self, seconds: float) -> None:
        """Try for that long, without regard to anybody who may not be back yet; then stop."""
        self._closing = True
        if (task := self._task) is not None:
            await asyncio.wait([task], timeout=seconds)
            await end([task])

    async def _run(self) -> None:
        """Return when nothing waits any more."""
        refusals, pauses, sent = 0, self._pauses(), 0
        try:
            await self._until_settled()
            while self._waiting:
                batch = self._waiting.next_batch(1 if refusals else BATCH_ENVELOPES)
                error = await self._send(batch)
                if error is None or _hopeless(error, refusals, batch):
                    self._waiting.taken()
                    sent += len(batch)
                    refusals, pauses = 0, self._pauses()
                    continue
                self._waiting.put_back()
                refusals += 1
                if not isinstance(error, MalformedError):
                    await asyncio.sleep(next(pauses))
                    await self._until_settled()
            _log.info("outbox_sent", count=sent)
        finally:
            self._waiting.put_back()
            self._task = None

    async def _send(self, batch: Sequence[Envelope]) -> Exception | None:
        """What went wrong, if anything did."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._fanout.publish(batch)
        except (FanoutError, MalformedError, TimeoutError) as error:
            return error
        return None

    async def _until_settled(self) -> None:
        """Return when the carrier works, and the other gateways are likely to listen to it."""
        settled = False
        while not settled:
            await self._until_it_carries()
            settled = self._fanout.durable or await self._stays_up()

    async def _stays_up(self) -> bool:
        loop = asyncio.get_running_loop()
        until = loop.time() + SETTLE_SECONDS
        while loop.time() < until and not self._closing:
            await asyncio.sleep(LOOK_SECONDS)
            if self._fanout.state is not State.UP:
                return False
        return True

    async def _until_it_carries(self) -> None:
        for pause in self._pauses():
            # What was on its way is taken or not before anything else is sent.
            while self._flights or self._fanout.state is not State.UP:  # noqa: ASYNC110
                await asyncio.sleep(LOOK_SECONDS)
            try:
                await self._fanout.check()
            except FanoutError:
                await asyncio.sleep(pause)
            else:
                return

    def _pauses(self) -> Iterator[float]:
        return delays(FIRST_PAUSE, LONGEST_PAUSE, self._random)


def _hopeless(error: Exception, refusals: int, batch: Sequence[Envelope]) -> bool:
    """Whether a carrier that works will never take this envelope; says so."""
    patient = not isinstance(error, MalformedError) and refusals < REFUSALS
    if len(batch) > 1 or patient:
        return False
    _log.error("envelope_given_up", origin=batch[0].origin, reason=str(error))
    return True


def _report(sending: asyncio.Task[None]) -> None:
    if not sending.cancelled() and (error := sending.exception()):
        _log.critical("outbox_crashed", exc_info=error)
