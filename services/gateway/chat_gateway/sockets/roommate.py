"""What a session has of the rooms that it shares with others."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from chat_gateway.limits.flow import Sender

if TYPE_CHECKING:
    from chat_gateway.sockets.ports import Room


class Roommate(Sender):
    """`write` writes whole frames to a client that keeps up: for those who send to thousands."""

    __slots__ = ("rooms", "write")

    def __init__(self, place: str | None) -> None:
        super().__init__(place)
        self.rooms: tuple[Room, ...] = ()
        self.write: Callable[[bytes], None] | None = None

    def is_written_by(self, write: Callable[[bytes], None] | None) -> None:
        """From now on, in all its rooms."""
        self.write = write
        for room in self.rooms:
            room.follow(self)

    def overtake_rooms(self) -> None:
        """Write what waits for it there: it is about to be sent something else."""
        for room in self.rooms:
            if room.waiting:
                room.overtake(self)

    def flush_rooms(self) -> None:
        """Write all that waits there, to all of them."""
        for room in self.rooms:
            room.flush()
