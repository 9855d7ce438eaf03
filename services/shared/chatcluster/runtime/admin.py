"""Health, metrics and stats, on a port that clients do not reach."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from chatcluster.runtime.background import background
from chatcluster.runtime.guesses import Guesses, slow_guesses
from chatcluster.runtime.lifecycle import listening

BEAT_SECONDS = 1.0
STALL_SECONDS = 10.0
REQUEST_ID = "X-Request-ID"

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Heartbeat:
    """Tells from regular beats whether the event loop stood still.

    Times are seconds of one monotonic clock.
    """

    def __init__(self, now: float) -> None:
        self._last = now
        self._stalled_until = float("-inf")

    def beat(self, now: float) -> None:
        if now - self._last > STALL_SECONDS:
            # Remembered for a while: whether a waiting probe or the late beat runs first is chance.
            self._stalled_until = now + STALL_SECONDS
        self._last = now

    def healthy(self, now: float) -> bool:
        """False when no beat came for more than STALL_SECONDS, and for as long again after that."""
        return now - self._last <= STALL_SECONDS and now >= self._stalled_until


@web.middleware
async def _named(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Log lines about a request have its id: the `X-Request-ID` given, or one that is answered."""
    given = request.headers.get(REQUEST_ID, "")
    name = given if _ID.fullmatch(given) else os.urandom(6).hex()
    with structlog.contextvars.bound_contextvars(request=name):
        response = await handler(request)
    response.headers[REQUEST_ID] = name
    return response


class AdminServer:
    """`/healthz`, `/readyz`, `/metrics`, `/stats`, and *routes*.

    *ready* returns the reasons for which no clients should be sent here, none when they should;
    *alive* those for which this process should be replaced, besides an event loop that stands
    still; *stats* what `/stats` answers, as JSON. Each is called once for each request.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        ready: Callable[[], Sequence[str]],
        stats: Callable[[], Mapping[str, Any]],
        registry: CollectorRegistry,
        routes: Sequence[web.RouteDef] = (),
        alive: Callable[[], Sequence[str]] = list,
    ) -> None:
        self.host = host
        self.port = port  # 0 until `serving`, if a free one was asked for
        self._ready = ready
        self._alive = alive
        self._stats = stats
        self._registry = registry
        self._heart = Heartbeat(time.monotonic())
        self._app = web.Application(middlewares=[_named, slow_guesses(Guesses())])
        self._app.add_routes(
            [
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                web.get("/metrics", self._metrics),
                web.get("/stats", self._show_stats),
                *routes,
            ]
        )

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve while the body runs. Raises StartError when the port is taken."""
        runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            with listening(self.host, self.port, setting="admin_port"):
                await web.TCPSite(runner, self.host, self.port).start()
            self.port = runner.addresses[0][1]
            async with background(heartbeat=self._beat()):
                yield
        finally:
            await runner.cleanup()

    async def _beat(self) -> None:
        self._heart.beat(time.monotonic())
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            self._heart.beat(time.monotonic())

    async def _healthz(self, request: web.Request) -> web.Response:
        if not self._heart.healthy(time.monotonic()):
            return web.Response(status=503, text="the event loop stood still\n")
        if reasons := self._alive():
            return web.Response(status=503, text="".join(f"{reason}\n" for reason in reasons))
        return web.Response(text="ok\n")

    async def _readyz(self, request: web.Request) -> web.Response:
        reasons = list(self._ready())
        return web.json_response(
            {"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200
        )

    async def _metrics(self, request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(self._registry), headers={"Content-Type": content_type})

    async def _show_stats(self, request: web.Request) -> web.Response:
        return web.json_response(dict(self._stats()))
