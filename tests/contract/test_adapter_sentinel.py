"""Mode `adapter` on a Redis that Sentinels watch."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest

from chatcluster.core.envelope import Envelope
from chatcluster.core.errors import FanoutError
from chatcluster.fanout.adapter import AdapterFanout, Classic, Sharded, Streams
from chatcluster.fanout.port import State
from chatcluster.testing.harness import Gateway
from tests.contract.adapter_servers import Watched, run

pytestmark = pytest.mark.timeout(40)


@pytest.fixture
async def watched(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Watched]:
    watched = Watched(tmp_path_factory.mktemp("sentinel"))
    try:
        await watched.start()
        yield watched
    finally:
        watched.stop()


async def hears(gateway: Gateway, said: Envelope) -> None:
    await gateway.until(lambda: said in gateway.received, 0.5)


async def heard_again(one: Gateway, two: Gateway) -> None:
    """Publish again and again until *two* hears it."""
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(FanoutError, TimeoutError):
                await hears(two, await one.say("after"))
                return
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    "protocol", [Classic(), Sharded(), Streams()], ids=["classic", "sharded", "streams"]
)
async def test_the_fanout_follows_a_failover_within_seconds(
    protocol: Classic | Sharded | Streams, watched: Watched
) -> None:
    gateways = [
        await Gateway(AdapterFanout(watched.url, protocol), name).open("a")
        for name in ("one", "two")
    ]
    one, two = gateways
    await one.say("before")
    await two.got(1)
    watched.master.kill()
    began = time.monotonic()
    await heard_again(one, two)
    assert time.monotonic() - began < 10
    assert (await run(watched.replica.port, "ROLE"))[0] == "master"
    for gateway in gateways:
        assert gateway.fanout.state is State.UP
        assert gateway.interruptions == 1
        await gateway.fanout.close()


async def test_a_master_that_was_demoted_is_left(watched: Watched) -> None:
    """As in a failover that somebody asked for, while the old master goes on."""
    fanout = AdapterFanout(watched.url)
    gateway = await Gateway(fanout, "one").open("a")
    await run(watched.ports[0], "SENTINEL", "FAILOVER", watched.name)
    await gateway.until(lambda: gateway.interruptions == 1, 10)
    await heard_again(gateway, gateway)
    assert (await run(watched.replica.port, "ROLE"))[0] == "master"
    await fanout.close()


async def test_a_name_that_the_sentinels_do_not_know_is_an_error(watched: Watched) -> None:
    url = watched.url.replace("/chat/", "/other/")
    with pytest.raises(FanoutError, match="no master 'other'"):
        await Gateway(AdapterFanout(url), "one").open("a")


async def test_one_sentinel_that_answers_is_enough(watched: Watched) -> None:
    url = watched.url.replace("redis+sentinel://", "redis+sentinel://127.0.0.1:1,")
    gateway = await Gateway(AdapterFanout(url), "one").open("a")
    said = await gateway.say("hello")
    assert await gateway.got(1) == [said]
    await gateway.fanout.close()
