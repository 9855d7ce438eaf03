"""A port for clients: a door for WebSockets, and an application behind the HTTP front."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiohttp import web

from chat_gateway.sockets.door import Door
from chat_gateway.sockets.engine import EngineServer
from chat_gateway.sockets.front import FrontServer
from chatcluster.runtime.lifecycle import listening

CLOSE_SECONDS = 2.0  # for clients to answer the last close frames


@asynccontextmanager
async def serving(
    app: web.Application,
    engines: Sequence[EngineServer],
    *,
    host: str,
    port: int,
    request_timeout: float,
) -> AsyncIterator[int]:
    """Serve *app* while the body runs; gives the port, of which 0 takes a free one.

    The first of *engines* is the one at `/socket.io/`; all are shut down after the last connection
    was accepted. *request_timeout*: seconds for the head of a request. Raises StartError when it
    cannot listen.
    """
    runner = web.AppRunner(app, handle_signals=False)
    await runner.setup()
    assert runner.server is not None, "set up above"
    try:
        front = FrontServer(
            runner.server.request_handler,
            request_factory=runner.server.request_factory,
            head_seconds=request_timeout,
            access_log=None,
            keepalive_timeout=75.0,
        )
        entrance = engines[0].entrance
        entrance.doorstep.clients = lambda: sum(len(engine.websockets) for engine in engines)
        door = Door(engines[0].websockets.open, front, entrance, head_seconds=request_timeout)
        loop = asyncio.get_running_loop()
        with listening(host, port, setting="port"):
            server = await loop.create_server(door, host, port, backlog=1024)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            door.close()
            for engine in engines:
                await engine.shutdown()
            await asyncio.gather(*(engine.websockets.ended(CLOSE_SECONDS) for engine in engines))
            await front.shutdown(CLOSE_SECONDS)
    finally:
        await runner.cleanup()
