"""The WebSockets of an Engine.IO server: opened for new sessions, or for those that move."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from chat_gateway.sockets import handshake, upgrade
from chat_gateway.sockets.handshake import Handshake, Opening
from chat_gateway.sockets.websocket import Shared, WebSocket

if TYPE_CHECKING:
    from chat_gateway.sockets.engine import EngineServer


class WebSockets:
    """Opens them for *engine*; sizes in bytes."""

    def __init__(self, engine: EngineServer, *, max_payload: int, send_buffer: int) -> None:
        self._engine = engine
        self._shared = Shared(engine.counts, max_payload=max_payload, send_buffer=send_buffer)

    def open(self, transport: asyncio.Transport, opening: Opening, request: Handshake) -> bool:
        """Answer a request for a WebSocket; False, and nothing has happened, if it is refused."""
        query = opening.query
        if query.get("EIO") != ["4"] or query.get("transport") != ["websocket"]:
            return False
        sid = query.get("sid", [None])[0]
        if sid is None:
            wait = None if self._engine.refusing is not None else self._engine.admission.wait()
            if wait:
                loop = asyncio.get_running_loop()
                loop.call_later(wait, self._open_session, transport, opening, request)
            elif wait is not None:
                self._open_session(transport, opening, request)
            return wait is not None
        session = self._engine.sockets.get(sid)
        if session is not None:
            link = self._link(transport)
            transport.write(handshake.accepted(opening.key))
            upgrade.begin(session, link, self._engine.upgrade_timeout)
            _feed(link, opening.rest)
        return session is not None

    def _open_session(
        self, transport: asyncio.Transport, opening: Opening, request: Handshake
    ) -> None:
        if transport.is_closing():  # while it waited
            return
        if self._engine.refusing is not None:
            send_away(transport)
            return
        link = self._link(transport)
        greeting = self._engine.greeting(self._engine.start(link, request), ())
        # In one write: each costs more than all the rest of a connect.
        transport.write(handshake.accepted(opening.key) + greeting.frame)
        _feed(link, opening.rest)

    def _link(self, transport: asyncio.Transport) -> WebSocket:
        link = WebSocket(transport, self._shared)
        transport.set_protocol(link)
        return link

    async def ended(self, seconds: float) -> None:
        """Return when all WebSockets are gone; those that are left after *seconds* are cut."""
        deadline = time.monotonic() + seconds
        while self._shared.all and time.monotonic() < deadline:  # noqa: ASYNC110 - seldom, and short
            await asyncio.sleep(seconds / 40)
        for socket in list(self._shared.all):
            socket.transport.abort()
        self._shared.closing.stop()


def send_away(transport: asyncio.Transport) -> None:
    """There is no room for the client just now."""
    transport.write(
        b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
        b"Content-Length: 0\r\n\r\n"
    )
    transport.close()


def _feed(link: WebSocket, rest: bytes) -> None:
    if rest:
        link.data_received(rest)
