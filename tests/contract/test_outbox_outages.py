"""Carriers that are killed, paused and cut off: what was said meanwhile arrives, in order, once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from chatcluster.core.errors import FanoutError
from chatcluster.core.waiting import Bounds
from chatcluster.fanout.outbox import Outbox
from chatcluster.fanout.port import Fanout, State
from chatcluster.testing.harness import Gateway, Harness
from tests.contract.fanouts import HARNESSES
from tests.proxy import Proxy

ON_ONE_SERVER = [name for name, kind in HARNESSES.items() if kind.shared and name != "three hubs"]
BACK_SECONDS = 2.0  # as promised
BUSY = 2.0  # times as long, on a machine that has other things to do
PAUSE_SECONDS = 3.0
ROOM = 5000

pytestmark = pytest.mark.timeout(60)


class Talk:
    """Two gateways that talk all the time; the second one has the carrier to itself."""

    def __init__(self, carrier: Harness, proxy: Proxy, one: Gateway, two: Gateway) -> None:
        self.carrier = carrier
        self.proxy = proxy
        self.one = one
        self.two = two
        self.outbox = cast(Outbox, one.fanout)
        self.said = 0
        self.slowest = 0.0  # seconds until a call returned

    async def begin(self) -> None:
        """Return when both have heard the same: what was acknowledged just before an outage may
        be lost where the carrier is not durable."""
        for self.said in range(1, 11):
            await self.one.say(self.said)
        for gateway in (self.one, self.two):
            await gateway.got(10)

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        stop = asyncio.Event()
        talking = asyncio.create_task(self._talk(stop))
        try:
            yield
        finally:
            stop.set()
            await talking

    async def _talk(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self.said += 1
            began = time.monotonic()
            await self.one.say(self.said)
            self.slowest = max(self.slowest, time.monotonic() - began)
            await asyncio.sleep(0.01)

    async def seen_here(self) -> None:
        """Return when the gateway's own clients have seen all that was said."""
        await self.one.until(lambda: self.one.args[-1] == self.said)

    async def sent(self) -> None:
        """Return when nothing waits."""
        async with asyncio.timeout(20.0):
            while self.outbox.waiting:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)

    async def complete(self) -> None:
        """Return when both have seen all, in order and once."""
        for gateway in (self.one, self.two):
            await gateway.until(partial(_has, gateway, self.said), 15.0)
            assert gateway.args == list(range(1, self.said + 1))


def _has(gateway: Gateway, number: int) -> bool:
    return bool(gateway.received) and gateway.args[-1] == number


@pytest.fixture(params=ON_ONE_SERVER)
async def talk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Talk]:
    carrier = HARNESSES[request.param](tmp_path)
    await carrier.start()
    proxy = Proxy(_port(carrier))
    await proxy.mend()
    one = Gateway(Outbox(_through(proxy, carrier), Bounds(envelopes=ROOM)), "one")
    two = Gateway(Outbox(carrier.fanout()), "two")
    try:
        await one.open("a")
        await two.open("a")
        yield Talk(carrier, proxy, one, two)
    finally:
        for gateway in (one, two):
            await gateway.fanout.close()
        await proxy.cut()
        await carrier.stop()


def _port(carrier: Any) -> int:
    for server in ("_valkey", "server"):
        if hasattr(carrier, server):
            return int(getattr(carrier, server).port)
    return int(carrier.hubs[0].port)


def _through(proxy: Proxy, carrier: Any) -> Fanout:
    """What the harness makes, with the way to its server by the proxy."""
    recipe: partial[Fanout] = carrier.recipe()
    old, new = f":{_port(carrier)}", f":{proxy.port}"

    def turned(value: Any) -> Any:
        if isinstance(value, list):
            return list(map(turned, value))
        return value.replace(old, new) if isinstance(value, str) else value

    return recipe.func(*map(turned, recipe.args), **recipe.keywords)


async def state(gateway: Gateway, wanted: State, seconds: float) -> float:
    """Return how long it took."""
    began = time.monotonic()
    async with asyncio.timeout(seconds):
        while gateway.fanout.state is not wanted:  # noqa: ASYNC110 - the port has no event for it
            await asyncio.sleep(0.005)
    return time.monotonic() - began


async def _kill(talk: Talk) -> Callable[[], Any]:
    await talk.carrier.kill()
    await state(talk.one, State.DOWN, 10.0)
    await state(talk.two, State.DOWN, 10.0)
    return talk.carrier.restart


async def _cut(talk: Talk) -> Callable[[], Any]:
    await talk.proxy.cut()
    await state(talk.one, State.DOWN, 10.0)
    return talk.proxy.mend


@pytest.mark.parametrize("end", [_kill, _cut], ids=["killed", "cut off from one gateway"])
async def test_what_is_said_without_a_carrier_arrives_when_it_is_back(
    talk: Talk, end: Callable[[Talk], Any]
) -> None:
    await talk.begin()
    mend = await end(talk)
    async with talk.going_on():
        await asyncio.sleep(0.5)
        await talk.seen_here()
        assert talk.outbox.waiting > 10
        await mend()
        back = await state(talk.one, State.UP, BUSY * BACK_SECONDS)
        await talk.sent()
    await talk.complete()
    print(f"back after {back:.2f} s, the slowest call took {talk.slowest:.3f} s")
    assert talk.slowest < 1.0


async def test_a_carrier_that_stands_still_for_three_seconds_loses_nothing(talk: Talk) -> None:
    await talk.begin()
    await talk.carrier.pause()
    async with talk.going_on():
        try:
            await asyncio.sleep(PAUSE_SECONDS)
            await talk.seen_here()
        finally:
            await talk.carrier.resume()
        back = await state(talk.one, State.UP, BUSY * BACK_SECONDS)
        await talk.sent()
    await talk.complete()
    print(f"back after {back:.2f} s, the slowest call took {talk.slowest:.3f} s")
    assert talk.slowest < BUSY * 2.0


async def test_when_it_is_full_the_sender_hears_of_it_and_the_rest_arrives(talk: Talk) -> None:
    await talk.begin()
    mend = await _cut(talk)
    for index in range(talk.said, talk.said + ROOM, 500):
        await talk.one.fanout.publish([talk.one.envelope(index + n) for n in range(1, 501)])
    with pytest.raises(FanoutError, match="wait"):
        await talk.one.say("too many")
    talk.said += ROOM
    await talk.seen_here()
    await mend()
    await talk.complete()
