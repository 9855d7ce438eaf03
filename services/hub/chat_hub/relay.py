"""Who gets what: the hub without its network."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from chatcluster.core.envelope import RoomKey
from chatcluster.fanout.hub.protocol import BATCH_BYTES, Delta, Item


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one gateway."""

    batch_bytes: int = BATCH_BYTES
    under_way: int = 16  # batches that it has not acknowledged
    queue_bytes: int = 16 * 1024 * 1024  # what waits for it; with more it is too slow


class Outbox:
    """What one gateway has yet to get, in order."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._under_way = 0

    @property
    def empty(self) -> bool:
        """The gateway has acknowledged everything."""
        return not self._queue and not self._under_way

    @property
    def full(self) -> bool:
        return self._queued_bytes > self._limits.queue_bytes

    def put(self, data: bytes) -> None:
        self._queue.append(data)
        self._queued_bytes += len(data)

    def take(self) -> list[bytes]:
        """The next batch to send; empty when nothing waits, or too much is under way."""
        batch: list[bytes] = []
        size = 0
        if self._under_way < self._limits.under_way:
            while self._queue and (
                not batch or size + len(self._queue[0]) <= self._limits.batch_bytes
            ):
                batch.append(self._queue.popleft())
                size += len(batch[-1])
        self._queued_bytes -= size
        self._under_way += bool(batch)
        return batch

    def acknowledged(self) -> None:
        """One batch has arrived."""
        self._under_way = max(0, self._under_way - 1)


@dataclass(slots=True)
class _Gateway:
    outbox: Outbox
    rooms: set[RoomKey] = field(default_factory=set)


class Relay:
    """Gives every item, once, to each gateway that wants any of its rooms, its publisher included.

    All gateways get what they share in the order in which it came here. Gateways are known by the
    id of their connection; one that is not there is ignored, as it may just have left.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._gateways: dict[str, _Gateway] = {}
        self._rooms: dict[RoomKey, set[str]] = {}
        self.relayed = 0  # items taken since the start
        self.relayed_bytes = 0

    @property
    def gateways(self) -> int:
        return len(self._gateways)

    @property
    def rooms(self) -> int:
        return len(self._rooms)

    @property
    def idle(self) -> bool:
        """Everything has arrived where it should."""
        return all(gateway.outbox.empty for gateway in self._gateways.values())

    def enter(self, gateway: str) -> None:
        self._gateways[gateway] = _Gateway(Outbox(self._limits))

    def leave(self, gateway: str) -> None:
        left = self._gateways.pop(gateway, None)
        if left is not None:
            self._drop(gateway, left.rooms)

    def want(self, gateway: str, delta: Delta) -> None:
        known = self._gateways.get(gateway)
        if known is None:
            return
        self._drop(gateway, known.rooms & delta.drop)
        known.rooms -= delta.drop
        known.rooms |= delta.add
        for key in delta.add:
            self._rooms.setdefault(key, set()).add(gateway)

    def relay(self, items: Sequence[Item]) -> tuple[set[str], set[str]]:
        """Return the gateways that have something to get, and those of them that are too slow."""
        receivers: set[str] = set()
        for item in items:
            self.relayed += 1
            self.relayed_bytes += len(item.data)
            for gateway in self._wanting(item):
                self._gateways[gateway].outbox.put(item.data)
                receivers.add(gateway)
        return receivers, {name for name in receivers if self._gateways[name].outbox.full}

    def batches(self, gateway: str) -> Iterator[list[bytes]]:
        """What to send to this gateway now."""
        while (known := self._gateways.get(gateway)) is not None:
            batch = known.outbox.take()
            if not batch:
                return
            yield batch

    def acknowledged(self, gateway: str) -> None:
        """One batch has arrived at this gateway."""
        known = self._gateways.get(gateway)
        if known is not None:
            known.outbox.acknowledged()

    def _wanting(self, item: Item) -> set[str]:
        wanting = [self._rooms[key] for key in item.keys if key in self._rooms]
        return wanting[0] if len(wanting) == 1 else set().union(*wanting)

    def _drop(self, gateway: str, keys: Iterable[RoomKey]) -> None:
        for key in keys:
            wanting = self._rooms[key]
            wanting.discard(gateway)
            if not wanting:
                del self._rooms[key]
