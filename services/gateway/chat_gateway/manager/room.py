"""A room's members here, and what waits to be written to all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from chat_gateway.manager.socket import Socket
from chat_gateway.sockets import packets
from chat_gateway.sockets.counts import Counts
from chat_gateway.sockets.packets import Outgoing
from chat_gateway.sockets.session import Session

HOLD_SECONDS = 0.005
BUSY = 8


class Room:
    """`members` by socket id.

    Messages that wait belong to those who were members when they came. Each member's session knows
    of them (`burst`), so that whatever else it is sent comes after them: a client gets everything
    in the order in which it was sent, in whatever room it was.
    """

    __slots__ = ("_ahead", "_counts", "members", "waiting")

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self.members: dict[str, Socket] = {}
        self.waiting: list[Outgoing] = []
        self._ahead: dict[Session, int] = {}  # how many of the waiting somebody has, or misses

    def enter(self, socket: Socket) -> None:
        self.members[socket.sid] = socket
        if self.waiting:
            session = socket.session
            if isinstance(session.burst, Room):
                session.burst.flush()
            session.burst = self
            self._ahead[session] = len(self.waiting)

    def leave(self, socket: Socket) -> None:
        session = socket.session
        if session.burst is self:
            self.overtake(session)
            del self._ahead[session]
            session.burst = None
        del self.members[socket.sid]

    def add(self, outgoing: Sequence[Outgoing]) -> bool:
        """Let *outgoing* wait; True if nothing did before."""
        first = not self.waiting
        if first:
            for socket in self.members.values():
                session = socket.session
                if session.burst is not None:
                    session.burst.flush()
                session.burst = self
        self.waiting += outgoing
        return first

    def overtake(self, session: Session) -> None:
        missing = self.waiting[self._ahead.get(session, 0) :]
        self._ahead[session] = len(self.waiting)
        if missing:
            session.send(missing)

    def flush(self) -> None:
        """Write what waits, in one write to each member."""
        waiting, self.waiting = self.waiting, []
        if not waiting:
            return
        for session, has in self._ahead.items():
            session.burst = None
            if missing := waiting[has:]:
                session.send(missing)
        data = packets.joined(waiting)
        ahead, self._ahead = self._ahead, {}
        others = 0
        for socket in self.members.values():
            session = socket.session
            if ahead and session in ahead:
                others += 1
                continue
            session.burst = None
            write = session.write
            if write is None:
                others += 1
                session.send(waiting)
            else:
                write(data)
        self._counts.sent += (len(self.members) - others) * len(data)


class Bursts:
    """Writes what is for rooms at once or, while there is much, what comes within HOLD_SECONDS
    together.

    At once means after all that has arrived here at the same time. If that was BUSY messages or
    more, what follows is held: so a room's messages of a moment leave in one write to each member.
    """

    def __init__(self) -> None:
        self._rooms: list[Room] = []
        self._messages = 0
        self._wrote = 0.0  # when, by the loop's clock
        self._busy = False

    def add(self, room: Room, outgoing: Sequence[Outgoing]) -> None:
        self._messages += 1
        if not room.add(outgoing):
            return
        if not self._rooms:
            loop = asyncio.get_running_loop()
            wait = self._wrote + HOLD_SECONDS - loop.time() if self._busy else 0.0
            if wait > 0:
                loop.call_later(wait, self._write)
            else:
                loop.call_soon(self._write)
        self._rooms.append(room)

    def _write(self) -> None:
        rooms, self._rooms = self._rooms, []
        self._busy = self._messages >= BUSY
        self._messages = 0
        self._wrote = asyncio.get_running_loop().time()
        for room in rooms:
            room.flush()
