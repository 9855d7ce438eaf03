"""Which channels a gateway listens to, and what each of them carries.

    chat:<event>                      to everybody on `/`, to several rooms, or written by hand
    chat:<event>:<room>               to one room of `/`
    chat:<event>:<namespace>:<room>   to one room of another namespace; an empty one: to everybody
    chat:#:<namespace>:<room>         what only gateways understand, in the same way
    chat:#:<namespace>                the same, to several rooms

In names, `%`, `:` and `#` are percent-encoded, so that one channel never has two meanings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from typing import NamedTuple

from chatcluster.core.envelope import Action, Envelope, RoomKey

OURS = ""  # in place of an event: what is not for clients
MAIN = "/"  # the namespace that is meant when none is named

_SPECIAL = re.compile("[%:#]")


class Route(NamedTuple):
    """What a channel carries: messages of this event, or ("") what only gateways understand; for
    this room alone, or ("") for any."""

    event: str
    namespace: str = MAIN
    room: str = ""


class Names:
    """The names of the channels that begin with *prefix*."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def of(self, envelope: Envelope) -> bytes:
        """Where an envelope is published."""
        event = envelope.event if envelope.action is Action.EMIT else OURS
        if len(envelope.rooms) > 1:
            return self.any(event, envelope.namespace)
        return self.one(event, *envelope.keys[0])

    def one(self, event: str, namespace: str, room: str) -> bytes:
        """For one room, or ("") everybody of a namespace; OURS: not an event for clients."""
        if event == OURS:
            return self._channel("#", _quoted(namespace), _quoted(room))
        if namespace != MAIN:
            return self._channel(_quoted(event), _quoted(namespace), _quoted(room))
        return self._channel(_quoted(event), *([_quoted(room)] if room else []))

    def any(self, event: str, namespace: str) -> bytes:
        """For several rooms of a namespace."""
        if event == OURS:
            return self._channel("#", _quoted(namespace))
        return self._channel(_quoted(event))

    def private(self, purpose: str, name: str) -> bytes:
        """For a gateway to hear itself."""
        return self._channel("#", "", purpose, name)

    def _channel(self, *parts: str) -> bytes:
        # JavaScript has text that is not Unicode (half a surrogate pair), and clients name rooms.
        return ":".join((self._prefix, *parts)).encode("utf-8", "surrogatepass")


class Interest:
    """The rooms that are wanted, and the channels that bring *events* for them.

    The channels for several rooms, and for what is written by hand, are listened to as soon as any
    room is wanted.
    """

    def __init__(self, names: Names, events: Sequence[str]) -> None:
        self.routes: dict[bytes, Route] = {}
        self._names = names
        self._events = tuple(events)
        self._rooms: frozenset[RoomKey] = frozenset()

    def change(self, rooms: Set[RoomKey]) -> tuple[list[bytes], list[bytes]]:
        """Want exactly *rooms* from now on. Returns the channels to listen to in addition, and
        those to leave."""
        wanted = frozenset(rooms)
        old, new = self._rooms - wanted, wanted - self._rooms
        common = dict(self._common(self._rooms)), dict(self._common(wanted))
        leaving = dict(self._of_rooms(old)) | common[0]
        coming = dict(self._of_rooms(new)) | common[1]
        self._rooms = wanted
        drop = [channel for channel in leaving if channel not in coming]
        add = [channel for channel in coming if channel not in self.routes]
        for channel in drop:
            del self.routes[channel]
        self.routes.update(coming)
        return add, drop

    def wants(self, envelope: Envelope) -> bool:
        """Whether any of its rooms is wanted."""
        return not self._rooms.isdisjoint(envelope.keys)

    def _common(self, rooms: Set[RoomKey]) -> Iterator[tuple[bytes, Route]]:
        namespaces = {key.namespace for key in rooms}
        for namespace in namespaces:
            yield self._names.any(OURS, namespace), Route(OURS, namespace)
        if any(namespace.startswith(MAIN) for namespace in namespaces):
            for event in self._events:
                yield self._names.any(event, MAIN), Route(event)

    def _of_rooms(self, rooms: Set[RoomKey]) -> Iterator[tuple[bytes, Route]]:
        for key in rooms:
            yield self._names.one(OURS, *key), Route(OURS, *key)
            # Clients are in namespaces that begin with "/"; in others, gateways are by themselves.
            if key.namespace.startswith(MAIN) and key != (MAIN, ""):
                for event in self._events:
                    yield self._names.one(event, *key), Route(event, *key)


def _quoted(name: str) -> str:
    return _SPECIAL.sub(lambda match: f"%{ord(match[0]):02X}", name)
