"""What the public port serves: Socket.IO and the page."""

from __future__ import annotations

import errno
from pathlib import Path

from aiohttp import web

from chat_gateway.sockets.engine import EngineServer
from chat_gateway.sockets.front import Handler, body_deadline, cross_origin

PAGE = Path(__file__).parent / "page"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self' http: https: ws: wss:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",  # asked again each time, answered 304
}


def make_site(engine: EngineServer, *, max_payload: int, body_seconds: float) -> web.Application:
    """The application of the public port."""
    app = web.Application(
        middlewares=[_headers, cross_origin(engine.entrance), body_deadline(body_seconds)],
        client_max_size=max_payload,
    )
    app.router.add_route("*", "/socket.io/", engine.handle_request)
    app.router.add_get("/", _index)
    app.router.add_static("/page/", PAGE)
    return app


async def _index(request: web.Request) -> web.StreamResponse:
    return web.FileResponse(PAGE / "index.html")


@web.middleware
async def _headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.path.startswith("/socket.io/"):
        return await handler(request)
    if request.path.endswith(".py"):  # the page's folder is a Python package as well
        raise web.HTTPNotFound
    try:
        response = await handler(request)
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        raise web.HTTPNotFound from error
    if not response.prepared:
        response.headers.update(HEADERS)
    return response
