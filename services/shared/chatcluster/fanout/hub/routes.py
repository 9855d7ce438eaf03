"""Which hub a room belongs to, so that gateways agree although each sees for itself which are up.

Every room has an order of all hubs: those of its namespace's purpose, then the general ones, then
the others; within each of these, rendezvous hashing, repeated over the hubs that are left. A
publisher takes the first *usable* hub of the order. A receiver wants the room at every hub from the
first to its own second usable one. So whoever publishes finds the receiver, as long as of the hubs
that the receiver can use at most one is not usable for the publisher: the time in which some have
noticed a hub's death and others have not is covered without a word between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from functools import lru_cache

from chatcluster.core.envelope import RoomKey
from chatcluster.core.hashing import choose
from chatcluster.fanout.hub.hubs import Hubs
from chatcluster.fanout.hub.protocol import Delta


@lru_cache(maxsize=65_536)
def order(key: RoomKey, hubs: Hubs) -> tuple[str, ...]:
    """All *hubs*, the room's own one first, then who stands in for it."""
    # The length keeps namespace and room apart.
    name = f"{len(key.namespace)}:{key.namespace}{key.room}"
    return tuple(hub for tier in hubs.tiers(key.namespace) for hub in _ranked(name, tier))


def target(key: RoomKey, hubs: Hubs, usable: Set[str]) -> str | None:
    """Where to publish for this room; None when no hub is usable."""
    return next((hub for hub in order(key, hubs) if hub in usable), None)


def wanted_at(key: RoomKey, hubs: Hubs, usable: Set[str]) -> tuple[str, ...]:
    """The hubs at which to want this room, those that cannot be reached just now included."""
    ordered = order(key, hubs)
    places = [place for place, hub in enumerate(ordered, 1) if hub in usable]
    return ordered[: places[1]] if len(places) > 1 else ordered


class Placement:
    """The rooms that a gateway wants, placed on hubs; tells what changes at which hub."""

    def __init__(self, hubs: Hubs, usable: Set[str] = frozenset()) -> None:
        self._hubs = hubs
        self._usable = usable
        self._placed: dict[RoomKey, tuple[str, ...]] = {}

    def want(self, rooms: Set[RoomKey]) -> dict[str, Delta]:
        """Exactly these rooms are wanted from now on."""
        places = {key: self._places(key) for key in rooms - self._placed.keys()}
        return self._move(places | dict.fromkeys(self._placed.keys() - rooms, ()))

    def use(self, usable: Set[str]) -> dict[str, Delta]:
        """Exactly these hubs are usable from now on."""
        self._usable = usable
        return self._move({key: self._places(key) for key in self._placed})

    def _places(self, key: RoomKey) -> tuple[str, ...]:
        return wanted_at(key, self._hubs, self._usable)

    def _move(self, places: Mapping[RoomKey, tuple[str, ...]]) -> dict[str, Delta]:
        add: dict[str, set[RoomKey]] = {}
        drop: dict[str, set[RoomKey]] = {}
        for key, after in places.items():
            before = self._placed.pop(key, ())
            if after:
                self._placed[key] = after
            if before != after:
                _file(key, set(after) - set(before), add)
                _file(key, set(before) - set(after), drop)
        return {
            hub: Delta(frozenset(add.get(hub, ())), frozenset(drop.get(hub, ())))
            for hub in add.keys() | drop.keys()
        }


def _file(key: RoomKey, hubs: Iterable[str], under: dict[str, set[RoomKey]]) -> None:
    for hub in hubs:
        under.setdefault(hub, set()).add(key)


def _ranked(name: str, hubs: Iterable[str]) -> list[str]:
    left = set(hubs)
    ordered: list[str] = []
    while left:
        ordered.append(choose(name, left))
        left.remove(ordered[-1])
    return ordered
