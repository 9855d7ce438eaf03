"""Which hubs a gateway can reach, and which of them it uses."""

from __future__ import annotations


class Reach:
    """A hub is *up* when this gateway has a connection to it, and *usable* some time after that.

    A hub that was gone is found again by one gateway after the other. So rooms move back to it
    *grace* seconds later, when all have found it; at once only if there is nothing else to use.
    Times are seconds of one monotonic clock.
    """

    def __init__(self, grace: float) -> None:
        self._grace = grace
        self._since: dict[str, float] = {}
        self._settled: set[str] = set()

    @property
    def up(self) -> frozenset[str]:
        return frozenset(self._since)

    @property
    def usable(self) -> frozenset[str]:
        """Not empty while a hub is up."""
        return frozenset(self._settled)

    def found(self, hub: str, now: float) -> None:
        self._since[hub] = now
        if not self._settled:
            self._settled.add(hub)

    def lost(self, hub: str) -> None:
        self._since.pop(hub, None)
        self._settled.discard(hub)
        if not self._settled:
            self._settled.update(self._since)

    def settle(self, now: float) -> None:
        """Use the hubs whose time has come."""
        self._settled.update(h for h, since in self._since.items() if now >= since + self._grace)

    def settle_all(self) -> None:
        """Use every hub that is up: a gateway that starts finds those that the others use."""
        self._settled.update(self._since)

    def next_at(self) -> float | None:
        """When to call `settle` next; None when all hubs that are up are usable."""
        waiting = [since for hub, since in self._since.items() if hub not in self._settled]
        return min(waiting) + self._grace if waiting else None
