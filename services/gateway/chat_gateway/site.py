"""What the public port serves: Socket.IO and the page."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from chat_gateway.sockets.engine import EngineServer
from chat_gateway.sockets.front import body_deadline, cross_origin

PAGE = Path(__file__).parent / "page"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src *; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
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
        middlewares=[_headers, cross_origin, body_deadline(body_seconds)],
        client_max_size=max_payload,
    )
    app.router.add_route("*", "/socket.io/", engine.handle_request)
    app.router.add_get("/", _index)
    app.router.add_static("/page/", PAGE)
    return app


async def _index(request: web.Request) -> web.StreamResponse:
    return web.FileResponse(PAGE / "index.html")


@web.middleware
async def _headers(request: web.Request, handler: object) -> web.StreamResponse:
    response: web.StreamResponse = await handler(request)  # type: ignore[operator]
    if not response.prepared and not request.path.startswith("/socket.io/"):
        response.headers.update(HEADERS)
    return response
