"""What is on its way to one hub, in order."""

from __future__ import annotations

from collections import deque

from chatcluster.fanout.hub.protocol import BATCH_BYTES
from chatcluster.fanout.hub.publisher import Shipment

UNDER_WAY = 16  # batches that may wait for the hub's acknowledgement


class Dispatch:
    """Shipments become batches when they leave: a hub that is slow gets fewer and larger ones."""

    def __init__(self) -> None:
        self._queue: deque[Shipment] = deque()
        self._under_way: dict[int, list[Shipment]] = {}
        self._number = 0

    def add(self, shipment: Shipment) -> None:
        self._queue.append(shipment)

    def next_batch(self) -> tuple[int, list[Shipment]] | None:
        """A batch and its number; None when nothing waits, or too much is under way."""
        if not self._queue or len(self._under_way) >= UNDER_WAY:
            return None
        batch = [self._queue.popleft()]
        size = len(batch[0].item.data)
        while self._queue and size + len(self._queue[0].item.data) <= BATCH_BYTES:
            batch.append(self._queue.popleft())
            size += len(batch[-1].item.data)
        self._number += 1
        self._under_way[self._number] = batch
        return self._number, batch

    def taken(self, number: int) -> None:
        """The hub has taken this batch; ignored if it is no longer under way."""
        for shipment in self._under_way.pop(number, ()):
            shipment.taken()

    def clear(self) -> tuple[list[Shipment], list[Shipment]]:
        """Forget everything; return what the hub may have taken, and what it never saw."""
        tried = [shipment for batch in self._under_way.values() for shipment in batch]
        untried = list(self._queue)
        self._under_way.clear()
        self._queue.clear()
        return tried, untried
