"""What gateways and hubs say to each other: Socket.IO events of the namespace `/relay`.

A gateway connects with `auth: {gateway, token, hubs, hub}` (`hubs`: a digest of the hubs that it
knows; `hub`: it is a hub itself, and holds no clients) and says, each with an acknowledgement:

- `want` `[[[namespace, room], …], [[namespace, room], …]]`: rooms that it wants from now on, and
  rooms that it no longer wants. Acknowledged when in force.
- `publish` `[[namespace, [room, …], data], …]`: items to relay. Acknowledged when taken.

The hub says `deliver` `[data, …]`: the items' data, each once to every gateway that wants any of
the item's rooms, its publisher included, in the order in which the hub took them. The gateway
acknowledges each, so that the hub knows how much is under way.

Each argument is one binary value that holds MessagePack. `data` means nothing to the hub.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from chatcluster.core.envelope import RoomKey
from chatcluster.core.errors import MalformedError
from chatcluster.fanout.wire import pack, unpack

NAMESPACE = "/relay"
WANT = "want"
PUBLISH = "publish"
DELIVER = "deliver"

BATCH_BYTES = 256 * 1024  # what one event should hold; a single larger item goes alone
FRAME_BYTES = 64 * 1024 * 1024  # what either end reads at most as one WebSocket message
DATA_BYTES = FRAME_BYTES - 1024 * 1024  # of one item, so that its rooms fit beside it

# The envelope's flag that names what may be asked for at several hubs and is delivered once.
ONCE = "once"

# Seconds in which all find a hub that is there (again): longer than the longest pause between two
# attempts to reach it.
GRACE = 2.0

# Seconds. A gateway that does not answer is gone after both together.
PING_INTERVAL = 2.0
PING_TIMEOUT = 3.0


class Item(NamedTuple):
    """Something for the gateways that want any of *rooms*."""

    namespace: str
    rooms: tuple[str, ...]
    data: bytes

    @property
    def keys(self) -> tuple[RoomKey, ...]:
        return tuple(RoomKey(self.namespace, room) for room in self.rooms)


class Delta(NamedTuple):
    """Rooms to want from now on, and rooms not to want any more."""

    add: frozenset[RoomKey]
    drop: frozenset[RoomKey]


def encode_items(items: Sequence[Item]) -> bytes:
    return pack(items)


def decode_items(data: object) -> list[Item]:
    """Raises MalformedError."""
    return [_item(fields) for fields in _list(_unpacked(data))]


def encode_delta(delta: Delta) -> bytes:
    return pack([list(delta.add), list(delta.drop)])


def decode_delta(data: object) -> Delta:
    """Raises MalformedError."""
    fields = _list(_unpacked(data))
    if len(fields) != 2:
        raise MalformedError("not a list of added and a list of dropped rooms")
    return Delta(frozenset(_keys(fields[0])), frozenset(_keys(fields[1])))


def encode_batch(batch: Sequence[bytes]) -> bytes:
    return pack(batch)


def decode_batch(data: object) -> list[bytes]:
    """Raises MalformedError."""
    batch = _list(_unpacked(data))
    parts = [part for part in batch if isinstance(part, bytes)]
    if len(parts) != len(batch):
        raise MalformedError("not a list of bytes")
    return parts


def _item(fields: object) -> Item:
    match fields:
        case [str(namespace), [*rooms], bytes(data)]:
            names = tuple(room for room in rooms if isinstance(room, str))
            if len(names) == len(rooms):
                return Item(namespace, names, data)
    raise MalformedError("not an item")


def _keys(fields: object) -> Iterable[RoomKey]:
    for key in _list(fields):
        match key:
            case [str(namespace), str(room)]:
                yield RoomKey(namespace, room)
            case _:
                raise MalformedError("not a room")


def _unpacked(data: object) -> object:
    if not isinstance(data, bytes):
        raise MalformedError("not binary")
    return unpack(data)


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise MalformedError("not a list")
    return value
