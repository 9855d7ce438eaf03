"""The admin servers of pods: many are asked at once, none for long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple, TypeVar

from aiohttp import ClientSession, TCPConnector

from chat_operator.view import Figures
from chatcluster.control.gateway_admin import AccessError, GatewayAdmin, NoAnswerError
from chatcluster.core import figures
from chatcluster.core.switch import Order
from chatcluster.core.switch_plan import Report

IDLE_SECONDS = 60.0  # for which a connection is kept: pods are asked again within that time
TAKES_NOBODY = ("settling", "draining")

T = TypeVar("T")


class Answer(NamedTuple):
    """Of one pod: what it says, or why that is not known."""

    report: Report | None = None
    figures: Figures | None = None
    problem: str = ""


class Admins:
    """Asks and tells pods, *limit* of them at a time over all ChatClusters."""

    def __init__(self, session: ClientSession, limit: int) -> None:
        self._session = session
        self._turn = asyncio.Semaphore(limit)

    def admin(self, url: str, token: str) -> GatewayAdmin:
        return GatewayAdmin(self._session, url, token)

    async def gateway(self, admin: GatewayAdmin, patience: float) -> Answer:
        """What a gateway says of itself; it is asked again for *patience* seconds."""

        async def ask() -> Answer:
            told = await admin.figures(patience=patience)
            return Answer(told.fanout, _figures(told))

        return await self._asked(ask)

    async def worker(self, admin: GatewayAdmin, patience: float) -> Answer:
        """What a worker says of its fan-out; it is asked again for *patience* seconds."""

        async def ask() -> Answer:
            return Answer(await admin.report(patience=patience))

        return await self._asked(ask)

    async def give(
        self, orders: Mapping[str, Order], admins: Mapping[str, GatewayAdmin]
    ) -> dict[str, str]:
        """Give each program its order, all at once: why some did not note theirs, by name."""

        async def tell(name: str) -> str:
            if name not in admins:
                return "it has no address any more"
            async with self._turn:
                return (await admins[name].order(orders[name])).error

        results = await asyncio.gather(*map(tell, orders), return_exceptions=True)
        refused: dict[str, str] = {}
        for name, result in zip(orders, results, strict=True):
            if isinstance(result, BaseException) and not isinstance(result, AccessError):
                raise result
            if result:
                refused[name] = str(result)
        return refused

    async def _asked(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        try:
            async with self._turn:
                return await ask()
        except (NoAnswerError, AccessError) as error:
            return Answer(problem=str(error))


@asynccontextmanager
async def admins(limit: int) -> AsyncIterator[Admins]:
    """Open while the body runs."""
    connector = TCPConnector(limit=limit, keepalive_timeout=IDLE_SECONDS)
    async with ClientSession(connector=connector) as session:
        yield Admins(session, limit)


def _figures(told: figures.Figures) -> Figures:
    return Figures(
        connections=told.connections,
        draining=told.phase in TAKES_NOBODY,
        per_second=told.drain.clients_per_second if told.drain is not None else None,
    )
