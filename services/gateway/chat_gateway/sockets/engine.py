"""The Engine.IO server: sessions by id, and the HTTP requests that open, feed and upgrade them.

Source: the Engine.IO protocol, revision 4; answers to bad requests as Node's engine.io gives them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from chat_gateway.sockets import packets, polling, websocket
from chat_gateway.sockets.farewells import Farewells
from chat_gateway.sockets.headers import fold
from chat_gateway.sockets.packets import Outgoing, Packet
from chat_gateway.sockets.polling import PollingLink, bad_request
from chat_gateway.sockets.session import SERVER_DISCONNECT, Link, Session
from chatcluster.core.codes import Code
from chatcluster.core.errors import MalformedError
from chatcluster.core.ids import short_id

_UNKNOWN_SESSION = 1
_BAD_METHOD = 2
_UNSUPPORTED_VERSION = 5


class EngineServer:
    """Sessions over WebSocket and polling, in the shape that python-socketio asks of its Engine.IO
    server.

    Times in seconds, sizes in bytes. Packets of one client are handled one after another.
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
        **_: Any,
    ) -> None:
        self.sockets: dict[str, Session] = {}
        self.ping_interval = ping_interval
        self.ping_timeout = ping_timeout
        self.max_payload = max_payload
        self.refusing: Code | None = None  # set: no new sessions
        self._upgrade_timeout = upgrade_timeout
        self._send_buffer = send_buffer
        self._random_bytes = random_bytes
        self._handlers: dict[str, Callable[..., Awaitable[Any]]] = {}
        self._work: set[asyncio.Future[None]] = set()
        self._farewells = Farewells()

    # What python-socketio calls.

    def on(self, event: str, handler: Callable[..., Awaitable[Any]]) -> None:
        self._handlers[event] = handler

    def generate_id(self) -> str:
        """20 characters, as Node's ids have: its sharded adapter knows private rooms by that."""
        return short_id(self._random_bytes, 15)

    def transport(self, sid: str) -> str:
        link = self.sockets[sid].link
        return link.name if link is not None else polling.PollingLink.name

    async def get_session(self, sid: str) -> dict[str, Any]:
        return self.sockets[sid].user

    async def save_session(self, sid: str, session: dict[str, Any]) -> None:
        self.sockets[sid].user = session

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

    def spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def idle(self) -> None:
        """Return when no disconnect is being handled any more."""
        while self._work:
            await asyncio.wait(list(self._work))

    async def on_message(self, session: Session, data: str | bytes) -> None:
        await self._handlers["message"](session.sid, data)

    async def on_closed(self, session: Session, reason: str) -> None:
        self.sockets.pop(session.sid, None)
        if reason == SERVER_DISCONNECT and isinstance(session.link, PollingLink):
            self._farewells.keep(session.sid, session.link)
        await self._handlers["disconnect"](session.sid, reason)

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
            return await self._upgrade(request, session)
        return await self._poll(request, session)

    def _without_session(self, request: web.Request, sid: str) -> web.StreamResponse:
        polled = request.method == "GET" and request.query["transport"] == PollingLink.name
        if polled and (body := self._farewells.take(sid)) is not None:
            return polling.answer(body)
        return bad_request("Session ID unknown", _UNKNOWN_SESSION)

    async def _open(self, request: web.Request, transport: str) -> web.StreamResponse:
        if request.method != "GET":
            return bad_request("Bad handshake method", _BAD_METHOD)
        if self.refusing is not None:
            raise web.HTTPServiceUnavailable(
                text=self.refusing.name, headers={"Retry-After": "1", "Connection": "close"}
            )
        if transport == "polling":
            link = PollingLink(self._send_buffer)
            session = await self._start(request, link)
            return await polling.get(session, link, request, self.ping_interval)
        socket = await self._opened(request)
        session = await self._start(request, socket.link)
        await websocket.read(session, socket)
        return socket

    async def _opened(self, request: web.Request) -> websocket.Socket:
        try:
            return await websocket.open_websocket(request, self.max_payload, self._send_buffer)
        except (ConnectionError, UnicodeError) as error:
            # The client has gone, or its version is not ASCII, which aiohttp repeats in vain.
            raise web.HTTPBadRequest(text="no handshake") from error

    async def _start(self, request: web.Request, link: Link) -> Session:
        session = Session(self.generate_id(), self, time.time())
        self.sockets[session.sid] = session
        session.start(link)
        await self._handlers["connect"](session.sid, _environ(request))
        session.send((self._greeting(session, link),))
        return session

    def _greeting(self, session: Session, link: Link) -> Outgoing:
        handshake = {
            "sid": session.sid,
            "upgrades": ["websocket"] if link.name == "polling" else [],
            "pingInterval": round(self.ping_interval * 1000),
            "pingTimeout": round(self.ping_timeout * 1000),
            "maxPayload": self.max_payload,
        }
        return Outgoing(Packet(packets.OPEN, orjson.dumps(handshake).decode()))

    async def _poll(self, request: web.Request, session: Session) -> web.StreamResponse:
        link = session.link
        if not isinstance(link, PollingLink):
            return bad_request("this session is on a WebSocket")
        if request.method not in ("GET", "POST"):
            return bad_request("Bad method", _BAD_METHOD)
        if request.method == "POST":
            return await polling.post(session, link, request)
        return await polling.get(session, link, request, self.ping_interval + self.ping_timeout)

    async def _upgrade(self, request: web.Request, session: Session) -> web.StreamResponse:
        """Move a polling session to a WebSocket (protocol document, "Upgrade")."""
        socket = await self._opened(request)
        old = session.link
        if not isinstance(old, PollingLink) or session.upgrading:
            await websocket.turn_away(socket, "this session is on a WebSocket already")
            return socket
        session.upgrading = True
        try:
            async with asyncio.timeout(self._upgrade_timeout):
                moved = await self._probe(socket, old)
        except (TimeoutError, MalformedError):
            moved = False
        finally:
            session.upgrading = False
        if moved and not session.closed:
            session.move_to(socket.link)
            session.send(old.take())
            await websocket.read(session, socket)
        else:
            await websocket.turn_away(socket, "no upgrade")
        return socket

    async def _probe(self, socket: websocket.Socket, old: PollingLink) -> bool:
        if not await websocket.probed(socket):
            return False
        old.release()
        return await websocket.confirmed(socket)


def _environ(request: web.Request) -> dict[str, Any]:
    """What python-socketio's connect handlers are given: the request in WSGI's words (PEP 3333)."""
    return {
        "wsgi.url_scheme": request.scheme,
        "chat_gateway.headers": fold(request.headers.items()),
        "REQUEST_METHOD": request.method,
        "PATH_INFO": request.path,
        "QUERY_STRING": request.query_string,
        "REMOTE_ADDR": request.remote or "",
        "HTTP_USER_AGENT": request.headers.get("User-Agent", ""),
        "HTTP_ORIGIN": request.headers.get("Origin", ""),
        "HTTP_X_FORWARDED_FOR": request.headers.get("X-Forwarded-For", ""),
    }
