"""python-socketio's server, with packets checked, events in order and errors as answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import socketio

from chat_gateway.limits.flow import Flow, too_fast
from chat_gateway.manager import encoding
from chat_gateway.manager.answer import Answer
from chat_gateway.manager.asked import Asked
from chat_gateway.manager.connects import Connects
from chat_gateway.manager.encoding import Json, Packet
from chat_gateway.manager.environs import Environs
from chat_gateway.manager.gate import RENEW, Gate
from chat_gateway.manager.manager import FanoutManager
from chat_gateway.manager.prompt import PromptConnect, PromptEvent, handle
from chat_gateway.manager.socket import Socket
from chat_gateway.sockets import frames
from chat_gateway.sockets.engine import EngineServer
from chat_gateway.sockets.session import SERVER_DISCONNECT, Session
from chatcluster.core import codes
from chatcluster.core.errors import MalformedError

MOST_UNSETTLED = 256  # events of one client whose outcome is not known yet


class ChatServer(socketio.AsyncServer):  # type: ignore[misc]  # the library has no types
    """A Socket.IO server whose clients' events are handled in the order in which they were sent.

    (python-socketio starts a task for each event, so that they overtake each other.)
    A handler's return value is its acknowledgement, a tuple one of several values; `Refused`
    becomes `{error: {code, message}}`. Errors of the log or the fan-out become the code
    `unavailable`, others `internal`.

    *accepts* says which namespaces there are; *connected* is called, and must not wait, when a
    client has been told that it is connected and before it is sent anything else. *gate*: who is
    asked before a client is let in, if anybody. *logs_events*: handlers write log lines also where
    nothing is wrong.
    """

    def __init__(
        self,
        manager: FanoutManager,
        *,
        accepts: Callable[[str], bool],
        connected: Callable[[Socket], None],
        connect_timeout: float,
        namespaces_per_client: int = 200,
        flow: Flow | None = None,
        gate: Gate | None = None,
        logs_events: bool = False,
        **engine_options: Any,
    ) -> None:
        super().__init__(
            client_manager=manager,
            async_handlers=False,
            serializer=Packet,
            json=Json,
            namespaces="*",
            counts=manager.counts,
            **engine_options,
        )
        self._gate = gate
        self._logs_events = logs_events
        self.prompt_connects: dict[str, PromptConnect] = {}  # by namespace
        self.prompt_events: dict[str, PromptEvent] = {}  # of `/`
        self._connects = Connects(
            manager.members,
            self.eio.generate_id,
            accepts=accepts,
            connected=connected,
            most=namespaces_per_client,
            timeout=connect_timeout,
            gate=gate,
        )
        self.flow = flow or Flow()
        self._partial: dict[str, Packet] = {}  # by session: packets that wait for attachments
        self.eio.receiver = self
        self.environ = Environs(self.eio.sockets)

    def _engineio_server_class(self) -> type[EngineServer]:
        return EngineServer

    def drop(self, socket: Socket, *, close: bool) -> None:
        """Disconnect a client from its namespace or, with *close*, end its connection."""
        if close:
            socket.session.close(SERVER_DISCONNECT)
        else:
            self.eio.spawn(self.disconnect(socket.sid, namespace=socket.namespace))

    async def call(
        self,
        event: str,
        data: Any = None,
        to: str | None = None,
        sid: str | None = None,
        namespace: str | None = None,
        timeout: float = 60,
        ignore_queue: bool = False,
    ) -> Any:
        """Send an event to one client, of any gateway, and return its acknowledgement.

        Raises TimeoutError of python-socketio when none came within *timeout* seconds, or none will
        come, and FanoutError. A client's own handler waits for it in vain: what that client sends
        is handled one after another.
        """
        client = to or sid
        if client is None:
            raise ValueError("only one client can be called")
        args = data if isinstance(data, tuple) else () if data is None else (data,)
        answer = await self.manager.calls.call(namespace or "/", client, (event, *args), timeout)
        if answer is None:
            raise socketio.exceptions.TimeoutError
        return tuple(answer) if len(answer) > 1 else answer[0] if answer else None

    # What the Engine.IO server calls.

    def opened(self, session: Session) -> None:
        self._connects.opened(session)

    def message(
        self, session: Session, data: bytes, *, binary: bool
    ) -> Coroutine[Any, Any, None] | None:
        """What needs no waiting is done at once. Raises MalformedError, which ends the session."""
        if binary:
            return self._handle_later(session, data, binary=True, taken=True)
        if session.credit:
            session.credit -= 1
        elif not self.flow.takes(session):
            return self._refuse(session, data)
        if not self._partial or session.sid not in self._partial:
            if data[:1] == encoding.CONNECT_SIGN:
                if self._connect_promptly(session, data):
                    return None
            elif session.unsettled < MOST_UNSETTLED and self._handle_promptly(session, data):
                return None
        return self._handle_later(session, data, binary=False, taken=True)

    async def closed(self, session: Session, reason: str) -> None:
        self.flow.forget(session)
        self._partial.pop(session.sid, None)
        if self._gate is not None:
            self._gate.closed(session)
        for namespace in self.manager.members.namespaces_of(session.sid):
            await self._handle_disconnect(session.sid, namespace, reason)
            socket = self.manager.members.of_session(session.sid, namespace)
            if socket is not None:  # it was still connecting
                self.manager.members.remove(socket.sid)

    def _refuse(self, session: Session, data: bytes) -> Coroutine[Any, Any, None] | None:
        """What comes too fast: it is read, so that the client can be told which event it was."""
        if not self.flow.bears(session):
            session.close(SERVER_DISCONNECT, codes.TOO_FAST)
            return None
        return self._handle_later(session, data, binary=False, taken=False)

    def _handle_promptly(self, session: Session, data: bytes) -> bool:
        """An event in `/` whose handler need not wait; others may be under way already."""
        event = encoding.read_event(data)
        handler = self.prompt_events.get(event[1][0]) if event is not None else None
        socket = self.manager.members.of_session(session.sid, "/")
        if event is None or handler is None or socket is None or not socket.connected:
            return False
        number, (name, *args) = event
        if self._logs_events or self.manager.tracer is not None:
            with Asked(self.manager, session, name, "/") as trace:
                handled = handle(handler, args, Answer(socket, name, number, trace))
        else:
            # Nobody would see what is around it, which takes time for each event.
            handled = handle(handler, args, Answer(socket, name, number))
        if handled:
            self.manager.counts.events.add(name)
        return handled

    async def _handle_later(self, session: Session, data: bytes, binary: bool, taken: bool) -> None:
        """After what is under way: a client's events are handled in their order."""
        if session.unsettled:
            session.settling = asyncio.get_running_loop().create_future()
            await session.settling
        packet = self._partial.pop(session.sid, None)
        if packet is not None:
            complete = packet.attach(data if binary else frames.text(data))
        elif binary:
            raise MalformedError("a binary attachment without its packet")
        else:
            packet = Packet.read(frames.text(data))
            packet.taken = taken
            complete = packet.attachment_count == 0
        if complete:
            await self._handle(session, packet)
        else:
            self._partial[session.sid] = packet

    async def _handle(self, session: Session, packet: Packet) -> None:
        namespace = packet.namespace or "/"
        if packet.packet_type == encoding.CONNECT:
            await self._handle_connect(session, namespace, packet)
        elif not self.manager.members.namespaces_of(session.sid):
            # A client that is in other namespaces may not know yet that it was disconnected from
            # this one; what it sends there is ignored.
            raise MalformedError(f"not connected to {namespace}")
        elif packet.packet_type == encoding.DISCONNECT:
            await self._handle_disconnect(session.sid, namespace, self.reason.CLIENT_DISCONNECT)
        elif packet.packet_type in (encoding.ACK, encoding.BINARY_ACK):
            await self._handle_ack(session.sid, namespace, packet.id, packet.data)
        else:
            await self._handle_event(session, namespace, packet)

    def _connect_promptly(self, session: Session, data: bytes) -> bool:
        """To `/`, where the handler need not wait."""
        prompt = self.prompt_connects.get("/")
        auth = encoding.read_connect(data)
        if prompt is None or auth is None or self._gate is not None:
            return False
        self._connects.at_once(session, "/", auth, prompt)
        return True

    async def _handle_connect(self, session: Session, namespace: str, packet: Packet) -> None:
        if not packet.taken:
            return self._connects.refuse(session, namespace, too_fast())
        environ = self.environ.get(session.sid, {})
        await self._connects.in_turn(
            session,
            namespace,
            packet.data or {},
            lambda sid, auth: self._trigger_event("connect", namespace, sid, environ, auth),
        )

    async def _handle_event(self, session: Session, namespace: str, packet: Packet) -> None:
        socket = self.manager.members.of_session(session.sid, namespace)
        if socket is None or not socket.connected:
            return
        event, *args = packet.data
        self.manager.counts.events.add(event)
        with Asked(self.manager, session, event, namespace) as trace:
            answer = Answer(socket, event, packet.id, trace)
            try:
                if not packet.taken:
                    raise too_fast()
                if self._gate is not None and event == RENEW:
                    reply = await self._gate.renew(session, namespace, tuple(args))
                else:
                    reply = await self._trigger_event(event, namespace, socket.sid, *args)
            except Exception as error:
                return answer.begin().fail(error)
            answer.begin().give(reply)
