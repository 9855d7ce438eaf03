"""What is on its way to a carrier and was not taken yet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from chatcluster.core.envelope import Envelope
from chatcluster.core.errors import ChatClusterError, FanoutError

PATIENCE = 2.0  # seconds for a carrier to take something
SLOW_SECONDS = 0.1  # after which it is worth while to know how large that is, which takes time


class Flight:
    """One call of `publish`; it ends with TimeoutError when its `limit` has passed."""

    __slots__ = ("began", "envelopes", "error", "held", "limit", "size")

    def __init__(self, envelopes: Sequence[Envelope], began: float, size: int) -> None:
        self.envelopes = envelopes
        self.began = began
        self.size = size
        self.held = False  # it is seen to; how the call ends does not matter any more
        self.error: ChatClusterError | None = None
        self.limit = asyncio.timeout(None)


class Flights:
    """When the oldest is too old, *on_hang* is told, and then all of them end: at once, so that
    none is taken when one before it was not.
    """

    def __init__(self, on_hang: Callable[[FanoutError], None]) -> None:
        self.envelopes = 0  # of those that are not held
        self.bytes = 0  # as far as it is known
        self._on_hang = on_hang
        self._flights: dict[Flight, None] = {}
        # One timer for all: nearly all have ended long before.
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._flights)

    @property
    def slow(self) -> bool:
        """Whether the carrier takes its time."""
        oldest = next(iter(self._flights), None)
        now = asyncio.get_running_loop().time()
        return oldest is not None and now - oldest.began > SLOW_SECONDS

    def begin(self, envelopes: Sequence[Envelope], size: int) -> Flight:
        loop = asyncio.get_running_loop()
        flight = Flight(envelopes, loop.time(), size)
        self._flights[flight] = None
        self.envelopes += len(envelopes)
        self.bytes += size
        if self._timer is None:
            self._timer = loop.call_later(PATIENCE, self._look)
        return flight

    def end(self, flight: Flight) -> None:
        del self._flights[flight]
        if not flight.held:
            self._discount(flight)

    def hold(self) -> Sequence[Flight]:
        """Those that are not held yet, in their order; from now on they are."""
        held = []
        for flight in self._flights:
            if not flight.held:
                flight.held = True
                held.append(flight)
                self._discount(flight)
        return held

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _discount(self, flight: Flight) -> None:
        self.envelopes -= len(flight.envelopes)
        self.bytes -= flight.size

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        oldest = next(iter(self._flights), None)
        if oldest is None:
            return
        if (at := oldest.began + PATIENCE) > loop.time():
            self._timer = loop.call_at(at, self._look)
            return
        self._on_hang(FanoutError(f"the carrier did not answer within {PATIENCE} s"))
        for flight in self._flights:
            if flight.limit.when() is None:
                flight.limit.reschedule(0)
        self._timer = loop.call_later(PATIENCE, self._look)
