"""The rooms that this gateway published to lately."""

from __future__ import annotations

from collections.abc import Iterable

from chatcluster.core.envelope import Envelope, RoomKey

LATELY_SECONDS = 10.0  # an envelope that is under way for longer has lost its order anyhow
_MANY = 4096


class Lately:
    """Times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        # By namespace and rooms, as envelopes have them: this is done for each of them.
        self._times: dict[tuple[str, tuple[str, ...]], float] = {}
        self._limit = _MANY

    def published(self, envelopes: Iterable[Envelope], now: float) -> None:
        times = self._times
        for envelope in envelopes:
            times[envelope.namespace, envelope.rooms] = now
        if len(times) > self._limit:
            self._times = self._since(now - LATELY_SECONDS)
            self._limit = max(_MANY, 2 * len(self._times))

    def rooms(self, now: float) -> list[RoomKey]:
        found = {
            RoomKey(namespace, room): None
            for namespace, rooms in self._since(now - LATELY_SECONDS)
            for room in rooms or ("",)
        }
        return list(found)

    def _since(self, start: float) -> dict[tuple[str, tuple[str, ...]], float]:
        return {key: when for key, when in self._times.items() if when >= start}
