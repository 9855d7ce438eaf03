"""The channels of @socket.io/redis-adapter 8.3.0 (`lib/index.ts`, the constructor and `broadcast`).

And two families of our own for what only gateways understand. Node listens to the pattern
`{key}#{namespace}#*`, which our names must not match.
"""

from __future__ import annotations

from collections.abc import Callable

from chatcluster.core.envelope import RoomKey
from chatcluster.fanout.adapter.channels import Channels, Kind, Route, channel


class Names:
    """The names of channels under a key, which tells apart the clusters that share a Redis.

    *uid* gives this server's name in a namespace.
    """

    def __init__(self, key: str, uid: Callable[[str], str]) -> None:
        self._key = key
        self._uid = uid

    def broadcast(self, namespace: str, room: str) -> bytes:
        return channel(f"{self._key}#", namespace, room)

    def request(self, namespace: str) -> bytes:
        return channel(f"{self._key}-request#", namespace)

    def response(self, namespace: str, uid: str = "") -> bytes:
        """To all servers or, with *uid*, to one."""
        return channel(f"{self._key}-response#", namespace, uid)

    def ours(self, namespace: str, room: str) -> bytes:
        return channel(f"{self._key}-chatcluster#", namespace, room)

    def echo(self, name: str) -> bytes:
        """For a gateway to hear itself."""
        return channel(f"{self._key}-chatcluster-echo#", name)

    def of_room(self, key: RoomKey) -> Channels:
        yield self.broadcast(*key), Route(Kind.BROADCAST, *key)
        yield self.ours(*key), Route(Kind.OURS, *key)

    def of_rooms(self, namespace: str) -> Channels:
        yield from self.of_room(RoomKey(namespace, ""))

    def of_server(self, namespace: str) -> Channels:
        """Node counts who listens to the first (`serverCount`), so listening means answering."""
        yield self.request(namespace), Route(Kind.REQUEST, namespace, "")
        response = Route(Kind.RESPONSE, namespace, "")
        yield self.response(namespace), response
        yield self.response(namespace, self._uid(namespace)), response
