"""Which channels a gateway listens to, and what each of them carries."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from typing import NamedTuple, Protocol

from chatcluster.core.envelope import Envelope, RoomKey


class Kind(enum.Enum):
    """How a channel's payloads are written."""

    BROADCAST = enum.auto()
    REQUEST = enum.auto()
    RESPONSE = enum.auto()
    OURS = enum.auto()


class Route(NamedTuple):
    """What a channel carries: for this one room, or ("") for any number of a namespace's rooms."""

    kind: Kind
    namespace: str
    room: str


Channels = Iterator[tuple[bytes, Route]]


class Naming(Protocol):
    """The channels of a protocol."""

    def of_room(self, key: RoomKey) -> Channels:
        """Of what is for this room alone; "" is the whole namespace."""

    def of_rooms(self, namespace: str) -> Channels:
        """Of what is for none, or more than one, of the namespace's rooms."""

    def of_server(self, namespace: str) -> Channels:
        """Of what servers say to each other, whether or not they have clients."""


class Interest:
    """The rooms that are wanted, and the channels that bring them.

    A namespace with any wanted room has its common channels: what is for several rooms comes there.
    An attended one has those of servers, and so has one with rooms.
    """

    def __init__(self, naming: Naming) -> None:
        self.routes: dict[bytes, Route] = {}
        self._naming = naming
        self._rooms: frozenset[RoomKey] = frozenset()
        self._namespaces: Counter[str] = Counter()
        self._attended: set[str] = set()

    def attend(self, namespaces: Collection[str]) -> list[bytes]:
        """Hear what servers say in *namespaces* from now on. Returns the channels to listen to in
        addition."""
        new = set(namespaces) - self._attended
        self._attended |= new
        add = dict(self._of_servers(new - self._namespaces.keys()))
        self.routes.update(add)
        return list(add)

    def change(self, rooms: Set[RoomKey]) -> tuple[list[bytes], list[bytes]]:
        """Want exactly *rooms* from now on. Returns the channels to listen to in addition, and
        those to leave."""
        wanted = frozenset(rooms)
        new, old = wanted - self._rooms, self._rooms - wanted
        self._rooms = wanted
        before = set(self._namespaces)
        self._namespaces.update(key.namespace for key in new)
        self._namespaces.subtract(key.namespace for key in old)
        self._namespaces = +self._namespaces
        after = set(self._namespaces)
        add = dict(self._channels(new, after - before))
        drop = [channel for channel, _ in self._channels(old, before - after)]
        for channel in drop:
            del self.routes[channel]
        self.routes.update(add)
        return list(add), drop

    def wants(self, envelope: Envelope) -> bool:
        """Whether any of its rooms is wanted."""
        return not self._rooms.isdisjoint(envelope.keys)

    def wants_any(self, namespace: str, rooms: Sequence[str]) -> bool:
        """The same for rooms alone."""
        return any(RoomKey(namespace, room) in self._rooms for room in rooms or ("",))

    def has_rooms(self, namespace: str) -> bool:
        return namespace in self._namespaces

    def _channels(self, rooms: Iterable[RoomKey], namespaces: Set[str]) -> Channels:
        for namespace in namespaces:
            yield from self._naming.of_rooms(namespace)
        yield from self._of_servers(namespaces - self._attended)
        for key in rooms:
            if key.room:
                yield from self._naming.of_room(key)

    def _of_servers(self, namespaces: Iterable[str]) -> Channels:
        for namespace in namespaces:
            yield from self._naming.of_server(namespace)


def channel(prefix: str, namespace: str, room: str = "") -> bytes:
    """As all of Node's adapters put a name together."""
    # JavaScript has text that is not Unicode (half a surrogate pair), and clients name rooms.
    tail = f"{namespace}#{room}#" if room else f"{namespace}#"
    return f"{prefix}{tail}".encode("utf-8", "surrogatepass")
