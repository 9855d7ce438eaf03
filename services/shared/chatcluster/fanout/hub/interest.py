"""The rooms that a gateway wants at one hub, and what the hub knows of it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from chatcluster.core.envelope import RoomKey
from chatcluster.fanout.hub.protocol import Delta

CHUNK = 5_000  # rooms in one message, which keeps it far below the largest frame


class Interest:
    """What is wanted may change at any time; `next_change` and `confirm` make the hub follow."""

    def __init__(self, always: frozenset[RoomKey] = frozenset()) -> None:
        self._desired: set[RoomKey] = set(always)
        self._confirmed: set[RoomKey] = set()
        self._touched: set[RoomKey] = set(always)  # where desired and confirmed may differ
        self._under_way: Delta | None = None

    @property
    def in_force(self) -> bool:
        """The hub sends exactly what is desired."""
        return not self._touched and self._under_way is None

    def has_any(self, keys: Iterable[RoomKey]) -> bool:
        """The hub is known to send what comes for one of these rooms."""
        return not self._confirmed.isdisjoint(keys)

    def change(self, delta: Delta) -> None:
        self._desired.difference_update(delta.drop)
        self._desired.update(delta.add)
        self._touched.update(delta.add, delta.drop)

    def next_change(self) -> Delta | None:
        """What to tell the hub next; None when it knows everything. Follow it with `confirm`."""
        while self._touched:
            chunk = set(islice(self._touched, CHUNK))
            self._touched -= chunk
            # A room that was dropped and wanted again, or the reverse, before the hub was told
            # is neither.
            add = (chunk & self._desired) - self._confirmed
            drop = (chunk & self._confirmed) - self._desired
            if add or drop:
                self._confirmed -= drop
                self._under_way = Delta(frozenset(add), frozenset(drop))
                return self._under_way
        return None

    def confirm(self) -> None:
        """The hub has done what `next_change` said."""
        assert self._under_way is not None
        self._confirmed |= self._under_way.add
        self._under_way = None

    def forget(self) -> None:
        """The connection is gone: the next one begins with nothing."""
        self._confirmed.clear()
        self._touched = set(self._desired)
        self._under_way = None
