"""The rooms that this gateway published to lately."""

from __future__ import annotations

from collections.abc import Iterable

from chatcluster.core.envelope import Envelope, RoomKey

LATELY_SECONDS = 10.0  # an envelope that is under way for longer has lost its order anyhow
_MANY = 4096


class Lately:
    """Times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._rooms: dict[RoomKey, float] = {}
        self._limit = _MANY

    def published(self, envelopes: Iterable[Envelope], now: float) -> None:
        for envelope in envelopes:
            for key in envelope.keys:
                self._rooms[key] = now
        if len(self._rooms) > self._limit:
            self._rooms = self._since(now - LATELY_SECONDS)
            self._limit = max(_MANY, 2 * len(self._rooms))

    def rooms(self, now: float) -> list[RoomKey]:
        return list(self._since(now - LATELY_SECONDS))

    def _since(self, start: float) -> dict[RoomKey, float]:
        return {key: when for key, when in self._rooms.items() if when >= start}
