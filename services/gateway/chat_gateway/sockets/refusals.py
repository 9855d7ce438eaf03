"""How a request for a connection is refused: as HTTP, since there is no connection yet."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web

from chatcluster.core import codes
from chatcluster.core.codes import Code

RETRY_SECONDS = 1  # of clients that are told to come back

_FORMS = {
    codes.DRAINING: (HTTPStatus.SERVICE_UNAVAILABLE, "this gateway is stopping"),
    codes.GATEWAY_FULL: (HTTPStatus.SERVICE_UNAVAILABLE, "this gateway has all it may have"),
    codes.GATEWAY_BUSY: (HTTPStatus.SERVICE_UNAVAILABLE, "too many clients come at once"),
    codes.ADDRESS_FULL: (HTTPStatus.TOO_MANY_REQUESTS, "too many connections from this address"),
    codes.FORBIDDEN_ORIGIN: (HTTPStatus.FORBIDDEN, "pages of this origin may not connect"),
}


def response(code: Code) -> web.Response:
    """For polling clients, and whoever else came by HTTP."""
    status, body, headers = _parts(code)
    return web.Response(
        status=status, body=orjson.dumps(body), content_type="application/json", headers=headers
    )


def written(code: Code) -> bytes:
    """The same for a WebSocket that is not opened."""
    status, body, headers = _parts(code)
    content = orjson.dumps(body)
    headers |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
    lines = [f"HTTP/1.1 {status.value} {status.phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


def _parts(code: Code) -> tuple[HTTPStatus, dict[str, Any], dict[str, str]]:
    """Status, body and headers; `code` and `message` are where Node's server has them."""
    status, message = _FORMS.get(code, (HTTPStatus.SERVICE_UNAVAILABLE, code.name))
    body = {"code": code.number, "name": code.name, "message": message}
    headers = {"Connection": "close"}
    if code.reconnect:
        headers["Retry-After"] = str(RETRY_SECONDS)
    return status, body, headers
