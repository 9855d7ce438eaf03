"""The Socket.IO sockets of this gateway and the rooms that they are in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from chat_gateway.manager.room import Room
from chat_gateway.manager.socket import Pending as Pending
from chat_gateway.manager.socket import Socket as Socket
from chat_gateway.sockets.counts import Counts
from chat_gateway.sockets.session import Session
from chatcluster.core.envelope import RoomKey

_NOBODY: Mapping[str, Socket] = {}


class Membership:
    """Sockets by id, by session and by room.

    A connected socket is in the room "" of its namespace and in the room of its own id (Socket.IO,
    "Default room"); nothing is kept for the latter while nobody else is in it. `changed` is called
    with a room that got its first member here (True) or lost its last (False), `owned` with a
    socket's own room when it has one from now on, and when it has none any more; `changed` is told
    of that, too, if somebody else enters it.
    """

    def __init__(
        self,
        changed: Callable[[RoomKey, bool], None],
        counts: Counts | None = None,
        *,
        owned: Callable[[RoomKey, bool], None] | None = None,
    ) -> None:
        self._counts = counts or Counts()
        self.sockets: dict[str, Socket] = {}
        self._by_session: dict[str, tuple[Socket, ...]] = {}
        self._rooms: dict[str, dict[str, Room]] = {}
        self._changed = changed
        self._owned = owned or changed

    def add(self, sid: str, namespace: str, session: Session) -> Socket | None:
        """A socket that is about to connect; None if the session is in the namespace already."""
        if self.of_session(session.sid, namespace) is not None:
            return None
        socket = self.sockets[sid] = Socket(sid, namespace, session)
        self._by_session[session.sid] = (*self._by_session.get(session.sid, ()), socket)
        return socket

    def connect(self, sid: str) -> None:
        """From now on the socket gets what is sent to its rooms."""
        socket = self.sockets[sid]
        socket.connected = True
        self._put(socket, "")
        others = self.place(socket.namespace, sid)
        if others is not None:
            others.enter(socket)
        self._owned(RoomKey(socket.namespace, sid), True)

    def remove(self, sid: str) -> None:
        socket = self.sockets.pop(sid, None)
        if socket is None:
            return
        for room in socket.named:
            self.leave(socket, room)
        place = self.place(socket.namespace, "")
        if place is not None and sid in place.members:  # else it never was connected
            self._take(socket, "")
            if self.place(socket.namespace, sid) is not None:
                self._take(socket, sid)
            self._owned(RoomKey(socket.namespace, sid), False)
        socket.connected = False
        self._forget(socket)
        for number in list(socket.acks or ()):
            if (pending := socket.forget(number)) is not None:
                pending.gone(socket)

    def enter(self, socket: Socket, room: str) -> None:
        if room in socket.named or room in ("", socket.sid):
            return
        self._put(socket, room)
        socket.named = (*socket.named, room)

    def leave(self, socket: Socket, room: str) -> None:
        if room in socket.named:
            socket.named = tuple(name for name in socket.named if name != room)
            self._take(socket, room)

    def of_session(self, eio_sid: str, namespace: str) -> Socket | None:
        for socket in self._by_session.get(eio_sid, ()):
            if socket.namespace == namespace:
                return socket
        return None

    def namespaces_of(self, eio_sid: str) -> list[str]:
        return [socket.namespace for socket in self._by_session.get(eio_sid, ())]

    def namespaces(self) -> Iterable[str]:
        return self._rooms.keys()

    def rooms(self, namespace: str) -> Iterable[str]:
        """The rooms with members here."""
        here = self._rooms.get(namespace, {})
        everybody = here[""].members if "" in here else _NOBODY
        return [*here, *(sid for sid in everybody if sid not in here)]

    def place(self, namespace: str, room: str) -> Room | None:
        """A room for which something is kept."""
        return self._rooms.get(namespace, {}).get(room)

    def room(self, namespace: str, room: str) -> Mapping[str, Socket]:
        """The members of a room, by socket id."""
        place = self.place(namespace, room)
        if place is not None:
            return place.members
        alone = self.alone(namespace, room)
        return _NOBODY if alone is None else {room: alone}

    def alone(self, namespace: str, room: str) -> Socket | None:
        """The connected socket whose own room this is, if nothing is kept for that."""
        socket = self.sockets.get(room)
        ours = socket is not None and socket.connected and socket.namespace == namespace
        return socket if ours else None

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
        if len(rooms) <= 1:
            chosen = self.room(namespace, rooms[0] if rooms else "")
        else:
            chosen = {sid: s for room in rooms for sid, s in self.room(namespace, room).items()}
        if not exclude:
            return iter(list(chosen.values()))
        left_out = set().union(*(self.room(namespace, room).keys() for room in exclude))
        return iter([socket for sid, socket in chosen.items() if sid not in left_out])

    def _put(self, socket: Socket, room: str) -> None:
        rooms = self._rooms.setdefault(socket.namespace, {})
        place = rooms.get(room)
        if place is None:
            owner = self.alone(socket.namespace, room)
            place = rooms[room] = Room(self._counts, wide=room == "" or room[0] == "\x00")
            if owner is not None:
                place.enter(owner)
            self._changed(RoomKey(socket.namespace, room), True)
        place.enter(socket)

    def _take(self, socket: Socket, room: str) -> None:
        rooms = self._rooms[socket.namespace]
        place = rooms[room]
        place.leave(socket)
        if not place.members:
            del rooms[room]
            if not rooms:
                del self._rooms[socket.namespace]
            self._changed(RoomKey(socket.namespace, room), False)

    def _forget(self, socket: Socket) -> None:
        sid = socket.session.sid
        others = tuple(one for one in self._by_session.get(sid, ()) if one is not socket)
        if others:
            self._by_session[sid] = others
        else:
            self._by_session.pop(sid, None)
