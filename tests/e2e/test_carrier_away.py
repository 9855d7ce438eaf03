"""A carrier that stands still, while the room log is well: people at one gateway chat on."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.e2e.clients import Connect
from tests.e2e.conftest import MakeCluster
from tests.gateways import Program
from tests.servers import Valkey

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(60)]

MESSAGES = 20


@pytest.fixture
def carrier(tmp_path: Path) -> Iterator[Valkey]:
    folder = tmp_path / "carrier"
    folder.mkdir()
    server = Valkey(folder, appendonly="no")
    server.start()
    yield server
    server.stop()


def reasons(gateway: Program) -> list[str]:
    """Why it is not ready."""
    try:
        with urllib.request.urlopen(f"{gateway.admin}/readyz", timeout=5):
            return []
    except HTTPError as error:
        found: list[str] = json.load(error)["reasons"]
        return found


async def until_ready(gateway: Program, ready: bool) -> list[str]:
    """Return what it says once it says that it is ready, or is not."""
    async with asyncio.timeout(20):
        found = await asyncio.to_thread(reasons, gateway)
        while ready is bool(found):
            await asyncio.sleep(0.1)
            found = await asyncio.to_thread(reasons, gateway)
        return found


async def test_people_chat_on_while_the_carrier_stands_still(
    make_cluster: MakeCluster, carrier: Valkey, connect: Connect, room: str
) -> None:
    """Those at other gateways get it once, in order; no gateway seems ready meanwhile, and each is
    by itself afterwards."""
    here, there = make_cluster("adapter", adapter_url=carrier.url).gateways
    ada, bob, carol = [await connect(gateway.url) for gateway in (here, here, there)]
    for client in (ada, bob, carol):
        await client.ask("join", room)
    carrier.pause()
    said = []
    slowest = 0.0
    for number in range(MESSAGES):
        began = time.monotonic()
        reply = await ada.ask("chat message", {"room": room, "message": str(number)})
        said.append(reply["id"])
        assert (await bob.next("chat message"))["id"] == reply["id"]
        slowest = max(slowest, time.monotonic() - began)
    for gateway in (here, there):
        (reason,) = await until_ready(gateway, False)
        assert reason.startswith("fan-out: ")
    assert here.stats()["fanout"]["outbox"]["waiting"] >= MESSAGES
    carrier.resume()
    for gateway in (here, there):
        await until_ready(gateway, True)
    async with asyncio.timeout(10):
        while here.stats()["fanout"]["outbox"]["waiting"]:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.05)
    last = await ada.ask("chat message", {"room": room, "message": "last"})
    said.append(last["id"])
    seen = []
    while last["id"] not in seen:
        seen.append((await carol.next("chat message"))["id"])
    assert seen == said
    assert (await bob.next("chat message"))["id"] == last["id"]
    print(f"the slowest of {MESSAGES} messages took {slowest:.2f} s")
    assert slowest < 4.0  # one waited two seconds for the carrier, the others not at all
