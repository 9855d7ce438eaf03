"""What becomes of envelopes that the carrier does not take."""

from __future__ import annotations

import asyncio

import pytest

from chatcluster.core.envelope import RoomKey
from chatcluster.core.errors import FanoutError
from tests.unit.failing_carrier import LATENCY, Two
from tests.unit.virtual_time import in_virtual_time, now


@in_virtual_time
async def test_on_a_carrier_that_is_well_everything_passes_straight_through() -> None:
    async with Two() as world:
        began = now()
        sent = [await world.one.say(number) for number in range(3)]
        assert now() - began == pytest.approx(3 * LATENCY)
        await world.settle()
        assert world.one.received == world.two.received == sent
        assert world.inner.batches == [1, 1, 1]
        assert world.inner.checks == 0


@in_virtual_time
async def test_what_is_published_during_an_outage_arrives_in_order_afterwards() -> None:
    async with Two() as world:
        world.carrier.fail()
        sent = [await world.one.say(number) for number in range(1000)]
        assert world.box.waiting == 1000
        assert world.box.bytes > 1000
        assert world.two.received == []
        world.carrier.recover()
        await world.settle()
        assert world.two.received == sent
        assert world.box.bytes == 0
        assert world.inner.batches == [256, 256, 256, 232]


@in_virtual_time
async def test_what_waits_goes_out_as_soon_as_the_carrier_is_back() -> None:
    async with Two() as world:
        world.carrier.fail()
        await world.one.say(1)
        await asyncio.sleep(60)
        world.carrier.recover()
        began = now()
        await world.two.got(1)
        assert now() - began < 0.1


@in_virtual_time
async def test_a_carrier_that_is_not_durable_is_first_given_time_to_be_found_by_all() -> None:
    async with Two() as world:
        world.inner.durable = False
        world.carrier.fail()
        sent = [await world.one.say(1)]
        world.carrier.recover()
        began = now()
        await asyncio.sleep(1.0)
        sent.append(await world.one.say(2))
        assert world.two.received == []
        assert world.one.received == sent
        await world.two.got(2)
        assert 2.0 <= now() - began < 2.2
        assert world.two.received == sent


@in_virtual_time
async def test_a_carrier_that_goes_again_is_given_that_time_again() -> None:
    async with Two() as world:
        world.inner.durable = False
        world.carrier.fail()
        sent = await world.one.say(1)
        world.carrier.recover()
        await asyncio.sleep(1.5)
        world.carrier.fail()
        await asyncio.sleep(1.5)
        world.carrier.recover()
        began = now()
        assert await world.two.got(1) == [sent]
        assert 2.0 <= now() - began < 2.2


@in_virtual_time
async def test_a_gateways_own_clients_get_it_at_once_and_its_echo_is_dropped() -> None:
    async with Two() as world:
        world.carrier.fail()
        sent = [await world.one.say(number) for number in range(10)]
        assert world.one.received == sent
        world.carrier.recover()
        await world.settle()
        assert world.one.received == sent


@in_virtual_time
async def test_of_what_waits_a_gateway_gets_only_what_it_wants() -> None:
    async with Two() as world:
        world.carrier.fail()
        await world.one.say("elsewhere", rooms=("b",))
        with pytest.raises(FanoutError):
            await world.box.want({RoomKey("/", "b")})
        await world.one.say("here", rooms=("b",))
        assert world.one.args == ["here"]
        world.carrier.recover()
        await world.settle()
        assert sorted(world.one.args) == ["elsewhere", "here"]  # its echo came to whom wants it now


@in_virtual_time
async def test_what_was_taken_without_an_answer_does_not_arrive_twice() -> None:
    async with Two() as world:
        world.carrier.takes_and_dies = 2
        sent = [await world.one.say(number) for number in range(3)]
        await world.settle()
        assert [envelope.sequence for envelope in world.carrier.taken].count(1) >= 2
        assert world.two.received == world.one.received == sent


@in_virtual_time
async def test_a_carrier_that_hangs_holds_up_nobody_for_more_than_two_seconds() -> None:
    async with Two() as world:
        world.carrier.hang()
        began = now()
        sent = []
        calls = []
        for number in range(20):
            sent.append(world.one.envelope(number))
            calls.append(asyncio.create_task(world.box.publish([sent[-1]])))
            await asyncio.sleep(0.05)
        await asyncio.gather(*calls)
        assert now() - began == pytest.approx(2.0)
        assert world.one.received == sent
        at_once = now()
        sent.append(await world.one.say("later"))
        assert now() == at_once
        world.carrier.recover()
        await world.settle()
        assert world.two.received == world.one.received == sent


@in_virtual_time
async def test_a_carrier_that_hangs_is_not_sent_more_and_more() -> None:
    async with Two() as world:
        world.carrier.hang()
        await world.one.say(1)
        for _ in range(100):
            await world.one.say("more")
            await asyncio.sleep(0.5)
        assert sum(world.inner.batches) == 1


@in_virtual_time
async def test_what_fails_while_others_are_on_their_way_keeps_its_place() -> None:
    async with Two() as world:
        sent = [world.one.envelope(number) for number in range(5)]
        calls = [asyncio.create_task(world.box.publish([one])) for one in sent]
        await asyncio.sleep(0)
        world.carrier.fail()
        sent.append(await world.one.say("before the others know that they failed"))
        await asyncio.gather(*calls)
        assert world.one.received == sent
        world.carrier.recover()
        await world.settle()
        assert world.two.received == sent


@in_virtual_time
async def test_what_was_taken_and_not_yet_heard_comes_before_what_waits() -> None:
    async with Two() as world:
        first = await world.one.say("taken")
        world.carrier.fail()
        second = await world.one.say("waits")
        assert world.one.received == [first, second]
        world.carrier.recover()
        await world.settle()
        assert world.one.received == world.two.received == [first, second]
