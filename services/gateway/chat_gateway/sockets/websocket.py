"""WebSocket: frames are written straight to the transport, whole, without a task or a queue."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiohttp import WSMsgType, web

from chat_gateway.sockets import packets
from chat_gateway.sockets.packets import Outgoing, Packet
from chat_gateway.sockets.session import TRANSPORT_CLOSE, TRANSPORT_ERROR, Session
from chatcluster.core.codes import Code
from chatcluster.core.errors import MalformedError

CLOSE_SECONDS = 2.0  # for the client to answer a close frame, before its connection is cut
PROTOCOL_ERROR = 1002  # RFC 6455 section 7.4.1

_PROBE = Packet(packets.PING, "probe")
_PROBE_ANSWER = Outgoing(Packet(packets.PONG, "probe"))


class WebSocketLink:
    """Writes to the connection under an aiohttp WebSocket that does not compress.

    aiohttp reads (and answers pings); both write whole frames only, so they may share the
    transport.
    """

    name = "websocket"
    __slots__ = ("_closing", "_limit", "_transport")

    def __init__(self, transport: asyncio.Transport, limit: int) -> None:
        self._transport = transport
        self._limit = limit
        self._closing = False

    def send(self, outgoing: Sequence[Outgoing]) -> bool:
        if self._closing or self._transport.is_closing():
            return True
        if self._transport.get_write_buffer_size() > self._limit:
            return False
        if len(outgoing) == 1:
            self._transport.write(outgoing[0].frame)
        else:
            self._transport.write(b"".join([one.frame for one in outgoing]))
        return True

    @property
    def pending(self) -> int:
        return self._transport.get_write_buffer_size()

    def close(self, code: Code | None) -> None:
        if code is None:
            self.end(1000, "")
        else:
            self.end(code.number, code.name)

    def end(self, number: int, reason: str) -> None:
        """Send a close frame; the client has CLOSE_SECONDS to read it and to close."""
        if self._closing:
            return
        self._closing = True
        if not self._transport.is_closing():
            self._transport.write(packets.close_frame(number, reason))
            asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._transport.abort)

    async def ended(self) -> None:
        """Return when the connection is gone, after `end`."""
        while not self._transport.is_closing():  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(CLOSE_SECONDS / 20)


class Socket(web.WebSocketResponse):
    """Leaves closing to its link, so that there is one close frame, and time to read it: aiohttp
    would cut the connection at once after a frame that it refuses, with a reset that lets many
    clients lose the close frame.
    """

    link: WebSocketLink

    async def close(self, *, code: int = 1000, message: bytes = b"", drain: bool = True) -> bool:
        self.link.end(code, message.decode())
        return True


async def open_websocket(request: web.Request, max_payload: int, send_buffer: int) -> Socket:
    """Accept the upgrade (RFC 6455 section 4.2). Raises aiohttp's HTTPBadRequest for a bad
    handshake.
    """
    if not request.headers.get("Sec-WebSocket-Key", "").isascii():
        raise web.HTTPBadRequest(text="Sec-WebSocket-Key: not base64")
    socket = Socket(max_msg_size=max_payload, compress=False)
    await socket.prepare(request)
    transport = request.transport
    if transport is None:
        raise ConnectionResetError("gone during the handshake")
    socket.link = WebSocketLink(transport, send_buffer)
    return socket


async def read(session: Session, socket: Socket) -> None:
    """Hand the client's packets to the session, in order, until the connection ends."""
    reason = TRANSPORT_ERROR
    try:
        while (encoded := await _next(socket)) is not None:
            await session.receive(packets.decode(encoded))
        reason = TRANSPORT_CLOSE
    except MalformedError as error:
        socket.link.end(PROTOCOL_ERROR, str(error))
    except ConnectionError:
        pass
    finally:
        session.close(reason)
    await _drained(socket)


async def turn_away(socket: Socket, why: str) -> None:
    """End a connection that broke the protocol before it belonged to a session."""
    socket.link.end(PROTOCOL_ERROR, why)
    await _drained(socket)


async def probed(socket: Socket) -> bool:
    """The first half of an upgrade from polling: `2probe` from the client, `3probe` to it."""
    encoded = await _next(socket)
    if encoded is None or isinstance(encoded, bytes) or packets.decode(encoded) != _PROBE:
        return False
    return socket.link.send((_PROBE_ANSWER,))


async def confirmed(socket: Socket) -> bool:
    """The second half: the client's upgrade packet."""
    encoded = await _next(socket)
    return isinstance(encoded, str) and encoded == packets.UPGRADE


async def _next(socket: Socket) -> str | bytes | None:
    message = await socket.receive()
    if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
        data: str | bytes = message.data
        return data
    return None


async def _drained(socket: Socket) -> None:
    """Return when the client has closed, whatever else it sends; at once if it closed first.

    A connection that is closed with unread data is reset, and the client may never see why (RFC
    6455 section 7.1.1).
    """
    while (message := await socket.receive()).type in (WSMsgType.TEXT, WSMsgType.BINARY):
        pass
    if message.type is WSMsgType.ERROR:  # it cannot be read any more
        await socket.link.ended()
