"""Moderation on the admin server.

    GET  /moderation       200, the sanctions in force
    POST /moderation       an order, as in `orders.py`: 200 and what was done
    GET  /moderation/log   200, what was done, the newest first (`skip`, `limit`)

400 for a malformed order or query, 404 for a message or member that is not there, 503 when the
store or the fan-out does not answer, each with `{"error": "…"}`. With a token, 401 without
`Authorization: Bearer <token>` (RFC 6750, section 2.1).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chat_gateway.moderation.moderation import Moderation
from chat_gateway.moderation.orders import ORDER, sentence
from chatcluster.core.errors import FanoutError, HistoryError, Refused
from chatcluster.runtime.fanout_routes import check_token

Answer = Callable[[web.Request], Awaitable[Any]]


class Page(BaseModel):
    model_config = ConfigDict(extra="ignore")

    skip: int = Field(0, ge=0, le=1_000_000)
    limit: int = Field(100, ge=1, le=1000)


def moderation_routes(moderation: Moderation, token: str) -> Sequence[web.RouteDef]:
    """For the admin server; an empty *token* lets everybody who reaches it in."""

    async def show(request: web.Request) -> Any:
        return {"sanctions": [asdict(sanction) for sanction in moderation.in_force()]}

    async def order(request: web.Request) -> Any:
        given = ORDER.validate_json(await request.read())
        done = await moderation.carry_out(given, f"admin/{given.by}" if given.by else "admin")
        return {**done.deed.told(), "changed": done.changed}

    async def log(request: web.Request) -> Any:
        page = Page.model_validate(dict(request.query))
        deeds = await moderation.deeds(page.skip, page.limit)
        return {"deeds": [deed.told() for deed in deeds]}

    return [
        web.get("/moderation", _answered(show, token)),
        web.post("/moderation", _answered(order, token)),
        web.get("/moderation/log", _answered(log, token)),
    ]


def _answered(answer: Answer, token: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        check_token(request, token)
        try:
            return web.json_response(await answer(request))
        except ValidationError as error:
            return _error(400, sentence(error))
        except Refused as refused:
            return _error(404, refused.message)
        except (HistoryError, FanoutError) as error:
            return _error(503, str(error))

    return handle


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"error": message}, status=status)
