"""What a gateway finds when it looks around, for `chatcluster doctor`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from aiohttp import web

import chatcluster
from chat_gateway.gateway import Gateway
from chatcluster.chat.changing import settings_for
from chatcluster.chat.servers import all_facts, servers
from chatcluster.core.errors import FanoutError
from chatcluster.core.request import Question, Request
from chatcluster.core.switch import Target
from chatcluster.runtime.fanout_routes import check_token
from chatcluster.runtime.logs import get_logger

PRESENT = "chatcluster present"  # a server-side event: who is there?
SECONDS = 2.0  # for others to answer
SEEN_OF_OTHERS = 200  # values, of whoever answers

log = get_logger(__name__)


class Examination:
    """`GET /examination`: this gateway, the others that answer it through the fan-out and in how
    many seconds, and the servers that it uses. It takes seconds, and asks every gateway.
    """

    def __init__(self, gateway: Gateway, origin: str, token: str) -> None:
        self._gateway = gateway
        self._origin = origin
        self._token = token
        gateway.cluster.on(PRESENT, self.present)

    def routes(self) -> Sequence[web.RouteDef]:
        return [web.get("/examination", self._show)]

    def present(self, *_: Any) -> dict[str, Any]:
        """What others are answered."""
        return {"name": self._gateway.settings.name, "origin": self._origin, "time": time.time()}

    async def _show(self, request: web.Request) -> web.Response:
        check_token(request, self._token)
        received = time.time()
        stats, switch = self._gateway.stats(), self._gateway.switch
        others, missing, error = await self._others()
        told = {
            **self.present(),
            "time": received,
            "version": chatcluster.__version__,
            "ready": stats["ready"],
            "reasons": self._gateway.health.reasons(),
            "fanout": {
                **stats["fanout"],
                "target": str(self._target),
                "shared": self._gateway.fanout.shared,
                "changing": bool(switch and (switch.next or switch.previous)),
            },
            "history": stats["history"],
            "others": others,
            "missing": missing,
            "error": error,
            "servers": await self._servers(),
            "guarded": bool(self._token),
        }
        return web.json_response(told)

    @property
    def _target(self) -> Target:
        switch = self._gateway.switch
        return switch.target if switch else Target(self._gateway.fanout.mode)

    async def _servers(self) -> list[dict[str, Any]]:
        settings = self._gateway.settings
        in_force = settings_for(settings, self._target)
        return await all_facts(servers(in_force, jobs=bool(settings.job_events)))

    async def _others(self) -> tuple[list[dict[str, Any]], int, str]:
        """Who answers, how many do not, and why nobody could be asked."""
        request = Request(Question.SERVER, "/", event=PRESENT, timeout=SECONDS)
        began, found = time.monotonic(), []
        try:
            answers = await self._gateway.fanout.ask(request, SECONDS)
            async for reply in answers:
                seconds = time.monotonic() - began
                found += [{**_known(value), "seconds": seconds} for value in reply.values]
        except FanoutError as error:
            return [], 0, str(error)
        return found[:SEEN_OF_OTHERS], answers.missing, ""


def _known(value: Any) -> dict[str, str]:
    """Of an answer, which may come from other software, what we know."""
    fields = value if isinstance(value, dict) else {}
    return {name: str(fields.get(name, ""))[:100] for name in ("name", "origin")}
