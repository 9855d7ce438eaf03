"""Gateways that have an admin server and nothing behind it, for tests of what drives them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

from aiohttp import ClientSession, web

from chatcluster.control.gateway_admin import GatewayAdmin
from chatcluster.control.switching import Controller
from chatcluster.core.switch import Switch, Target
from chatcluster.core.switch_plan import Report
from chatcluster.runtime.fanout_routes import fanout_routes

OLD, REDIS, HUB = Target("adapter"), Target("redis"), Target("hub")
TOKEN = "a token"


class FakeGateway:
    """Does at once what it is told. Tests change it as they need."""

    def __init__(self, name):
        self.name = name
        self.switch = Switch(3, OLD)
        self.error = ""  # why nothing can be opened
        self.opens = True
        self.slow = 0.0  # seconds before each answer
        self.says = None  # instead of what a gateway says
        self.heard = []  # the steps it was told
        self.port = 0
        self._runner = None

    def report(self):
        return Report(f"{self.name}.x", self.switch, waits=False)

    def order(self, order):
        self.heard.append(order.step)
        self.switch = self.switch.ordered(order)
        if (coming := self.switch.next) is None:
            return
        if self.error:
            self.switch = self.switch.failed(coming.epoch, coming.target, self.error)
        elif self.opens:
            self.switch = self.switch.opened(coming.epoch, coming.target)
        if self.switch.due:
            self.switch = self.switch.committed()

    async def start(self):
        @web.middleware
        async def as_told(request, handler):
            await asyncio.sleep(self.slow)
            return await handler(request) if self.says is None else self.says()

        app = web.Application(middlewares=[as_told])
        app.add_routes(fanout_routes(self, TOKEN))
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self):
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None


class FakeCluster:
    """Three gateways, and where starting ones look."""

    def __init__(self, session):
        self.session = session
        self.gateways = [FakeGateway(f"gateway-{number}") for number in (1, 2, 3)]
        self.stored = []

    async def store(self, start):
        self.stored.append(start)

    def controller(self, *, patience=0.3, token=TOKEN):
        return Controller(
            {
                one.name: GatewayAdmin(self.session, f"http://127.0.0.1:{one.port}", token)
                for one in self.gateways
            },
            self.store,
            patience=patience,
        )

    async def drive(self, wanted, *, timeout=5.0, **options):
        """All turns."""
        driving = self.controller(**options).drive(wanted, timeout=timeout)
        return [turn async for turn in driving]

    @property
    def targets(self):
        return [one.switch.target for one in self.gateways]


@asynccontextmanager
async def fake_cluster():
    async with ClientSession() as session:
        cluster = FakeCluster(session)
        try:
            for gateway in cluster.gateways:
                await gateway.start()
            yield cluster
        finally:
            for gateway in cluster.gateways:
                await gateway.stop()
