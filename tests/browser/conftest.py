"""A browser, gateways, and the people who use both."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.browser.visitor import Visitor
from tests.gateways import Cluster, Program
from tests.servers import Valkey, missing

CHROMIUM = "/usr/bin/chromium"
SWITCHES = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

Arrive = Callable[..., Awaitable[Visitor]]
MakeGateway = Callable[..., Program]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    if shutil.which("chromium") is None:
        missing("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def arrive(browser: Browser) -> AsyncIterator[Arrive]:
    """Opens the page as somebody; at the end nobody's console may hold an error."""
    visitors: list[Visitor] = []

    async def arrive(gateway: Program, name: str, **more: Any) -> Visitor:
        visitor = await Visitor.arrive(browser, gateway.url, name, **more)
        visitors.append(visitor)
        return visitor

    yield arrive
    for visitor in visitors:
        await visitor.leave()
    assert [visitor.complaints for visitor in visitors if visitor.complaints] == []


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Program]]:
    """Two gateways that live as long as the run: leave them running, and use rooms of your own."""
    # A Valkey of their own, because the lobby's log is one per Valkey.
    valkey = Valkey(tmp_path_factory.mktemp("valkey"), appendonly="no")
    valkey.start()
    with Cluster(tmp_path_factory.mktemp("pair"), valkey.url, "adapter").running() as cluster:
        yield cluster.gateways
    valkey.stop()


@pytest.fixture
def make_gateway(own_valkey: Valkey, tmp_path: Path) -> Iterator[MakeGateway]:
    """Starts gateways on a Valkey of the test's own, all to be killed and restarted at will."""
    gateways: list[Program] = []

    def make(name: str, **settings: object) -> Program:
        common = {
            "mode": "adapter",
            "history": "redis",
            "redis_url": own_valkey.url,
            "presence_seconds": 0.5,  # the people of a dead gateway are soon forgotten
        }
        log = tmp_path / f"{name}.log"
        gateway = Program("chat_gateway", log, name=name, **{**common, **settings})
        gateways.append(gateway)
        gateway.start()
        return gateway

    yield make
    for gateway in gateways:
        gateway.kill()
