"""Gateways in the test's own process, so that it can be their application, and clients of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import socketio
from aiohttp import web

from chat_gateway.gateway import Gateway, new_origin
from chat_gateway.manager.cluster import Cluster
from chat_gateway.site import make_site
from chatcluster.chat.fanouts import with_outbox
from chatcluster.fanout.port import Fanout
from chatcluster.history.opening import opened
from chatcluster.history.port import Retention
from chatcluster.runtime.settings import GatewaySettings, load

PATIENCE = 5.0


class Site:
    """One gateway, and where it can be reached."""

    def __init__(self, gateway: Gateway, url: str) -> None:
        self.gateway = gateway
        self.url = url

    @property
    def cluster(self) -> Cluster:
        return self.gateway.cluster

    async def enter(self, client: Client, *rooms: str) -> None:
        """Let a client of this gateway enter rooms; return when it gets what is sent there."""
        for room in rooms:
            await self.gateway.server.enter_room(client.sid, room)
        await self.listening()

    async def listening(self) -> None:
        """Return when what is sent to the rooms of its clients comes here."""
        interest = self.gateway._interest
        await eventually(lambda: interest._told == interest._counts.keys())


@asynccontextmanager
async def serving(fanout: Fanout, name: str) -> AsyncIterator[Site]:
    """A gateway that takes clients while the body runs."""
    settings = load(GatewaySettings, name=name, history="off")
    retention = Retention(length=10, age=60)
    async with opened("off", redis_url="", retention=retention, rooms_limit=10) as store:
        gateway = Gateway(settings, store, with_outbox(fanout, settings), new_origin(name))
        async with gateway.serving():
            runner = web.AppRunner(
                make_site(gateway.server.eio, max_payload=2**22, body_seconds=5.0)
            )
            await runner.setup()
            server = web.TCPSite(runner, "127.0.0.1", 0)
            await server.start()
            port = runner.addresses[0][1]
            try:
                yield Site(gateway, f"http://127.0.0.1:{port}")
            finally:
                await gateway.server.shutdown()
                await runner.cleanup()


class Client:
    """A stock client that acknowledges with `answer`, or not at all while that is None."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer
        self.got: list[tuple[Any, ...]] = []
        self._socket = socketio.AsyncClient(reconnection=False)
        self._closed = asyncio.Event()
        self._socket.on("*", self._take)

    @property
    def sid(self) -> str:
        return str(self._socket.get_sid())

    @property
    def connected(self) -> bool:
        return bool(self._socket.connected)

    async def open(self, site: Site, auth: Any = None) -> Client:
        await self._socket.connect(site.url, transports=["websocket"], auth=auth)
        await eventually(lambda: site.gateway.manager.is_connected(self.sid, "/"))
        return self

    async def close(self) -> None:
        self._closed.set()
        await self._socket.disconnect()

    async def _take(self, event: str, *args: Any) -> Any:
        if event != "presence":
            self.got.append((event, *args))
        if self.answer is None:
            await self._closed.wait()
        return self.answer


async def eventually(condition: Callable[[], Any], seconds: float = PATIENCE) -> None:
    """Return when *condition* holds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - any condition may be waited for
            await asyncio.sleep(0.01)
