"""Keeps the order of each origin while it changes from one fan-out to another.

The last that an origin publishes on the old fan-out are marks: one in each room that it published
to lately, since a carrier keeps its order only within a room, and then one for everybody that names
these rooms. What the origin publishes on the new fan-out is held back until its marks have come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from chatcluster.core.envelope import Action, Envelope, RoomKey

NAMESPACE = "#switch"  # those of Socket.IO begin with "/"
EVERYBODY = RoomKey(NAMESPACE, "")
LAST_HERE = "chatcluster last here"  # the mark in a room
LAST = "chatcluster last"  # the mark for everybody
WITHOUT = "chatcluster without marks"  # on the new fan-out: the old one did not take the marks


def marks(
    origin: str, epoch: int, rooms: Iterable[RoomKey], numbers: Iterator[int]
) -> list[Envelope]:
    """What *origin* publishes last on the old fan-out, before it goes on with *epoch*."""
    rooms = list(rooms)
    in_rooms = [
        Envelope(
            origin,
            next(numbers),
            room.namespace,
            Action.SIGNAL,
            rooms=(room.room,) if room.room else (),
            event=LAST_HERE,
            args=(epoch,),
        )
        for room in rooms
    ]
    named = [[room.namespace, room.room] for room in rooms]
    return [*in_rooms, _for_all(origin, next(numbers), LAST, (epoch, named))]


def without_marks(origin: str, epoch: int, numbers: Iterator[int]) -> Envelope:
    """What *origin* publishes first on the new fan-out if the old one did not take the marks."""
    return _for_all(origin, next(numbers), WITHOUT, (epoch,))


def _for_all(origin: str, sequence: int, event: str, args: tuple[object, ...]) -> Envelope:
    return Envelope(origin, sequence, NAMESPACE, Action.SIGNAL, event=event, args=args)


@dataclass(slots=True)
class _Origin:
    marked: set[RoomKey] = field(default_factory=set)
    named: frozenset[RoomKey] | None = None
    held: list[Envelope] = field(default_factory=list)
    until: float | None = None  # for which what is held waits
    passed: bool = False


class Fence:
    """Between the old fan-out and the new one, which has *epoch*, at a receiver.

    *expects*: whether an origin's marks can come here at all; *wanted*: whether a room's envelopes
    did come here. What is held waits for *patience* seconds at most. Envelopes of no epoch (of
    other Socket.IO servers, which do not change with us) pass. Times are seconds of one monotonic
    clock; what is returned is to be delivered at once, in this order.
    """

    def __init__(
        self,
        epoch: int,
        *,
        patience: float,
        expects: Callable[[str], bool],
        wanted: Callable[[RoomKey], bool],
    ) -> None:
        self._epoch = epoch
        self._patience = patience
        self._expects = expects
        self._wanted = wanted
        self._origins: dict[str, _Origin] = {}
        self._open = False

    @property
    def marked(self) -> frozenset[str]:
        """The origins whose marks are here: nothing more of theirs comes on the old fan-out."""
        return frozenset(name for name, origin in self._origins.items() if self._complete(origin))

    @property
    def begun(self) -> bool:
        """Whether anybody was heard to change."""
        return bool(self._origins)

    @property
    def holds(self) -> bool:
        return any(origin.held for origin in self._origins.values())

    def old(self, envelopes: Sequence[Envelope]) -> list[Envelope]:
        """The old fan-out brought *envelopes*."""
        out: list[Envelope] = []
        for envelope in envelopes:
            if envelope.action is Action.SIGNAL and envelope.event in (LAST, LAST_HERE):
                out += self._mark(envelope)
            else:
                out.append(envelope)
        return out

    def new(self, envelopes: Sequence[Envelope], now: float) -> list[Envelope]:
        """The new fan-out brought *envelopes*."""
        out: list[Envelope] = []
        for envelope in envelopes:
            if envelope.event == WITHOUT and envelope.namespace == NAMESPACE:
                # What the old one did not take of it comes on the new one.
                origin = self._origin(envelope.origin)
                origin.named = frozenset()
                out += self._pass(origin)
            elif envelope.epoch != self._epoch or self._may_pass(envelope.origin):
                out.append(envelope)
            else:
                origin = self._origin(envelope.origin)
                origin.held.append(envelope)
                if origin.until is None:
                    origin.until = now + self._patience
        return out

    def late(self, now: float) -> list[Envelope]:
        """What has waited long enough."""
        out: list[Envelope] = []
        for origin in self._origins.values():
            if origin.until is not None and now >= origin.until:
                out += self._pass(origin)
        return out

    def give_up(self) -> list[Envelope]:
        """The old fan-out will bring no more marks: everything passes from now on."""
        self._open = True
        return [one for origin in self._origins.values() for one in self._pass(origin)]

    def _may_pass(self, name: str) -> bool:
        if self._open or not self._expects(name):
            return True
        origin = self._origins.get(name)
        return origin is not None and origin.passed

    def _mark(self, envelope: Envelope) -> list[Envelope]:
        if not envelope.args or envelope.args[0] != self._epoch:
            return []  # of a change that was called off, or of one before
        origin = self._origin(envelope.origin)
        if envelope.event == LAST:
            origin.named = frozenset(RoomKey(*pair) for pair in envelope.args[1])
        else:
            origin.marked |= set(envelope.keys)
        return self._pass(origin) if self._complete(origin) else []

    def _complete(self, origin: _Origin) -> bool:
        if origin.named is None:
            return False
        return all(room in origin.marked for room in origin.named if self._wanted(room))

    def _pass(self, origin: _Origin) -> list[Envelope]:
        origin.passed, origin.until = True, None
        held, origin.held = origin.held, []
        return held

    def _origin(self, name: str) -> _Origin:
        return self._origins.setdefault(name, _Origin())
