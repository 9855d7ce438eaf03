"""What an operator sees of a gateway and wants of it, on the admin server.

    GET    /gateway   200, the gateway's figures
    PUT    /drain     {"clients_per_second": 10}: the gateway is not ready from now on, and after
                      its settle time all its clients are sent elsewhere; again: at another pace
    DELETE /drain     the gateway is ready again, and keeps who is left
    POST   /shed      {"clients": 50, "clients_per_second": 10}: so many clients are sent elsewhere,
                      in place of what was asked before; the gateway stays ready

All answer with the figures, as in `chatcluster.core.figures`; 400 for a malformed body, 409 while
the gateway starts or stops, both with `{"error": "…"}`. With a token, 401 without
`Authorization: Bearer <token>` (RFC 6750, section 2.1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chat_gateway.moving import Moving, NotNowError
from chatcluster.core.figures import Figures, figures_as_json
from chatcluster.runtime.fanout_routes import check_token


class Drain(BaseModel):
    model_config = ConfigDict(extra="forbid")

    clients_per_second: float = Field(gt=0, le=100_000)


class Shed(Drain):
    clients: int = Field(ge=1)


def operator_routes(
    moving: Moving, figures: Callable[[], Figures], token: str
) -> Sequence[web.RouteDef]:
    """For the admin server; an empty *token* lets everybody who reaches it in."""

    async def answer(request: web.Request) -> web.Response:
        check_token(request, token)
        try:
            await _carry_out(request, moving)
        except ValidationError as error:
            return web.json_response({"error": _sentence(error)}, status=400)
        except NotNowError as error:
            return web.json_response({"error": str(error)}, status=409)
        return web.json_response(figures_as_json(figures()))

    return [
        web.get("/gateway", answer),
        web.put("/drain", answer),
        web.delete("/drain", answer),
        web.post("/shed", answer),
    ]


async def _carry_out(request: web.Request, moving: Moving) -> None:
    match request.method:
        case "PUT":
            moving.drain(Drain.model_validate_json(await request.read()).clients_per_second)
        case "DELETE":
            moving.stay()
        case "POST":
            wish = Shed.model_validate_json(await request.read())
            moving.shed(wish.clients, wish.clients_per_second)


def _sentence(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
