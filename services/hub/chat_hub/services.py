"""Other services at the hub: by HTTP (`POST /broadcast`) and by Socket.IO (`/services`)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import orjson
import socketio
from aiohttp import web

from chat_hub.broadcaster import Broadcaster
from chat_hub.denied import (
    INTERNAL,
    INVALID,
    METHOD,
    TOO_LARGE,
    TOO_MANY_GUESSES,
    TOO_SLOW,
    UNAUTHORIZED,
    UNAVAILABLE,
    Denied,
)
from chat_hub.door import Door
from chat_hub.orders import KEY_CHARACTERS, ORDERS, Broadcast, Order, read
from chatcluster.runtime.logs import get_logger

SERVICES = "/services"
PATH = "/broadcast"
BODY_SECONDS = 10.0

log = get_logger(__name__)


class Services:
    """Lets in who has the token, and hands what they ask for to the broadcaster."""

    def __init__(self, door: Door, broadcaster: Broadcaster, *, limit: int) -> None:
        """*limit*: bytes of one request's body."""
        self._door = door
        self._broadcaster = broadcaster
        self._limit = limit

    def attach(self, app: web.Application, sockets: socketio.AsyncServer) -> None:
        app.router.add_route("*", PATH, self._by_http)
        on = partial(sockets.on, namespace=SERVICES)
        on("connect", self._on_connect)
        on("*", self._on_unknown)
        for event, kind in ORDERS.items():
            on(event, partial(self._on_event, kind))

    # By HTTP.

    async def _by_http(self, request: web.Request) -> web.Response:
        denied, answer = await _answered(partial(self._broadcast, request))
        return web.Response(
            status=denied.reason.status if denied else 200,
            body=orjson.dumps(answer),
            content_type="application/json",
            headers=_advice(denied),
        )

    async def _broadcast(self, request: web.Request) -> Any:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        shown = token.strip() if scheme.lower() == "bearer" else None
        self._door.admit(shown, request.remote or "")
        if request.method != "POST":
            raise Denied(METHOD, f"{request.method}: only POST broadcasts")
        data = _json(await self._body(request))
        orders = read(Broadcast, data)
        key = request.headers.get("Idempotency-Key")
        return await self._carry_out(orders if key is None else _keyed(orders, key), data)

    async def _body(self, request: web.Request) -> bytes:
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for chunk in request.content.iter_chunked(65_536):
                    body += chunk
                    if len(body) > self._limit:
                        raise Denied(TOO_LARGE, f"a request may have {self._limit} bytes")
        except TimeoutError as error:
            raise Denied(TOO_SLOW, f"the body took over {BODY_SECONDS:.0f} seconds") from error
        return bytes(body)

    # By Socket.IO.

    def _on_connect(self, sid: str, environ: Mapping[str, Any], auth: object) -> None:
        try:
            address = environ["aiohttp.request"].remote or ""
            self._door.admit(auth.get("token") if isinstance(auth, dict) else None, address)
        except Denied as denied:
            log.warning("service_refused", reason=denied.reason.name)
            raise socketio.exceptions.ConnectionRefusedError(
                denied.message, {"code": denied.reason.name}
            ) from denied
        log.info("service_entered", sid=sid)

    async def _on_event(self, kind: type[Order], sid: str, *args: object) -> Any:
        _, answer = await _answered(partial(self._ask, kind, args))
        return answer

    async def _ask(self, kind: type[Order], args: tuple[object, ...]) -> Any:
        if len(args) != 1:
            raise Denied(INVALID, "must have one argument: an object, or a list of objects")
        return await self._carry_out(read(kind, args[0]), args[0])

    def _on_unknown(self, event: str, sid: str, *args: object) -> Any:
        return Denied(INVALID, f"{event}: there is no such event").as_reply()

    async def _carry_out(self, orders: list[Any], data: object) -> Any:
        """A list is answered by a list, and one by one."""
        answers = await self._broadcaster.carry_out(orders)
        return answers if isinstance(data, list) else answers[0]


async def _answered(work: Callable[[], Awaitable[Any]]) -> tuple[Denied | None, Any]:
    """What *work* returns, or why it was denied; what goes wrong here harms no other request."""
    try:
        return None, await work()
    except Denied as error:
        denied = error
    except Exception:
        log.exception("request_failed")
        denied = Denied(INTERNAL, "a defect of the hub; it is in its log")
    return denied, denied.as_reply()


def _json(body: bytes) -> object:
    try:
        data: object = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Denied(INVALID, f"the body is not JSON: {error}") from error
    return data


def _keyed(orders: list[Broadcast], key: str) -> list[Broadcast]:
    """The request's *key* for each of *orders*."""
    if not 0 < len(key) <= KEY_CHARACTERS or not all("!" <= one <= "~" for one in key):
        raise Denied(INVALID, f"Idempotency-Key: 1 to {KEY_CHARACTERS} visible ASCII characters")
    if any(order.key is not None for order in orders):
        raise Denied(INVALID, "key: the header Idempotency-Key is the request's key already")
    if len(orders) == 1:
        return [orders[0].model_copy(update={"key": key})]
    return [order.model_copy(update={"key": f"{key} [{n}]"}) for n, order in enumerate(orders)]


def _advice(denied: Denied | None) -> dict[str, str]:
    if denied is None:
        return {}
    return {
        UNAUTHORIZED: {"WWW-Authenticate": "Bearer"},
        METHOD: {"Allow": "POST"},
        TOO_MANY_GUESSES: {"Retry-After": "1"},
        UNAVAILABLE: {"Retry-After": "2"},
    }.get(denied.reason, {})
