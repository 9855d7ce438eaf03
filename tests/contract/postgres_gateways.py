"""Gateways and plain SQL on one Postgres, with tables of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from chatcluster.connections.postgres import Connection, connect
from chatcluster.core.envelope import Envelope
from chatcluster.fanout.postgres import PostgresFanout
from chatcluster.testing.harness import Gateway
from tests.contract.logs import fresh_prefix
from tests.postgres_server import Postgres

Insert = Callable[..., Awaitable[None]]


@dataclass
class Place:
    """One application's tables in *server*."""

    server: Postgres
    prefix: str = field(default_factory=fresh_prefix)
    _open: list[Any] = field(default_factory=list)

    async def enter(self, *rooms: str, namespace: str = "/", **options: Any) -> Gateway:
        """A gateway that is open and wants these rooms."""
        fanout = PostgresFanout(self.server.url(), **{"prefix": self.prefix, **options})
        self._open.append(fanout.close)
        gateway = Gateway(fanout, f"gateway-{len(self._open)}", namespace)
        return await gateway.open(*rooms)

    async def sql(self, user: str = "postgres") -> Connection:
        """Somebody's own connection; statements are committed one by one."""
        connection = await connect(self.server.url(user), "a test")
        self._open.append(connection.close)
        return connection

    async def insert(self, sql: Connection, argument: object, room: str = "a") -> None:
        query = f"INSERT INTO {self.prefix}_envelopes (rooms, event, args) VALUES ($1, 'e', $2)"
        await sql.execute(query, [room], f"[{argument}]")

    async def close(self) -> None:
        for close in reversed(self._open):
            await close()


@asynccontextmanager
async def place(server: Postgres) -> AsyncIterator[Place]:
    here = Place(server)
    try:
        yield here
    finally:
        await here.close()


async def quiet(gateway: Gateway) -> list[Envelope]:
    """Everything that was committed before this, as the gateway got it."""
    await gateway.fanout.check()
    return gateway.received


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - a server has no event for us
            await asyncio.sleep(0.02)
