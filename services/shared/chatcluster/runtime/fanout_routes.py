"""The admin server's `/fanout`: what a controller sees of this program's fan-out, and orders.

    GET /fanout   200, the report
    PUT /fanout   an order as the body: 200 and the report once it is noted (its effect shows in
                  later reports), 400 if it is malformed, 409 if it comes too late

Bodies are as in `chatcluster.core.switch_json`; errors are `{"error": "…"}`, a 409 with the report
beside it. With a token, 401 without `Authorization: Bearer <token>` (RFC 6750, section 2.1).
`docs/openapi/gateway-admin.yaml` has it all.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Protocol

from aiohttp import web

from chatcluster.core.errors import MalformedError
from chatcluster.core.switch import Order, StaleError
from chatcluster.core.switch_json import read_order, report_as_json
from chatcluster.core.switch_plan import Report
from chatcluster.runtime.logs import get_logger

log = get_logger(__name__)


class Changeable(Protocol):
    """The fan-out of a program."""

    def report(self) -> Report: ...
    def order(self, order: Order) -> None: ...


def fanout_routes(fanout: Changeable, token: str) -> Sequence[web.RouteDef]:
    """For the admin server; an empty *token* lets everybody who reaches it in."""

    async def show(request: web.Request) -> web.Response:
        check_token(request, token)
        return web.json_response(report_as_json(fanout.report()))

    async def change(request: web.Request) -> web.Response:
        check_token(request, token)
        try:
            order = read_order(await request.read())
        except MalformedError as error:
            return web.json_response({"error": str(error)}, status=400)
        try:
            fanout.order(order)
        except StaleError as error:
            refused = {"error": str(error), "report": report_as_json(fanout.report())}
            return web.json_response(refused, status=409)
        log.info("fanout_ordered", step=str(order.step), epoch=order.epoch, to=str(order.target))
        return web.json_response(report_as_json(fanout.report()))

    return [web.get("/fanout", show), web.put("/fanout", change)]


def check_token(request: web.Request, token: str) -> None:
    """Raises HTTPUnauthorized where *token* is not shown; an empty one is not asked for."""
    given = request.headers.get("Authorization", "")
    if token and not hmac.compare_digest(
        given.encode(errors="replace"), f"Bearer {token}".encode()
    ):
        raise web.HTTPUnauthorized(
            text='{"error": "a token is needed (CHAT_ADMIN_TOKEN)"}',
            content_type="application/json",
            headers={"WWW-Authenticate": "Bearer"},
        )
