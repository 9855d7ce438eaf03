"""What does not wait for the carrier: what is too much, volatile, or too late."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from chatcluster.core.errors import FanoutError
from tests.unit.failing_carrier import LATENCY, Two, typing
from tests.unit.virtual_time import in_virtual_time, now


@in_virtual_time
async def test_when_it_is_full_the_sender_gets_an_error() -> None:
    async with Two(envelopes=3) as world:
        world.carrier.fail()
        sent = [await world.one.say(number) for number in range(3)]
        with pytest.raises(FanoutError, match="3 envelopes wait, of 3 that may"):
            await world.one.say("too many")
        assert world.one.received == sent
        world.carrier.recover()
        await world.settle()
        assert world.two.received == sent
        await world.one.say("again")


@in_virtual_time
async def test_bytes_have_a_bound_too() -> None:
    async with Two(bytes=1000) as world:
        world.carrier.fail()
        await world.one.say("x" * 800)
        with pytest.raises(FanoutError, match="bytes wait, of 1000 that may"):
            await world.one.say("x" * 800)
        assert world.box.waiting == 1


@in_virtual_time
async def test_on_a_carrier_that_hangs_callers_are_bounded_too() -> None:
    async with Two(envelopes=3, bytes=1000) as world:
        world.carrier.hang()
        calls = [asyncio.create_task(world.one.say(number)) for number in range(5)]
        done = await asyncio.gather(*calls, return_exceptions=True)
        assert [isinstance(one, FanoutError) for one in done] == [False] * 3 + [True] * 2


@in_virtual_time
async def test_on_a_carrier_that_hangs_large_calls_are_bounded_at_once() -> None:
    async with Two(bytes=1000) as world:
        world.carrier.hang()
        calls = [asyncio.create_task(world.one.say("x" * 10))]
        await asyncio.sleep(0.2)
        calls += [asyncio.create_task(world.one.say("x" * 800)) for _ in range(2)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert [call.done() for call in calls] == [False, False, True]
        await asyncio.gather(*calls, return_exceptions=True)
        assert world.box.waiting == 2


@in_virtual_time
async def test_volatile_envelopes_do_not_wait_but_reach_the_gateways_own_clients() -> None:
    async with Two() as world:
        world.carrier.fail()
        event = typing(world.one, "typing")
        await world.box.publish([event])
        assert world.one.received == [event]
        assert world.box.waiting == 0
        world.carrier.recover()
        await world.one.say("hello")
        await world.settle()
        assert world.two.args == ["hello"]


@in_virtual_time
async def test_closing_sends_what_waits_if_the_carrier_takes_it() -> None:
    async with Two() as world:
        world.carrier.fail()
        sent = [await world.one.say(number) for number in range(5)]
        world.carrier.recover()
        await world.box.close()
        await asyncio.sleep(10 * LATENCY)
        assert world.two.received == sent


@in_virtual_time
async def test_closing_does_not_wait_for_others_to_find_the_carrier() -> None:
    async with Two() as world:
        world.inner.durable = False
        world.carrier.fail()
        sent = await world.one.say(1)
        world.carrier.recover()
        await asyncio.sleep(0.5)
        await world.box.close()
        await asyncio.sleep(10 * LATENCY)
        assert world.two.received == [sent]


@in_virtual_time
async def test_closing_gives_up_what_waits_after_half_a_second_and_says_so() -> None:
    async with Two() as world:
        world.carrier.fail()
        for number in range(5):
            await world.one.say(number)
        began = now()
        with capture_logs() as logs:
            await world.box.close()
        assert now() - began == pytest.approx(0.5)
        assert {"event": "outbox_given_up", "count": 5, "log_level": "warning"} in logs
        assert world.box.waiting == 0
        with pytest.raises(FanoutError, match="closed"):
            await world.one.say("too late")


@in_virtual_time
async def test_closing_refuses_what_is_on_its_way() -> None:
    async with Two() as world:
        world.carrier.hang()
        call = asyncio.create_task(world.one.say(1))
        await asyncio.sleep(0.1)
        await world.box.close()
        with pytest.raises(FanoutError):
            await call


@in_virtual_time
async def test_a_caller_that_gives_up_does_not_disturb_the_others() -> None:
    async with Two() as world:
        world.carrier.hang()
        impatient = asyncio.create_task(world.one.say("impatient"))
        patient = asyncio.create_task(world.one.say("patient"))
        await asyncio.sleep(0.1)
        impatient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await impatient
        await patient
        world.carrier.recover()
        await world.settle()
        assert world.two.args == ["impatient", "patient"]
