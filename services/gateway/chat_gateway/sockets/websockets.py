"""The WebSockets of an Engine.IO server: opened for new sessions, or for those that move."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING

from chat_gateway.limits.entrance import Visit
from chat_gateway.sockets import handshake, refusals, upgrade
from chat_gateway.sockets.handshake import Handshake, Opening
from chat_gateway.sockets.websocket import Shared, WebSocket
from chatcluster.core.codes import Code

if TYPE_CHECKING:
    from chat_gateway.sockets.engine import EngineServer


class WebSockets:
    """Opens them for *engine*; sizes in bytes."""

    def __init__(self, engine: EngineServer, *, max_payload: int, send_buffer: int) -> None:
        self._engine = engine
        self._shared = Shared(engine.counts, max_payload=max_payload, send_buffer=send_buffer)

    def open(self, transport: asyncio.Transport, opening: Opening, request: Handshake) -> bool:
        """Answer a request for a WebSocket; False, and nothing has happened, if it is malformed or
        for a session that is not there.
        """
        query = opening.query
        if query.get("EIO") != ["4"] or query.get("transport") != ["websocket"]:
            return False
        sid = query.get("sid", [None])[0]
        session = None if sid is None else self._engine.sockets.get(sid)
        if sid is not None and session is None:
            return False
        visit = self._engine.entrance.visit(request.address, opening.headers)
        request.address = visit.address
        if (code := self._engine.entrance.forbids(visit)) is not None:
            send_away(transport, code)
        elif session is None:
            self._enter(transport, opening, request, visit)
        else:
            link = self._link(transport)
            transport.write(handshake.accepted(opening.key))
            upgrade.begin(session, link, self._engine.upgrade_timeout)
            _feed(link, opening.rest)
        return True

    def _enter(
        self, transport: asyncio.Transport, opening: Opening, request: Handshake, visit: Visit
    ) -> None:
        entry = self._engine.entrance.enter(visit)
        if isinstance(entry, Code):
            send_away(transport, entry)
            return
        open_ = partial(self._open_session, transport, opening, request, entry.place)
        if entry.wait:
            asyncio.get_running_loop().call_later(entry.wait, open_)
        else:
            open_()

    def _open_session(
        self, transport: asyncio.Transport, opening: Opening, request: Handshake, place: str
    ) -> None:
        gate = self._engine.entrance.gate
        if transport.is_closing() or gate.refusing is not None:  # while it waited
            gate.leave(place)
            if gate.refusing is not None:
                send_away(transport, gate.refusing)
            return
        link = self._link(transport)
        greeting = self._engine.greeting(self._engine.start(link, request, place), ())
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


def send_away(transport: asyncio.Transport, code: Code) -> None:
    """Answer that the client is not let in, and why."""
    if not transport.is_closing():
        transport.write(refusals.written(code))
        transport.close()


def _feed(link: WebSocket, rest: bytes) -> None:
    if rest:
        link.data_received(rest)
