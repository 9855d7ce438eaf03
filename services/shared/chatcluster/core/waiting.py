"""Envelopes that wait for a carrier to take them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from chatcluster.core.envelope import Envelope

BATCH_ENVELOPES = 256
BATCH_BYTES = 256 * 1024  # a single larger envelope goes alone


class FullError(Exception):
    """There is no room for more; says how much there is."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many envelopes may wait, and how many bytes they may have together."""

    envelopes: int = 10_000
    bytes: int = 16 * 2**20


class Waiting:
    """A bounded queue that keeps each origin's order, by its sequences, however they are added."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._queue: deque[tuple[Envelope, int]] = deque()
        self._last: dict[str, int] = {}  # the highest sequence by origin, of what was added
        self._batch = 0  # envelopes at the front that are on their way
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._queue)

    def check(self, envelopes: int, size: int = 0) -> None:
        """Raises FullError unless there is room for *envelopes* more, of *size* bytes together."""
        bounds = self._bounds
        if len(self._queue) + envelopes > bounds.envelopes:
            raise FullError(f"{len(self._queue)} envelopes wait, of {bounds.envelopes} that may")
        if self.bytes + size > bounds.bytes:
            raise FullError(f"{self.bytes} bytes wait, of {bounds.bytes} that may")

    def add(self, envelope: Envelope, size: int) -> None:
        """Whatever the bounds are; one that waits already is not added again."""
        index = self._index(envelope)
        if index is None:
            return
        self._queue.insert(index, (envelope, size))
        self.bytes += size

    def next_batch(self, most: int = BATCH_ENVELOPES) -> Sequence[Envelope]:
        """The first ones, at least one if any waits; they stay until `taken`."""
        batch: list[Envelope] = []
        total = 0
        for envelope, size in self._queue:
            if batch and (len(batch) >= most or total + size > BATCH_BYTES):
                break
            batch.append(envelope)
            total += size
        self._batch = len(batch)
        return batch

    def taken(self) -> None:
        """The last batch waits no longer."""
        for _ in range(self._batch):
            self.bytes -= self._queue.popleft()[1]
        self.put_back()
        if not self._queue:
            self._last.clear()

    def clear(self) -> None:
        """Nothing waits."""
        self._queue.clear()
        self._last.clear()
        self.bytes = self._batch = 0

    def put_back(self) -> None:
        """The last batch is not on its way any more, and waits."""
        self._batch = 0

    def _index(self, envelope: Envelope) -> int | None:
        """Its place; None if it is there. Nothing is put before what is on its way."""
        origin, sequence = envelope.origin, envelope.sequence
        if sequence > self._last.get(origin, 0):
            self._last[origin] = sequence
            return len(self._queue)
        for index, (other, _) in enumerate(self._queue):
            if other.origin == origin and other.sequence >= sequence:
                return None if other.sequence == sequence else max(index, self._batch)
        return len(self._queue)
