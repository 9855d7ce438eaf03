"""What a running `chatcluster run` can be told.

    POST /servers/postgres   200 {"started": true} when it is ready, false if it was before;
                             404 for a server that there is not, 503 {"error"} when it cannot start

Only from this machine, and with the run's token as `Authorization: Bearer <token>`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from chat_local.plan import LOOPBACK
from chatcluster.runtime.fanout_routes import check_token
from chatcluster.runtime.guesses import Guesses, slow_guesses
from chatcluster.runtime.lifecycle import StartError


class UnknownServerError(Exception):
    """There is no server of this name."""


@asynccontextmanager
async def control_server(start: Callable[[str], Awaitable[bool]], token: str) -> AsyncIterator[str]:
    """The address at which *start* is called, while the body runs. It takes a server's name and
    returns, once that is ready, whether it was started for this; it may raise StartError and
    UnknownServerError.
    """

    async def server(request: web.Request) -> web.Response:
        check_token(request, token)
        name = request.match_info["name"]
        try:
            return web.json_response({"started": await start(name)})
        except UnknownServerError:
            return web.json_response({"error": f"there is no server {name}"}, status=404)
        except StartError as error:
            return web.json_response({"error": str(error)}, status=503)

    app = web.Application(middlewares=[slow_guesses(Guesses())])
    app.add_routes([web.post("/servers/{name}", server)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, 0).start()
        yield f"http://{LOOPBACK}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
