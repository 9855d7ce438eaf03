"""The HTTP server under the sessions: aiohttp, with deadlines for clients that are slow."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.http import HttpProcessingError
from aiohttp.web_protocol import RequestHandler

from chat_gateway.limits.entrance import Entrance
from chat_gateway.sockets import refusals
from chat_gateway.sockets.handshake import Handshake
from chat_gateway.sockets.headers import fold

LINGER_SECONDS = 2.0  # for a client to read the answer to a request that it has not sent to its end

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
# What aiohttp would log as an error of ours, with a traceback.
CLIENT_FAULTS = (HttpProcessingError, web.RequestPayloadError, web.HTTPException)


class DeadlineHandler(RequestHandler):
    """Closes a connection whose first request head is not complete in time, or whose client does
    not read an answer.

    aiohttp waits for ever for both ("slow loris", "slow read"); heads of later requests are covered
    by its keep-alive timeout.
    """

    __slots__ = ("_deadline", "_head_seconds", "_unread", "_unread_check", "on_gone")

    def __init__(self, manager: web.Server, *, head_seconds: float, **options: Any) -> None:
        super().__init__(manager, **options)
        self._head_seconds = head_seconds
        self._deadline: asyncio.TimerHandle | None = None
        self._unread = 0  # bytes, when last looked
        self._unread_check: asyncio.TimerHandle | None = None
        self.on_gone: Callable[[], None] | None = None  # called if the connection ends first

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._head_seconds, self._expire)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._deadline is not None and (self._messages or self._current_request is not None):
            self._deadline.cancel()
            self._deadline = None

    def connection_lost(self, exc: BaseException | None) -> None:
        for timer in (self._deadline, self._unread_check):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)
        if self.on_gone is not None:
            self.on_gone()

    def pause_writing(self) -> None:
        """Called when the client reads more slowly than we write."""
        super().pause_writing()
        if self._unread_check is None:
            self._look_again()

    def log_exception(self, *args: Any, **options: Any) -> None:
        if not isinstance(options.get("exc_info"), CLIENT_FAULTS):
            super().log_exception(*args, **options)

    def _look_again(self) -> None:
        if self.transport is None:
            return
        self._unread = self.transport.get_write_buffer_size()
        loop = asyncio.get_running_loop()
        self._unread_check = loop.call_later(self._head_seconds, self._check_unread)

    def _check_unread(self) -> None:
        self._unread_check = None
        if self.transport is None or not self.writing_paused:
            return
        if self.transport.get_write_buffer_size() < self._unread:
            self._look_again()
        else:
            self._expire()

    def _expire(self) -> None:
        if self.transport is not None:
            self.transport.abort()


class FrontServer(web.Server):
    """aiohttp's server, making `DeadlineHandler`s."""

    def __init__(self, handler: Any, *, head_seconds: float, **options: Any) -> None:
        super().__init__(handler, **options)
        self._head_seconds = head_seconds

    def __call__(self) -> RequestHandler:
        return DeadlineHandler(
            self,
            loop=asyncio.get_running_loop(),
            head_seconds=self._head_seconds,
            lingering_time=LINGER_SECONDS,
            **self._kwargs,
        )


def body_deadline(seconds: float) -> Any:
    """Middleware: a handler that reads a body raises HTTPRequestTimeout (408) if it is not complete
    after *seconds*.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.can_read_body:
            return await handler(request)
        late = web.HTTPRequestTimeout(headers={"Connection": "close"})
        loop = asyncio.get_running_loop()
        deadline = loop.call_later(seconds, request.content.set_exception, late)
        try:
            return await handler(request)
        finally:
            deadline.cancel()

    return middleware


def cross_origin(entrance: Entrance) -> Any:
    """Middleware: pages of the origins that *entrance* allows may use the port (Fetch standard,
    CORS), others are refused: a browser would show them the answer to a POST no more than we do,
    and yet it would have been carried out.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if "Origin" in request.headers:
            visit = entrance.visit(request.remote or "", request.headers.items())
            if (code := entrance.forbids(visit)) is not None:
                return refusals.response(code)
        if request.method == "OPTIONS":
            response: web.StreamResponse = web.Response(status=204, headers=_PREFLIGHT)
            _let_in(request, response)
            return response
        try:
            response = await handler(request)
        except web.HTTPException as refusal:
            # A page may read why it was refused, too: it then tries another gateway.
            _let_in(request, refusal)
            raise
        if not response.prepared:
            _let_in(request, response)
        return response

    return middleware


_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Max-Age": "600",
}


def _let_in(request: web.Request, response: web.StreamResponse | web.HTTPException) -> None:
    if origin := request.headers.get("Origin"):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Credentials"] = "true"
        response.headers["Vary"] = "Origin"


def kept(request: web.Request) -> Handshake:
    """What is kept of a request that opens a session."""
    line = (request.method, request.path, request.query_string)
    headers = fold(request.headers.items())
    return Handshake(line, headers, request.remote or "", secure=request.scheme == "https")


def hand_over(connection: RequestHandler) -> tuple[asyncio.Transport, bytes] | None:
    """Take a connection, whose request is for a WebSocket, from aiohttp: what is under it, and what
    has come after the request. None if it is gone. The request must not be answered then.
    """
    transport, connection.transport = connection.transport, None
    if transport is None:
        return None
    rest = bytes(connection._message_tail)
    connection.connection_lost(None)
    transport.resume_reading()
    return transport, rest
