"""What arrives through several hubs, made one stream per origin: in its order, nothing twice."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from chatcluster.core.envelope import Envelope, RoomKey
from chatcluster.core.once import Once
from chatcluster.fanout.hub.parcel import Carried, Leg, Mark

Expects = Callable[[str, Sequence[RoomKey]], bool]


@dataclass(slots=True, eq=False)
class _Spread:
    """A parcel of which copies come through several hubs."""

    parcel: Carried | Mark
    number: int
    until: float
    released: bool = False


_Held = Carried | _Spread


@dataclass(slots=True)
class _Origin:
    """What arrived of one origin and must wait, by hub, and the parcels with copies among it."""

    queues: dict[str, deque[_Held]] = field(default_factory=dict)
    spreads: dict[tuple[bool, int], _Spread] = field(default_factory=dict)

    def waiting(self) -> Iterator[tuple[str, _Spread]]:
        """What is first in line somewhere and waits for its copies."""
        for hub, queue in self.queues.items():
            if queue and isinstance(queue[0], _Spread):
                yield hub, queue[0]


class Merge:
    """Each hub keeps an origin's order, so the order is only at risk between hubs.

    A parcel of which copies come through several hubs is released when it is first in line at each
    of these hubs from which a copy is expected here, and what comes behind it waits. Such a parcel
    is an envelope for rooms of different hubs, or the mark that an origin sends through all hubs
    when rooms move. After *patience* seconds it is released anyhow: what is late then loses its
    place in the order, not its way. *expects* tells whether a hub is up and sends what is for one
    of these rooms. Times are seconds of one monotonic clock.
    """

    def __init__(self, hubs: Iterable[str], expects: Expects, *, patience: float) -> None:
        self._expects = expects
        self._patience = patience
        self._origins: dict[str, _Origin] = {}
        self._came_by = {hub: Once() for hub in hubs}
        self._spread = Once()
        self._marks = Once()

    def arrive(self, hub: str, parcel: Carried | Mark, now: float) -> list[Envelope]:
        """What can be delivered now that *parcel* came through *hub*."""
        name = parcel.origin if isinstance(parcel, Mark) else parcel.envelope.origin
        origin = self._origins.get(name)
        if not parcel.legs and isinstance(parcel, Carried):
            if origin is None:  # nearly always
                return self._release(hub, parcel)
            held: _Held = parcel
        else:
            origin = origin or self._origins.setdefault(name, _Origin())
            spread = self._copy(origin, name, parcel, now)
            if spread is None:
                self._forget_if_empty(name)
                self._note(hub, parcel)
                return []
            held = spread
        origin.queues.setdefault(hub, deque()).append(held)
        return self._advance(name, now)

    def look_again(self, now: float) -> list[Envelope]:
        """What can be delivered now that time has passed, or other hubs are up."""
        return [envelope for name in list(self._origins) for envelope in self._advance(name, now)]

    def next_at(self) -> float | None:
        """When to call `look_again`; None while nothing waits."""
        return min(
            (first.until for origin in self._origins.values() for _, first in origin.waiting()),
            default=None,
        )

    def _copy(
        self, origin: _Origin, name: str, parcel: Carried | Mark, now: float
    ) -> _Spread | None:
        """The parcel that this is a copy of; None when that was released and is long gone."""
        if isinstance(parcel, Mark):
            once, key = self._marks, (True, parcel.number)
        else:
            once, key = self._spread, (False, parcel.envelope.sequence)
        if once.first(name, key[1]):
            origin.spreads[key] = _Spread(parcel, key[1], now + self._patience)
        return origin.spreads.get(key)

    def _advance(self, name: str, now: float) -> list[Envelope]:
        origin = self._origins[name]
        envelopes = self._move(origin)
        while (late := self._late(origin, now)) is not None:
            # Only one: what it held up may be what the next one waits for.
            envelopes += self._take(late, origin.queues[late].popleft())
            envelopes += self._move(origin)
        origin.spreads = {k: s for k, s in origin.spreads.items() if not s.released}
        self._forget_if_empty(name)
        return envelopes

    def _move(self, origin: _Origin) -> list[Envelope]:
        """Take what is ready, as long as there is any."""
        envelopes: list[Envelope] = []
        moved = True
        while moved:
            moved = False
            for hub, queue in origin.queues.items():
                while queue and self._ready(queue[0], origin):
                    envelopes += self._take(hub, queue.popleft())
                    moved = True
        return envelopes

    def _late(self, origin: _Origin, now: float) -> str | None:
        """If our patience with any that is first in line is over: the hub of the oldest of these.

        Marks are not compared with envelopes: which is older is what marks are to tell.
        """
        waiting = [(isinstance(f.parcel, Mark), f, hub) for hub, f in origin.waiting()]
        late = {is_mark for is_mark, first, _ in waiting if first.until <= now}
        oldest = min(
            ((first.number, hub) for is_mark, first, hub in waiting if is_mark in late),
            default=None,
        )
        return None if oldest is None else oldest[1]

    def _ready(self, held: _Held, origin: _Origin) -> bool:
        if isinstance(held, Carried) or held.released:
            return True
        return all(self._there(held, leg, origin) for leg in held.parcel.legs)

    def _there(self, spread: _Spread, leg: Leg, origin: _Origin) -> bool:
        queue = origin.queues.get(leg.hub)
        first = bool(queue and queue[0] is spread)
        return first or not self._expects(leg.hub, leg.keys)

    def _take(self, hub: str, held: _Held) -> list[Envelope]:
        if isinstance(held, Carried):
            return self._release(hub, held)
        if held.released:
            self._note(hub, held.parcel)
            return []
        held.released = True
        return self._release(hub, held.parcel)

    def _release(self, hub: str, parcel: Carried | Mark) -> list[Envelope]:
        if isinstance(parcel, Mark):
            return []
        envelope = parcel.envelope
        fresh = True
        for other in self._came_by.keys() & parcel.again:
            # Noted at every hub, also when one knew it: it must not come by the next one either.
            fresh = self._came_by[other].first(envelope.origin, envelope.sequence) and fresh
        self._note(hub, parcel)
        return [envelope] if fresh else []

    def _note(self, hub: str, parcel: Carried | Mark) -> None:
        if isinstance(parcel, Carried):
            self._came_by[hub].first(parcel.envelope.origin, parcel.envelope.sequence)

    def _forget_if_empty(self, name: str) -> None:
        if not any(self._origins[name].queues.values()):
            del self._origins[name]
