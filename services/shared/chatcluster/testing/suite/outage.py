"""What every fan-out mode promises when its carrier goes and comes back."""

from __future__ import annotations

import asyncio
import time

import pytest

from chatcluster.core.errors import FanoutError
from chatcluster.fanout.port import State
from chatcluster.testing.fixtures import Enter
from chatcluster.testing.harness import Gateway, Harness
from chatcluster.testing.promises import promise
from chatcluster.testing.suite.sentences import CLOSES, REFUSES, THROUGH

NOTICE = 6.0  # seconds: five for a carrier that only fell silent, and one for a busy machine


async def state(gateway: Gateway, wanted: State, seconds: float = NOTICE) -> None:
    async with asyncio.timeout(seconds):
        while gateway.fanout.state is not wanted:  # noqa: ASYNC110 - the port has no event for it
            await asyncio.sleep(0.01)


@promise(REFUSES)
async def test_opening_without_a_carrier_fails(carrier: Harness) -> None:
    await carrier.kill()
    gateway = Gateway(carrier.fanout(), "one")
    with pytest.raises(FanoutError):
        await gateway.open()
    await gateway.fanout.close()
    await carrier.restart()
    again = await Gateway(carrier.fanout(), "one").open("a")
    await again.fanout.close()


@promise(REFUSES)
async def test_opening_on_a_silent_carrier_fails(carrier: Harness) -> None:
    await carrier.pause()
    gateway = Gateway(carrier.fanout(), "one")
    try:
        async with asyncio.timeout(NOTICE):
            with pytest.raises(FanoutError):
                await gateway.open()
    finally:
        await carrier.resume()
    await gateway.fanout.close()


@promise(REFUSES)
async def test_without_a_carrier_nothing_seems_to_work(carrier: Harness, enter: Enter) -> None:
    gateway = await enter("one", "a")
    await carrier.kill()
    with pytest.raises(FanoutError):
        await gateway.say("lost")
    with pytest.raises(FanoutError):
        await gateway.want("b")
    with pytest.raises(FanoutError):
        await gateway.fanout.check()
    await state(gateway, State.DOWN)
    with pytest.raises(FanoutError):
        await gateway.say("lost too")


@promise("A carrier that returns is found within two seconds, and gateways hear of the gap")
async def test_a_carrier_that_returns_is_found_within_two_seconds(
    carrier: Harness, enter: Enter
) -> None:
    """With what was wanted before and meanwhile; and the gateway hears of the gap."""
    one, two = await enter("one", "a", "b"), await enter("two", "a")
    await carrier.kill()
    await state(one, State.DOWN)
    await state(two, State.DOWN)
    with pytest.raises(FanoutError):
        await two.want("b")
    await asyncio.sleep(1)
    await carrier.restart()
    returned = time.monotonic()
    for gateway in (one, two):
        await gateway.interrupted_times(1)
        assert gateway.fanout.state is State.UP
    assert time.monotonic() - returned < 2
    await one.say("not for two")
    sent = await one.say("hello", rooms=("b",))
    assert await two.got(1) == [sent]
    await one.got(2)
    await two.fanout.check()
    assert two.received == [sent]


@promise(THROUGH)
async def test_nothing_is_repeated_after_a_restart(carrier: Harness, enter: Enter) -> None:
    one, two = await enter("one", "a"), await enter("two", "a")
    for outage in (1, 2, 3):
        await one.say(f"before {outage}")
        await two.got(outage)
        await carrier.kill()
        await state(two, State.DOWN)
        await carrier.restart()
        for gateway in (one, two):
            await gateway.interrupted_times(outage)
        await state(one, State.UP)
    await one.say("after")
    await two.until(lambda: "after" in two.args)
    assert two.args == ["before 1", "before 2", "before 3", "after"]


@promise(THROUGH)
async def test_publishing_through_an_outage_keeps_order(carrier: Harness, enter: Enter) -> None:
    """What was taken arrives in order or was lost in the outage; what was refused said so."""
    one, two = await enter("one", "a"), await enter("two", "a")
    talking = True
    refused: list[int] = []

    async def talk() -> None:
        index = 0
        while talking:
            index += 1
            try:
                await one.say(index)
            except FanoutError:
                refused.append(index)
            await asyncio.sleep(0.002)

    talk_task = asyncio.create_task(talk())
    await two.got(20)
    await carrier.kill()
    await state(two, State.DOWN)
    await carrier.restart()
    await two.interrupted_times(1)
    await two.got(len(two.received) + 20)
    talking = False
    await talk_task
    assert two.args == sorted(set(two.args))
    assert refused


@promise("A carrier that keeps its connections and falls silent is noticed")
async def test_a_carrier_that_falls_silent_is_noticed(carrier: Harness, enter: Enter) -> None:
    """Its connections still stand, so only waiting for an answer can tell."""
    gateway = await enter("one", "a")
    await carrier.pause()
    try:
        began = time.monotonic()
        with pytest.raises(FanoutError):
            await gateway.fanout.check()
        assert time.monotonic() - began < NOTICE
        await state(gateway, State.DOWN)
        with pytest.raises(FanoutError):
            await gateway.say("lost")
    finally:
        await carrier.resume()
    await gateway.interrupted_times(1)
    await gateway.fanout.check()
    sent = await gateway.say("hello")
    await gateway.until(lambda: sent in gateway.received)


@promise(CLOSES)
async def test_closing_is_quiet_while_the_carrier_is_gone(carrier: Harness, enter: Enter) -> None:
    gateway = await enter("one", "a")
    await carrier.kill()
    await state(gateway, State.DOWN)
    await gateway.fanout.close()
    await gateway.fanout.close()
    assert gateway.fanout.state is State.CLOSED
    assert gateway.interruptions == 0


@promise(CLOSES)
async def test_closing_ends_what_still_waits_for_the_carrier(
    carrier: Harness, enter: Enter
) -> None:
    gateway = await enter("one", "a")
    await carrier.pause()
    try:
        waiting = asyncio.create_task(gateway.say("never taken"))
        await asyncio.sleep(0.05)
        await gateway.fanout.close()
        with pytest.raises(FanoutError):
            async with asyncio.timeout(1):
                await waiting
    finally:
        await carrier.resume()
