"""A room's members here, and what waits to be written to all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from chat_gateway.manager.socket import Socket
from chat_gateway.sockets import packets
from chat_gateway.sockets.counts import Counts
from chat_gateway.sockets.packets import Outgoing
from chat_gateway.sockets.session import Session

HOLD_SECONDS = 0.005
LATELY_SECONDS = 0.1
BUSY = 8  # messages written at once,
BUSY_EACH = 2  # so many on average to each room


class Room:
    """`members` by socket id. *wide*: whoever is in it may be in any other room, too.

    Messages that wait belong to those who were members when they came. Each member's session knows
    its rooms, so that whatever else it is sent comes after what waits there: a client gets
    everything in the order in which it was sent, in whatever room it was.
    """

    __slots__ = ("_ahead", "_counts", "_others", "_writes", "members", "shared", "waiting", "wide")

    def __init__(self, counts: Counts, *, wide: bool = False) -> None:
        self._counts = counts
        self.wide = wide
        self.members: dict[str, Socket] = {}
        self.shared: set[Session] | None = None  # those who are in other rooms that are not wide
        self.waiting: list[Outgoing] = []
        self._ahead: dict[Session, int] = {}  # how many of the waiting somebody has, or misses
        # Of those who keep up; made as they come, since it is what each message goes through.
        self._writes: dict[Session, Callable[[bytes], None]] = {}
        self._others: dict[Session, None] = {}

    def enter(self, socket: Socket) -> None:
        self.members[socket.sid] = socket
        session = socket.session
        if self.waiting:
            session.flush_rooms()
            self._ahead[session] = len(self.waiting)
        session.rooms = (*session.rooms, self)
        if not self.wide:
            self._share(session)
        self.follow(session)

    def leave(self, socket: Socket) -> None:
        session = socket.session
        if self.waiting:
            self.overtake(session)
            del self._ahead[session]
        session.rooms = tuple(room for room in session.rooms if room is not self)
        if self.shared is not None and session in self.shared:
            self._unshare(session)
        self._writes.pop(session, None)
        self._others.pop(session, None)
        del self.members[socket.sid]

    def follow(self, session: Session) -> None:
        """How the member is written to has changed."""
        if session.write is not None:
            self._writes[session] = session.write
            self._others.pop(session, None)
        else:
            self._others[session] = None
            self._writes.pop(session, None)

    def overtake(self, session: Session) -> None:
        missing = self.waiting[self._ahead.get(session, 0) :]
        self._ahead[session] = len(self.waiting)
        if missing:
            session.send(missing)

    def flush(self) -> None:
        """Write what waits, in one write to each member."""
        waiting = self.waiting
        if not waiting:
            return
        self.waiting = []
        if self._ahead or self._others:
            self._flush_one_by_one(waiting)
            return
        data = packets.joined(waiting)
        writes = list(self._writes.values())  # some may be the last that a client takes just now
        for write in writes:
            write(data)
        self._counts.sent += len(writes) * len(data)

    def _flush_one_by_one(self, waiting: Sequence[Outgoing]) -> None:
        """Where not all have to get the same, or can be written to."""
        ahead, self._ahead = self._ahead, {}
        for session in [*self._writes, *self._others]:
            missing = waiting[ahead[session] :] if session in ahead else waiting
            if missing:
                session.send(missing)

    def _share(self, session: Session) -> None:
        narrow = [room for room in session.rooms if not room.wide]
        if len(narrow) == 2:
            narrow[0].mark(session)
        if len(narrow) >= 2:
            self.mark(session)

    def _unshare(self, session: Session) -> None:
        self.unmark(session)
        narrow = [room for room in session.rooms if not room.wide]
        if len(narrow) == 1:
            narrow[0].unmark(session)

    def mark(self, session: Session) -> None:
        """The member is in another room besides that is not wide."""
        if self.shared is None:
            self.shared = set()
        self.shared.add(session)

    def unmark(self, session: Session) -> None:
        """It is not any more."""
        if self.shared is not None:
            self.shared.discard(session)


class Bursts:
    """Writes what is for rooms at once or, while there is much, what comes within HOLD_SECONDS
    together.

    At once means after all that has arrived here at the same time. If that was much, and to the
    same rooms, what follows within LATELY_SECONDS is held: so a room's messages of a moment leave
    in one write to each member.

    What waits in several rooms is never for the same client, and so may go out room by room.
    """

    def __init__(self) -> None:
        self._rooms: list[Room] = []
        self._messages = 0
        self._busy_until = 0.0  # by the loop's clock
        self._loop: asyncio.AbstractEventLoop | None = None

    def add(self, room: Room, outgoing: Sequence[Outgoing]) -> None:
        self._messages += 1
        if room.waiting:
            room.waiting += outgoing
            return
        if not self._rooms:
            self._write_soon()
        elif room.wide:
            self._flush_all()
        elif self._rooms[
            -1
        ].wide:  # as long as anything waits in a wide one, nothing does elsewhere
            self._rooms[-1].flush()
        elif room.shared:
            self._part(room.shared)
        room.waiting += outgoing
        self._rooms.append(room)

    def _write_soon(self) -> None:
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        if self._busy_until and loop.time() < self._busy_until:
            loop.call_later(HOLD_SECONDS, self._write)
        else:
            loop.call_soon(self._write)

    def _flush_all(self) -> None:
        for room in self._rooms:
            room.flush()

    def _part(self, shared: set[Session]) -> None:
        """Write what waits for any of these."""
        if len(shared) < len(self._rooms):
            for session in shared:
                session.flush_rooms()
            return
        for room in self._rooms:
            if room.waiting and not shared.isdisjoint(room.shared or ()):
                room.flush()

    def _write(self) -> None:
        rooms, self._rooms = self._rooms, []
        much = self._messages >= max(BUSY, BUSY_EACH * len(rooms))
        self._messages = 0
        for room in rooms:
            room.flush()
        if self._loop is not None:
            self._busy_until = self._loop.time() + LATELY_SECONDS if much else 0.0
