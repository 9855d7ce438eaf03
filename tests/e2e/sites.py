"""Gateways in the test's own process, so that it can be their application, and clients of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import count
from typing import Any

import socketio
from aiohttp import web

from chat_gateway.gateway import Gateway, new_origin
from chat_gateway.manager.cluster import Cluster
from chat_gateway.site import make_site
from chatcluster.chat.changing import make_switching
from chatcluster.chat.fanouts import with_outbox
from chatcluster.chat.stores import opened_store
from chatcluster.core.switch import Order, Step, Target
from chatcluster.fanout.port import Fanout
from chatcluster.fanout.switching import Switching
from chatcluster.history.opening import OpenedStore
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
    async with (
        _store(settings) as store,
        _reachable(
            Gateway(settings, store, with_outbox(fanout, settings), new_origin(name))
        ) as site,
    ):
        yield site


@asynccontextmanager
async def changeable(name: str, **settings: object) -> AsyncIterator[tuple[Site, Switching]]:
    """A gateway whose fan-out can be changed while the body runs."""
    given = load(GatewaySettings, name=name, **settings)
    origin, numbers = new_origin(name), count(1)
    switching = make_switching(given, origin, numbers)
    async with _store(given) as store:
        outbox = with_outbox(switching, given)
        gateway = Gateway(given, store, outbox, origin, numbers=numbers, change=switching)
        async with _reachable(gateway) as site:
            yield site, switching


async def change(gateways: Sequence[Switching], epoch: int, mode: str) -> None:
    """Change the fan-out of all, one step after another."""
    for step, done in (
        (Step.PREPARE, lambda switch: switch.next and switch.next.ready),
        (Step.COMMIT, lambda switch: switch.epoch == epoch),
        (Step.FINISH, lambda switch: not switch.previous),
    ):
        for gateway in gateways:
            gateway.order(Order(step, epoch, Target(mode)))
        await eventually(lambda: all(done(gateway.switch) for gateway in gateways))  # noqa: B023


def _store(settings: GatewaySettings) -> AbstractAsyncContextManager[OpenedStore]:
    return opened_store(settings, Retention(length=1000, age=60), rooms_limit=10)


@asynccontextmanager
async def _reachable(gateway: Gateway) -> AsyncIterator[Site]:
    async with gateway.serving():
        runner = web.AppRunner(make_site(gateway.server.eio, max_payload=2**22, body_seconds=5.0))
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
