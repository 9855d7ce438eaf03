"""python-socketio's client manager, with a fan-out behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

import socketio

from chat_gateway.manager.calls import Calls
from chat_gateway.manager.encoding import encode_event
from chat_gateway.manager.membership import Membership, Socket
from chat_gateway.manager.publishing import Publishing
from chat_gateway.manager.room import Bursts
from chat_gateway.sockets.counts import Counts
from chat_gateway.sockets.packets import Outgoing
from chatcluster.core.envelope import Action, Envelope, RoomKey
from chatcluster.core.position import Position
from chatcluster.fanout.port import Fanout
from chatcluster.runtime.tracing import Tracer, with_trace


class FanoutManager(socketio.AsyncManager):  # type: ignore[misc]  # the library has no types
    """`emit`, rooms and `disconnect` of python-socketio, for the clients of all gateways.

    What is sent here comes back through the fan-out before it reaches this gateway's own clients,
    so that all gateways' clients see one order.
    """

    def __init__(
        self,
        fanout: Fanout,
        origin: str,
        changed: Callable[[RoomKey, bool], None],
        numbers: Iterator[int] | None = None,
        owned: Callable[[RoomKey, bool], None] | None = None,
    ) -> None:
        """*numbers* are for the envelopes of *origin*, if somebody else numbers such, too."""
        super().__init__()
        self.counts = Counts()
        self.members = Membership(changed, self.counts, owned=owned)
        self.calls = Calls(self.members, fanout)
        self.delivered = 0  # messages written to clients
        self.tracer: Tracer | None = None
        self.publishing = Publishing(fanout)
        self._bursts = Bursts()
        self.origin = origin
        self._numbers = numbers or count(1)

    # Towards other gateways.

    def envelope(self, namespace: str, action: Action, **fields: Any) -> Envelope:
        """This gateway's next envelope."""
        if self.tracer is not None:
            fields["flags"] = with_trace(fields.get("flags", {}))
        return Envelope(self.origin, next(self._numbers), namespace, action, **fields)

    def event(
        self,
        namespace: str,
        rooms: tuple[str, ...],
        event: str,
        arg: Any,
        position: Position | None = None,
    ) -> Envelope:
        """This gateway's next envelope, for an event with one argument."""
        flags: dict[str, Any] = {} if self.tracer is None else with_trace({})
        head = (self.origin, next(self._numbers), namespace, Action.EMIT, rooms, ())
        return Envelope(*head, event, (arg,), position=position, flags=flags)

    async def publish(self, envelope: Envelope) -> None:
        """Raises FanoutError if the carrier did not take it."""
        await self.publishing.publish(envelope)

    # Towards this gateway's own clients.

    def emit_here(
        self,
        namespace: str,
        outgoing: Sequence[Outgoing],
        *,
        rooms: tuple[str, ...] = (),
        exclude: tuple[str, ...] = (),
        volatile: bool = False,
    ) -> None:
        """Write *outgoing* to those of *rooms* (none: all) who are connected here."""
        if volatile:
            for one in outgoing:
                one.volatile = True
        if len(rooms) <= 1 and not exclude:
            room = self.members.place(namespace, rooms[0] if rooms else "")
            if room is not None:
                self._bursts.add(room, outgoing)
                self.delivered += len(room.members)
                return
        for socket in self.members.select(namespace, rooms, exclude):
            socket.session.send(outgoing)
            self.delivered += 1

    def apply(self, envelope: Envelope) -> None:
        """Carry out what a gateway asked for, this one included; signals are for others."""
        if envelope.action is Action.EMIT:
            if self.members.room(envelope.namespace, "") or envelope.rooms:
                self._emit(envelope)
            return
        chosen = self.members.select(envelope.namespace, envelope.rooms, envelope.exclude)
        for socket in chosen:
            self._apply_to(socket, envelope)

    def _emit(self, envelope: Envelope) -> None:
        self.emit_here(
            envelope.namespace,
            encode_event(envelope.namespace, envelope.event, envelope.args),
            rooms=envelope.rooms,
            exclude=envelope.exclude,
            volatile=bool(envelope.flags.get("volatile")),
        )

    def _apply_to(self, socket: Socket, envelope: Envelope) -> None:
        if envelope.action is Action.JOIN:
            for room in envelope.into:
                self.members.enter(socket, room)
        elif envelope.action is Action.LEAVE:
            for room in envelope.into:
                self.members.leave(socket, room)
        elif envelope.action is Action.CLOSE_ROOM:
            for room in envelope.rooms:
                self.members.leave(socket, room)
        elif envelope.action is Action.DISCONNECT:
            self.server.drop(socket, close=envelope.close)

    # What python-socketio's server asks for.

    async def emit(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: str | list[str] | None = None,
        skip_sid: str | list[str] | None = None,
        callback: Callable[..., Any] | None = None,
        to: str | list[str] | None = None,
        **_: Any,
    ) -> None:
        """To a room, several, or all (None), on all gateways.

        *callback* is for a single client, of any gateway. Raises FanoutError if the carrier did not
        take it, and ValueError for a callback with several rooms or none.
        """
        rooms = _names(to or room)
        args = data if isinstance(data, tuple) else () if data is None else (data,)
        if callback is not None:
            if len(rooms) != 1:
                raise ValueError("a callback needs one client")
            await self.calls.with_callback(namespace, rooms[0], (event, *args), callback)
            return
        await self.publish(
            self.envelope(
                namespace,
                Action.EMIT,
                rooms=rooms,
                exclude=_names(skip_sid),
                event=event,
                args=args,
            )
        )

    async def pre_connect(self, eio_sid: str, namespace: str) -> str | None:
        sid: str = self.server.eio.generate_id()
        session = self.server.eio.sockets.get(eio_sid)
        if session is None or self.members.add(sid, namespace, session) is None:
            return None
        return sid

    async def connect(self, sid: str, namespace: str) -> str:
        self.members.connect(sid)
        return sid

    async def disconnect(self, sid: str, namespace: str, **_: Any) -> None:
        self.members.remove(sid)

    async def can_disconnect(self, sid: str, namespace: str) -> bool:
        """Whether the caller has to do it; a client of another gateway is disconnected there."""
        if self.is_connected(sid, namespace):
            return True
        await self.publish(self.envelope(namespace, Action.DISCONNECT, rooms=(sid,)))
        return False

    async def enter_room(
        self, sid: str, namespace: str, room: str, eio_sid: str | None = None
    ) -> None:
        socket = self.members.sockets.get(sid)
        if socket is not None:
            self.members.enter(socket, room)
            return
        await self.publish(self.envelope(namespace, Action.JOIN, rooms=(sid,), into=(room,)))

    async def leave_room(self, sid: str, namespace: str, room: str) -> None:
        socket = self.members.sockets.get(sid)
        if socket is not None:
            self.members.leave(socket, room)
            return
        await self.publish(self.envelope(namespace, Action.LEAVE, rooms=(sid,), into=(room,)))

    async def close_room(self, room: str, namespace: str) -> None:
        await self.publish(self.envelope(namespace, Action.CLOSE_ROOM, rooms=(room,)))

    def is_connected(self, sid: str | None, namespace: str) -> bool:
        socket = self.members.sockets.get(sid or "")
        return socket is not None and socket.connected and socket.namespace == namespace

    def sid_from_eio_sid(self, eio_sid: str, namespace: str) -> str | None:
        socket = self.members.of_session(eio_sid, namespace)
        return socket.sid if socket is not None else None

    def eio_sid_from_sid(self, sid: str, namespace: str) -> str | None:
        socket = self.members.sockets.get(sid)
        return socket.session.sid if socket is not None else None

    def pre_disconnect(self, sid: str, namespace: str) -> str | None:
        socket = self.members.sockets.get(sid)
        if socket is None:
            return None
        socket.connected = False
        return socket.session.sid

    def get_namespaces(self) -> list[str]:
        return list(self.members.namespaces())

    def get_participants(self, namespace: str, room: str | None) -> Iterator[tuple[str, str]]:
        rooms = () if room is None else _names(room)
        for socket in self.members.select(namespace, rooms, ()):
            yield socket.sid, socket.session.sid

    def get_rooms(self, sid: str, namespace: str) -> list[str]:
        socket = self.members.sockets.get(sid)
        return [room for room in socket.rooms if room] if socket is not None else []

    async def trigger_callback(self, sid: str, id: int, data: list[Any]) -> None:
        socket = self.members.sockets.get(sid)
        pending = socket.forget(id) if socket is not None else None
        if socket is not None and pending is not None:
            result = pending.acked(socket, data)
            if hasattr(result, "__await__"):
                await result


def _names(rooms: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (rooms,) if isinstance(rooms, str) else tuple(rooms or ())
