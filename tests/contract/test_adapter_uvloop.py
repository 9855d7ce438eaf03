"""Mode `adapter` on uvloop, which programs run on, in every protocol."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import uvloop

from chatcluster.core.request import Question, Request
from chatcluster.fanout.port import State
from chatcluster.testing.harness import Gateway
from tests.contract.fanouts import AdapterHarness, ShardedHarness, StreamsHarness

HARNESSES = {"classic": AdapterHarness, "sharded": ShardedHarness, "streams": StreamsHarness}
HELLO = Request(Question.SERVER, "/", event="hello")


async def life(harness: AdapterHarness) -> None:
    """What happens to two gateways between their opening and their closing."""
    gateways = [await Gateway(harness.fanout(), name).open("a", "") for name in ("one", "two")]
    one, two = gateways
    await one.fanout.publish([one.envelope(number, b"\x00") for number in range(500)])
    await two.got(500)
    assert two.args == list(range(500))
    assert await one.ask(HELLO) == (["two"], 0)
    await harness.kill()
    await harness.restart()
    for gateway in gateways:
        await gateway.interrupted_times(1)
        async with asyncio.timeout(5):
            while gateway.fanout.state is not State.UP:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)
    said = await one.say("again")
    await two.until(lambda: said in two.received)
    assert await two.ask(HELLO) == (["one"], 0)
    for gateway in gateways:
        await gateway.fanout.check()
        await gateway.fanout.close()


@pytest.mark.parametrize("protocol", HARNESSES)
def test_gateways_live_on_uvloop(protocol: str, tmp_path: Path) -> None:
    async def run() -> None:
        assert isinstance(asyncio.get_running_loop(), uvloop.Loop)
        harness = HARNESSES[protocol](tmp_path)
        await harness.start()
        try:
            async with asyncio.timeout(15):
                await life(harness)
        finally:
            await harness.stop()

    uvloop.run(run())
