"""Which channels a gateway listens to, and what each of them carries.

The names are those of @socket.io/redis-adapter 8.3.0 (`lib/index.ts`, the constructor and
`broadcast`), and two families of our own for what only gateways understand. Node listens to the
pattern `{key}#{namespace}#*`, which our names must not match.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Iterator, Set
from typing import NamedTuple

from chatcluster.core.envelope import Envelope, RoomKey


class Kind(enum.Enum):
    """How a channel's payloads are written."""

    BROADCAST = enum.auto()
    REQUEST = enum.auto()
    OURS = enum.auto()


class Route(NamedTuple):
    """What a channel carries: for this one room, or ("") for any number of a namespace's rooms."""

    kind: Kind
    namespace: str
    room: str


class Names:
    """The names of channels under a key, which tells apart the clusters that share a Redis."""

    def __init__(self, key: str) -> None:
        self._key = key

    def broadcast(self, namespace: str, room: str) -> bytes:
        return _channel(f"{self._key}#", namespace, room)

    def request(self, namespace: str) -> bytes:
        return _channel(f"{self._key}-request#", namespace, "")

    def ours(self, namespace: str, room: str) -> bytes:
        return _channel(f"{self._key}-chatcluster#", namespace, room)

    def echo(self, name: str) -> bytes:
        """For a gateway to hear itself."""
        return f"{self._key}-chatcluster-echo#{name}#".encode()

    def of_room(self, key: RoomKey) -> Iterator[tuple[bytes, Route]]:
        """The channels of what is for this room alone."""
        yield self.broadcast(*key), Route(Kind.BROADCAST, *key)
        yield self.ours(*key), Route(Kind.OURS, *key)

    def of_namespace(self, namespace: str) -> Iterator[tuple[bytes, Route]]:
        """The channels of what is for none, or more than one, of the namespace's rooms."""
        yield from self.of_room(RoomKey(namespace, ""))
        yield self.request(namespace), Route(Kind.REQUEST, namespace, "")


class Interest:
    """The rooms that are wanted, and the channels that bring them.

    A namespace with any wanted room has its common channels: what is for several rooms comes there.
    """

    def __init__(self, names: Names) -> None:
        self.routes: dict[bytes, Route] = {}
        self._names = names
        self._rooms: frozenset[RoomKey] = frozenset()
        self._namespaces: Counter[str] = Counter()

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

    def _channels(
        self, rooms: Iterable[RoomKey], namespaces: Iterable[str]
    ) -> Iterator[tuple[bytes, Route]]:
        for namespace in namespaces:
            yield from self._names.of_namespace(namespace)
        for key in rooms:
            if key.room:
                yield from self._names.of_room(key)


def _channel(prefix: str, namespace: str, room: str) -> bytes:
    # JavaScript has text that is not Unicode (half a surrogate pair), and clients name rooms.
    tail = f"{namespace}#{room}#" if room else f"{namespace}#"
    return (prefix + tail).encode("utf-8", "surrogatepass")
