"""The Engine.IO server: sessions by id, and the HTTP requests that open, feed and upgrade them.

Source: the Engine.IO protocol, revision 4; answers to bad requests as Node's engine.io gives them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import orjson
from aiohttp import HttpVersion11, web

from chat_gateway.limits.entrance import Entrance
from chat_gateway.limits.gate import Entry
from chat_gateway.sockets import handshake, packets, polling, refusals
from chat_gateway.sockets.counts import Counts
from chat_gateway.sockets.farewells import Farewells
from chat_gateway.sockets.front import hand_over, kept
from chat_gateway.sockets.handlers import Handlers
from chat_gateway.sockets.handshake import Handshake
from chat_gateway.sockets.packets import Outgoing
from chat_gateway.sockets.polling import PollingLink, bad_request
from chat_gateway.sockets.ports import Link, Receiver
from chat_gateway.sockets.session import SERVER_DISCONNECT, Session
from chat_gateway.sockets.websockets import WebSockets
from chat_gateway.sockets.wheel import Wheel
from chatcluster.core.codes import Code
from chatcluster.core.ids import short_id

_UNKNOWN_SESSION = 1
_BAD_METHOD = 2
_UNSUPPORTED_VERSION = 5


class EngineServer:
    """Sessions over WebSocket and polling, in the shape that python-socketio asks of its Engine.IO
    server.

    Times in seconds, sizes in bytes; *most_packets* are in one polling body. Packets of one client
    are handled one after another.
    """

    async_mode = "aiohttp"

    def __init__(
        self,
        *,
        random_bytes: Callable[[int], bytes],
        ping_interval: float,
        ping_timeout: float,
        upgrade_timeout: float,
        max_payload: int,
        send_buffer: int,
        most_packets: int = 1000,
        entrance: Entrance | None = None,
        counts: Counts | None = None,
        **_: Any,
    ) -> None:
        self.sockets: dict[str, Session] = {}
        self.counts = counts or Counts()
        self.ping_interval = ping_interval
        self.ping_timeout = ping_timeout
        self.max_payload = max_payload
        self.entrance = entrance or Entrance()
        self.receiver: Receiver = Handlers(self.spawn)
        self.upgrade_timeout = upgrade_timeout
        self.pings: Wheel[Session] = Wheel(ping_interval, Session.ping)
        self.timeouts: Wheel[Session] = Wheel(ping_timeout, Session.ping_timeout)
        self.websockets = WebSockets(self, max_payload=max_payload, send_buffer=send_buffer)
        self._send_buffer = send_buffer
        self._most_packets = most_packets
        self._random_bytes = random_bytes
        self._handling: set[asyncio.Future[None]] = set()
        self._work: set[asyncio.Future[None]] = set()
        self._farewells = Farewells()

    # What python-socketio calls.

    def on(self, event: str, handler: Callable[..., Awaitable[Any]]) -> None:
        """For `connect`, `message` and `disconnect`, unless a `receiver` takes their place."""
        if isinstance(self.receiver, Handlers):
            self.receiver.by_event[event] = handler

    def generate_id(self) -> str:
        """20 characters, as Node's ids have: its sharded adapter knows private rooms by that."""
        return short_id(self._random_bytes, 15)

    def transport(self, sid: str) -> str:
        link = self.sockets[sid].link
        return link.name if link is not None else polling.PollingLink.name

    async def get_session(self, sid: str) -> dict[str, Any]:
        return self.sockets[sid].user

    async def save_session(self, sid: str, session: dict[str, Any]) -> None:
        self.sockets[sid].users = session

    async def send(self, sid: str, data: str | bytes) -> None:
        if session := self.sockets.get(sid):
            session.send((packets.message(data),))

    async def disconnect(self, sid: str) -> None:
        if session := self.sockets.get(sid):
            session.close(SERVER_DISCONNECT)

    def start_background_task(self, target: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        task: asyncio.Future[Any] = asyncio.ensure_future(target(*args))
        return task

    def create_event(self) -> asyncio.Event:
        return asyncio.Event()

    async def sleep(self, seconds: float = 0) -> None:
        await asyncio.sleep(seconds)

    async def shutdown(self) -> None:
        """Close every session at once, and return when their disconnects have been handled."""
        for session in list(self.sockets.values()):
            session.close(SERVER_DISCONNECT)
        await self.idle()

    # What sessions call.

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        _keep(self._work, work)

    def handle(self, work: Coroutine[Any, Any, None]) -> None:
        _keep(self._handling, work)

    async def idle(self) -> None:
        """Return when no disconnect is being handled any more."""
        while self._work:
            await asyncio.wait(list(self._work))

    async def on_closed(self, session: Session, reason: str) -> None:
        if self.sockets.pop(session.sid, None) is not None and session.place is not None:
            self.entrance.gate.leave(session.place)
        if reason == SERVER_DISCONNECT and isinstance(session.link, PollingLink):
            self._farewells.keep(session.sid, session.link)
        try:
            await self.receiver.closed(session, reason)
        finally:
            session.release()

    # What aiohttp calls.

    async def handle_request(self, request: web.Request) -> web.StreamResponse:
        """Any request to `/socket.io/`."""
        transport = request.query.get("transport")
        if transport not in ("polling", "websocket"):
            return bad_request("Transport unknown", 0)
        if request.query.get("EIO") != "4":
            return bad_request("Unsupported protocol version", _UNSUPPORTED_VERSION)
        if transport == "websocket" and request.headers.get("Upgrade", "").lower() != "websocket":
            return bad_request("Bad request")
        sid = request.query.get("sid")
        if sid is None:
            return await self._open(request, transport)
        session = self.sockets.get(sid)
        if session is None:
            return self._without_session(request, sid)
        if transport == "websocket":
            return self._take_over(request)
        return await self._poll(request, session)

    def _without_session(self, request: web.Request, sid: str) -> web.StreamResponse:
        polled = request.method == "GET" and request.query["transport"] == PollingLink.name
        if polled and (body := self._farewells.take(sid)) is not None:
            return polling.answer(body)
        return bad_request("Session ID unknown", _UNKNOWN_SESSION)

    async def _open(self, request: web.Request, transport: str) -> web.StreamResponse:
        if request.method != "GET":
            return bad_request("Bad handshake method", _BAD_METHOD)
        if transport == "websocket":
            return self._take_over(request)
        opener = kept(request)
        visit = self.entrance.visit(opener.address, request.headers.items())
        opener.address = visit.address
        entry = self.entrance.enter(visit)
        if isinstance(entry, Code):
            return refusals.response(entry)
        await self._admitted(entry)
        link = PollingLink(self._send_buffer, self.counts)
        session = self.start(link, opener, entry.place)
        session.send((self.greeting(session, ("websocket",)),))
        return await polling.get(session, link, request, self.ping_interval)

    async def _admitted(self, entry: Entry) -> None:
        """Return when the newcomer's turn has come."""
        try:
            await asyncio.sleep(entry.wait)
        except asyncio.CancelledError:
            self.entrance.gate.leave(entry.place)
            raise

    def start(self, link: Link, request: Handshake, place: str | None = None) -> Session:
        """Begin a session; *place* is the one that it has at the gate."""
        session = Session(self.generate_id(), self, time.time(), request, place)
        self.sockets[session.sid] = session
        session.start(link)
        self.receiver.opened(session)
        return session

    def _take_over(self, request: web.Request) -> web.Response:
        """A request for a WebSocket that came over aiohttp: after others on its connection, as
        proxies send it, or because it breaks the rules.
        """
        opening = handshake.of_headers(request.query_string, request.raw_headers)
        if opening is None or request.version < HttpVersion11:  # RFC 6455 section 4.2.1
            return bad_request("Bad request")
        if (handed := hand_over(request.protocol)) is not None:
            transport, opening.rest = handed
            if not self.websockets.open(transport, opening, kept(request)):
                transport.close()
        # The connection is not aiohttp's any more, which this is the way to tell.
        raise asyncio.CancelledError

    def greeting(self, session: Session, upgrades: tuple[str, ...]) -> Outgoing:
        """The packet that opens a session."""
        handshake = {
            "sid": session.sid,
            "upgrades": upgrades,
            "pingInterval": round(self.ping_interval * 1000),
            "pingTimeout": round(self.ping_timeout * 1000),
            "maxPayload": self.max_payload,
        }
        return Outgoing.written(packets.OPEN.encode() + orjson.dumps(handshake))

    async def _poll(self, request: web.Request, session: Session) -> web.StreamResponse:
        link = session.link
        if not isinstance(link, PollingLink):
            return bad_request("this session is on a WebSocket")
        if request.method not in ("GET", "POST"):
            return bad_request("Bad method", _BAD_METHOD)
        if request.method == "POST":
            return await polling.post(session, link, request, self._most_packets)
        return await polling.get(session, link, request, self.ping_interval + self.ping_timeout)


def _keep(tasks: set[asyncio.Future[None]], work: Coroutine[Any, Any, None]) -> None:
    """Run it; the loop itself keeps no task from being collected."""
    task = asyncio.ensure_future(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
