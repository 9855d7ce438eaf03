"""The HTTP server under the sessions: aiohttp, with deadlines for clients that send slowly."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class DeadlineHandler(RequestHandler):
    """Closes a connection whose first request head is not complete in time.

    aiohttp waits for ever for it ("slow loris"); later requests are covered by its keep-alive
    timeout.
    """

    __slots__ = ("_deadline", "_head_seconds")

    def __init__(self, manager: web.Server, *, head_seconds: float, **options: Any) -> None:
        super().__init__(manager, **options)
        self._head_seconds = head_seconds
        self._deadline: asyncio.TimerHandle | None = None

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
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)

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
            **self._kwargs,
        )


def body_deadline(seconds: float) -> Any:
    """Middleware: a request whose body is not complete in *seconds* is answered with 408."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.can_read_body:
            try:
                async with asyncio.timeout(seconds):
                    await request.read()
            except TimeoutError:
                return web.Response(status=408, headers={"Connection": "close"})
        return await handler(request)

    return middleware


@web.middleware
async def cross_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let pages of other origins in (Fetch standard, CORS): a page moves between gateways."""
    if request.method == "OPTIONS":
        response: web.StreamResponse = web.Response(
            status=204,
            headers={
                "Access-Control-Allow-Methods": "GET, POST",
                "Access-Control-Allow-Headers": "Content-Type",
                "Access-Control-Max-Age": "600",
            },
        )
    else:
        response = await handler(request)
    if not response.prepared and (origin := request.headers.get("Origin")):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Credentials"] = "true"
        response.headers["Vary"] = "Origin"
    return response
