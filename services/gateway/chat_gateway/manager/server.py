"""python-socketio's server, with packets checked, events in order and errors as answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
import socketio

from chat_gateway.manager import encoding
from chat_gateway.manager.encoding import Json, Packet
from chat_gateway.manager.manager import FanoutManager
from chat_gateway.manager.membership import Socket
from chat_gateway.sockets.engine import EngineServer
from chat_gateway.sockets.session import SERVER_DISCONNECT
from chatcluster.core import codes
from chatcluster.core.errors import FanoutError, HistoryError, MalformedError, Refused
from chatcluster.runtime.logs import get_logger

MOST_NAMESPACES = 200  # of one connection: `/messages/<room>` can be written in any number of ways

log = get_logger(__name__)


class ChatServer(socketio.AsyncServer):  # type: ignore[misc]  # the library has no types
    """A Socket.IO server whose clients' events are handled in the order in which they were sent.

    (python-socketio starts a task for each event, so that they overtake each other.)
    A handler's return value is its acknowledgement, a tuple one of several values; `Refused`
    becomes `{error: {code, message}}`. Errors of the log or the fan-out become the code
    `unavailable`, others `internal`.

    *accepts* says which namespaces there are; *connected* is called, and must not wait, when a
    client has been told that it is connected and before it is sent anything else.
    """

    def __init__(
        self,
        manager: FanoutManager,
        *,
        accepts: Callable[[str], bool],
        connected: Callable[[Socket], None],
        connect_timeout: float,
        **engine_options: Any,
    ) -> None:
        super().__init__(
            client_manager=manager,
            async_handlers=False,
            serializer=Packet,
            json=Json,
            namespaces="*",
            **engine_options,
        )
        self._accepts = accepts
        self._connected = connected
        self._connect_timeout = connect_timeout
        self._partial: dict[str, Packet] = {}  # by session: packets that wait for attachments

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

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        self.environ[eio_sid] = environ
        loop = asyncio.get_running_loop()
        loop.call_later(self._connect_timeout, self._expire, eio_sid)

    def _expire(self, eio_sid: str) -> None:
        session = self.eio.sockets.get(eio_sid)
        if session is not None and not self.manager.members.namespaces_of(eio_sid):
            session.close(SERVER_DISCONNECT)

    async def _handle_eio_message(self, eio_sid: str, data: str | bytes) -> None:
        """Raises MalformedError, which ends the session."""
        packet = self._partial.pop(eio_sid, None)
        if packet is not None:
            complete = packet.attach(data)
        elif isinstance(data, bytes):
            raise MalformedError("a binary attachment without its packet")
        else:
            packet = Packet.read(data)
            complete = packet.attachment_count == 0
        if complete:
            await self._handle(eio_sid, packet)
        else:
            self._partial[eio_sid] = packet

    async def _handle(self, eio_sid: str, packet: Packet) -> None:
        namespace = packet.namespace or "/"
        if packet.packet_type == encoding.CONNECT:
            await self._handle_connect(eio_sid, namespace, packet.data)
        elif not self.manager.members.namespaces_of(eio_sid):
            # A client that is in other namespaces may not know yet that it was disconnected from
            # this one; what it sends there is ignored.
            raise MalformedError(f"not connected to {namespace}")
        elif packet.packet_type == encoding.DISCONNECT:
            await self._handle_disconnect(eio_sid, namespace, self.reason.CLIENT_DISCONNECT)
        elif packet.packet_type in (encoding.ACK, encoding.BINARY_ACK):
            await self._handle_ack(eio_sid, namespace, packet.id, packet.data)
        else:
            await self._handle_event(eio_sid, namespace, packet.id, packet.data)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        self._partial.pop(eio_sid, None)
        for namespace in self.manager.members.namespaces_of(eio_sid):
            await self._handle_disconnect(eio_sid, namespace, reason)
            socket = self.manager.members.of_session(eio_sid, namespace)
            if socket is not None:  # it was still connecting
                self.manager.members.remove(socket.sid)
        self.environ.pop(eio_sid, None)

    async def _handle_connect(self, eio_sid: str, namespace: str, data: Any) -> None:
        if not self._accepts(namespace):
            self._send(eio_sid, encoding.CONNECT_ERROR, namespace, {"message": "Invalid namespace"})
            return
        if len(self.manager.members.namespaces_of(eio_sid)) >= MOST_NAMESPACES:
            self._refuse(
                eio_sid,
                namespace,
                Refused(
                    codes.TOO_MANY_ROOMS,
                    f"namespace: more than {MOST_NAMESPACES} of one connection",
                ),
            )
            return
        sid = await self.manager.pre_connect(eio_sid, namespace)
        if sid is None:
            raise MalformedError(f"connected to {namespace} already")
        self.manager.members.sockets[sid].auth = _as_json(data)
        try:
            await self._trigger_event("connect", namespace, sid, self.environ[eio_sid], data or {})
        except Exception as error:
            self.manager.members.remove(sid)
            self._refuse(eio_sid, namespace, error)
            return
        if sid not in self.manager.members.sockets:  # it left while its handler ran
            return
        self._send(eio_sid, encoding.CONNECT, namespace, {"sid": sid})
        self.manager.members.connect(sid)
        self._connected(self.manager.members.sockets[sid])

    def _refuse(self, eio_sid: str, namespace: str, error: Exception) -> None:
        refusal = _answer(error, "connect", namespace)["error"]
        answer = {"message": refusal["message"], "data": refusal}
        self._send(eio_sid, encoding.CONNECT_ERROR, namespace, answer)

    async def _handle_event(
        self, eio_sid: str, namespace: str, id: int | None, data: list[Any]
    ) -> None:
        socket = self.manager.members.of_session(eio_sid, namespace)
        if socket is None or not socket.connected:
            return
        try:
            reply = await self._trigger_event(data[0], namespace, socket.sid, *data[1:])
        except Exception as error:
            reply = _answer(error, data[0], namespace)
            if id is None:
                outgoing = encoding.encode_event(
                    namespace, "refused", [{"event": data[0][:100], **reply}]
                )
                socket.session.send(outgoing)
        if id is not None:
            self._send(eio_sid, encoding.ACK, namespace, _values(reply), id)

    def _send(
        self, eio_sid: str, kind: int, namespace: str, data: Any, number: int | None = None
    ) -> None:
        session = self.eio.sockets.get(eio_sid)
        if session is not None:
            session.send(encoding.encode(kind, namespace, data, number))


def _values(reply: Any) -> list[Any]:
    if isinstance(reply, tuple):
        return list(reply)
    return [] if reply is None else [reply]


def _as_json(auth: Any) -> bytes:
    """What JSON has no form for (half a surrogate pair) is left out: it could not be sent on."""
    try:
        return orjson.dumps(auth) if auth else b""
    except TypeError:
        return b""


def _answer(error: Exception, event: str, namespace: str) -> dict[str, dict[str, str]]:
    if isinstance(error, Refused):
        return error.as_reply()
    if isinstance(error, FanoutError | HistoryError):
        log.warning("event_not_taken", event_name=event, namespace=namespace, error=str(error))
        return Refused(codes.UNAVAILABLE, "not stored: try again in a moment").as_reply()
    log.error("event_failed", event_name=event, namespace=namespace, exc_info=error)
    return Refused(codes.INTERNAL, "something is wrong on our side").as_reply()
