"""What travels between gateways."""

from __future__ import annotations

import enum
from typing import Any, NamedTuple

import msgspec

from chatcluster.core.position import Position


class RoomKey(NamedTuple):
    """A room of a namespace; the room "" is everybody in the namespace."""

    namespace: str
    room: str


class Action(enum.IntEnum):
    """What a gateway that receives the envelope does with the clients that it holds."""

    EMIT = 1  # send them `event` with `args`
    JOIN = 2  # let them enter the rooms `into`
    LEAVE = 3  # let them leave the rooms `into`
    DISCONNECT = 4  # disconnect them from the namespace (`close`: close their connections)
    CLOSE_ROOM = 5  # everybody leaves the rooms `rooms`
    SIGNAL = 6  # for the gateways themselves: `event` and `args` reach no client


class Envelope(msgspec.Struct, frozen=True):
    """One thing to do, for the clients in any of `rooms` (none: all of the namespace) and not in
    any of `exclude`.

    `sequence` counts one origin's envelopes from 1, without gaps as they leave it. A gateway sees
    only the envelopes for rooms that it wants, so at the receiver a gap means nothing. `rooms` and
    `exclude` may hold socket ids: every client is alone in the room of its id (Socket.IO
    documentation, "Rooms", "Default room").

    A struct, because each gateway makes one for every message: that takes a tenth of the time that
    a frozen dataclass takes.
    """

    origin: str
    sequence: int
    namespace: str
    action: Action
    rooms: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    event: str = ""
    args: tuple[Any, ...] = ()
    into: tuple[str, ...] = ()
    close: bool = False
    epoch: int = 0
    position: Position | None = None
    flags: dict[str, Any] = {}  # a new one for each: msgspec copies what is empty

    @property
    def keys(self) -> tuple[RoomKey, ...]:
        """The rooms for which a gateway must have said `want` to get this envelope."""
        rooms = self.rooms
        if len(rooms) == 1:
            return (RoomKey(self.namespace, rooms[0]),)
        return tuple(RoomKey(self.namespace, room) for room in rooms or ("",))
