"""How many may be inside at a time, and how fast newcomers come in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from chat_gateway.limits.addresses import neighbourhood
from chat_gateway.limits.admission import Admission
from chat_gateway.limits.tally import Tally
from chatcluster.core.codes import ADDRESS_FULL, GATEWAY_BUSY, GATEWAY_FULL, Code
from chatcluster.core.rate import Rate, Rates

BURST_SECONDS = 10  # of an address's handshakes: a household that comes back after a break


@dataclass(frozen=True, slots=True, kw_only=True)
class GateLimits:
    """0 is no limit, each."""

    connections: int = 0
    connections_per_address: int = 0
    handshakes_per_second: float = 0.0
    handshakes_per_address: float = 0.0  # per second


class Entry(NamedTuple):
    """A newcomer who may come in after `wait` seconds; `place` is to be given back at its end."""

    place: str
    wait: float


class Gate:
    """Counts who is inside. While `refusing`, nobody comes in."""

    def __init__(self, limits: GateLimits, clock: Callable[[], float]) -> None:
        self.refusing: Code | None = None
        self.inside = 0
        self._limits = limits
        self._by_address = Tally(limits.connections_per_address)
        self._admission = Admission(limits.handshakes_per_second, clock)
        per_address = limits.handshakes_per_address
        burst = max(1, round(per_address * BURST_SECONDS))
        self._handshakes = Rates(Rate.of(per_address, burst))
        self._by_neighbourhood = bool(limits.connections_per_address or per_address)
        self._clock = clock

    def enter(self, address: str) -> Entry | Code:
        """A place for a newcomer from *address*, or why there is none."""
        if self.refusing is not None:
            return self.refusing
        if self._limits.connections and self.inside >= self._limits.connections:
            return GATEWAY_FULL
        place = neighbourhood(address) if self._by_neighbourhood else ""
        if not self._handshakes.spend(place, self._clock()):
            return ADDRESS_FULL
        if not self._by_address.take(place):
            return ADDRESS_FULL
        wait = self._admission.wait()
        if wait is None:
            self._by_address.give(place)
            return GATEWAY_BUSY
        self.inside += 1
        return Entry(place, wait)

    def leave(self, place: str) -> None:
        """Who had this place is gone."""
        self.inside -= 1
        self._by_address.give(place)
