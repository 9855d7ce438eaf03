"""The outbox keeps every promise of what is inside, but that of refusing: it keeps instead."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import pytest

from chatcluster.core.errors import FanoutError
from chatcluster.fanout.outbox import Outbox
from chatcluster.fanout.port import Fanout, State
from chatcluster.testing.fanout_suite import *  # noqa: F403
from chatcluster.testing.fixtures import Enter
from chatcluster.testing.harness import Harness
from chatcluster.testing.suite.outage import state
from tests.contract.fanouts import AdapterHarness
from tests.contract.redis_harness import RedisHarness


class BoxedAdapterHarness(AdapterHarness):
    def fanout(self) -> Fanout:  # type: ignore[override]
        return self.recipe()()

    def recipe(self) -> Callable[[], Fanout]:
        return partial(_boxed, super().recipe())


class BoxedRedisHarness(RedisHarness):
    def fanout(self) -> Fanout:  # type: ignore[override]
        return self.recipe()()

    def recipe(self) -> Callable[[], Fanout]:  # type: ignore[override]
        return partial(_boxed, super().recipe())


def _boxed(recipe: Callable[[], Fanout]) -> Outbox:
    return Outbox(recipe())


HARNESSES: dict[str, type[Harness]] = {"adapter": BoxedAdapterHarness, "redis": BoxedRedisHarness}

# That is for modes whose carrier is durable.
del test_what_was_taken_arrives_after_an_outage  # type: ignore[name-defined]  # noqa: F821


# In the place of those of the suite that have the same names.


async def test_without_a_carrier_nothing_seems_to_work(carrier: Harness, enter: Enter) -> None:
    """But publishing: that waits."""
    gateway = await enter("one", "a")
    await carrier.kill()
    sent = await gateway.say("waits")
    with pytest.raises(FanoutError):
        await gateway.want("b")
    with pytest.raises(FanoutError):
        await gateway.fanout.check()
    await state(gateway, State.DOWN)
    assert gateway.received == [sent]


async def test_publishing_through_an_outage_keeps_order(carrier: Harness, enter: Enter) -> None:
    """And nothing that was published during the outage is lost."""
    one, two = await enter("one", "a"), await enter("two", "a")
    talking = True
    during: list[int] = []

    async def talk() -> None:
        index = 0
        while talking:
            index += 1
            if one.fanout.state is State.DOWN:
                during.append(index)
            await one.say(index)
            await asyncio.sleep(0.002)

    talk_task = asyncio.create_task(talk())
    await two.got(20)
    await carrier.kill()
    await state(one, State.DOWN)
    await state(two, State.DOWN)
    await carrier.restart()
    await two.interrupted_times(1)
    await two.got(len(two.received) + 50)
    talking = False
    await talk_task
    for gateway in (one, two):
        await gateway.until(lambda: gateway.args[-1] == one.args[-1])  # noqa: B023
        assert gateway.args == sorted(set(gateway.args))
    assert set(one.args) == set(range(1, one.args[-1] + 1))
    assert during


async def test_a_carrier_that_falls_silent_is_noticed(carrier: Harness, enter: Enter) -> None:
    gateway = await enter("one", "a")
    await carrier.pause()
    try:
        with pytest.raises(FanoutError):
            await gateway.fanout.check()
        await state(gateway, State.DOWN)
        sent = [await gateway.say("waits")]
    finally:
        await carrier.resume()
    await gateway.interrupted_times(1)
    await gateway.fanout.check()
    sent.append(await gateway.say("hello"))
    await gateway.fanout.check()
    assert gateway.received == sent
