"""The Socket.IO sockets of this gateway and the rooms that they are in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from chat_gateway.sockets.session import Session
from chatcluster.core.envelope import RoomKey


class Pending(Protocol):
    """What waits for acknowledgements; called at most once for each client."""

    def acked(self, socket: Socket, data: Sequence[Any]) -> Any:
        """The client acknowledged with these arguments. What is returned may be awaited."""

    def gone(self, socket: Socket) -> None:
        """The client has left without."""


class Socket:
    """One client in one namespace."""

    __slots__ = ("acks", "auth", "connected", "namespace", "rooms", "session", "sid")

    def __init__(self, sid: str, namespace: str, session: Session) -> None:
        self.sid = sid
        self.namespace = namespace
        self.session = session
        self.connected = False  # between the connect handler's yes and the disconnect
        self.rooms: set[str] = set()
        self.auth = b""  # what the client sent to connect with, as JSON
        self.acks: dict[int, Pending] | None = None

    def expect(self, number: int, pending: Pending) -> None:
        """An acknowledgement with this number is for *pending*."""
        if self.acks is None:
            self.acks = {}
        self.acks[number] = pending

    def forget(self, number: int) -> Pending | None:
        """Who waited for this number; nobody does from now on."""
        return self.acks.pop(number, None) if self.acks is not None else None


class Membership:
    """Sockets by id, by session and by room.

    A connected socket is in the room "" of its namespace and in the room of its own id (Socket.IO,
    "Default room"). `changed` is called with a room that got its first member here (True) or lost
    its last (False).
    """

    def __init__(self, changed: Callable[[RoomKey, bool], None]) -> None:
        self.sockets: dict[str, Socket] = {}
        self._by_session: dict[str, dict[str, Socket]] = {}
        self._rooms: dict[str, dict[str, dict[str, Socket]]] = {}
        self._changed = changed

    def add(self, sid: str, namespace: str, session: Session) -> Socket | None:
        """A socket that is about to connect; None if the session is in the namespace already."""
        mine = self._by_session.setdefault(session.sid, {})
        if namespace in mine:
            return None
        socket = mine[namespace] = self.sockets[sid] = Socket(sid, namespace, session)
        return socket

    def connect(self, sid: str) -> None:
        """From now on the socket gets what is sent to its rooms."""
        socket = self.sockets[sid]
        socket.connected = True
        self.enter(socket, "")
        self.enter(socket, sid)

    def remove(self, sid: str) -> None:
        socket = self.sockets.pop(sid, None)
        if socket is None:
            return
        socket.connected = False
        for room in list(socket.rooms):
            self.leave(socket, room)
        mine = self._by_session.get(socket.session.sid, {})
        mine.pop(socket.namespace, None)
        if not mine:
            self._by_session.pop(socket.session.sid, None)
        for number in list(socket.acks or ()):
            if (pending := socket.forget(number)) is not None:
                pending.gone(socket)

    def enter(self, socket: Socket, room: str) -> None:
        if room in socket.rooms:
            return
        members = self._rooms.setdefault(socket.namespace, {}).setdefault(room, {})
        members[socket.sid] = socket
        socket.rooms.add(room)
        if len(members) == 1:
            self._changed(RoomKey(socket.namespace, room), True)

    def leave(self, socket: Socket, room: str) -> None:
        if room not in socket.rooms:
            return
        socket.rooms.discard(room)
        rooms = self._rooms[socket.namespace]
        del rooms[room][socket.sid]
        if not rooms[room]:
            del rooms[room]
            if not rooms:
                del self._rooms[socket.namespace]
            self._changed(RoomKey(socket.namespace, room), False)

    def of_session(self, eio_sid: str, namespace: str) -> Socket | None:
        return self._by_session.get(eio_sid, {}).get(namespace)

    def namespaces_of(self, eio_sid: str) -> list[str]:
        return list(self._by_session.get(eio_sid, ()))

    def namespaces(self) -> Iterable[str]:
        return self._rooms.keys()

    def rooms(self, namespace: str) -> Iterable[str]:
        """The rooms with members here."""
        return list(self._rooms.get(namespace, ()))

    def room(self, namespace: str, room: str) -> dict[str, Socket]:
        """The members of a room, by socket id."""
        return self._rooms.get(namespace, {}).get(room, {})

    def room_count(self) -> int:
        """Rooms with members here that somebody named: not those of all, nor of a socket alone."""
        return sum(
            bool(room) and not room.startswith("\x00") and room not in self.sockets
            for rooms in self._rooms.values()
            for room in rooms
        )

    def select(
        self, namespace: str, rooms: tuple[str, ...], exclude: tuple[str, ...]
    ) -> Iterator[Socket]:
        """Those in any of *rooms* (none: all) and in none of *exclude*, each once."""
        here = self._rooms.get(namespace, {})
        if len(rooms) <= 1:
            chosen = here.get(rooms[0] if rooms else "", {})
        else:
            chosen = {sid: s for room in rooms for sid, s in here.get(room, {}).items()}
        if not exclude:
            return iter(list(chosen.values()))
        left_out = set().union(*(here.get(room, {}).keys() for room in exclude))
        return iter([socket for sid, socket in chosen.items() if sid not in left_out])
