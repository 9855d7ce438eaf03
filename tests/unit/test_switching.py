"""One fan-out takes the place of another, and nobody notices."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from chatcluster.core.errors import FanoutError
from chatcluster.core.request import Question, Request
from chatcluster.core.switch import Next, Order, StaleError, Step, Switch, Target
from chatcluster.fanout.port import State
from chatcluster.fanout.switching import change_stats
from tests.unit.switching_world import NEW, OLD, TEA, World
from tests.unit.virtual_time import in_virtual_time, now


async def chatter(gateway, stop: asyncio.Event) -> int:
    """As fast as the fan-out takes it; how many there were."""
    said = 0
    while not stop.is_set():
        with suppress(FanoutError):
            await gateway.say(str(said))
            said += 1
        await asyncio.sleep(0.001)
    return said


@pytest.mark.parametrize(("old_delay", "new_delay"), [(0.01, 0.01), (0.5, 0.0), (0.0, 0.5)])
@in_virtual_time
async def test_a_change_loses_doubles_and_reorders_nothing(old_delay, new_delay):
    world = World()
    world.wires["old"].delay, world.wires["new"].delay = old_delay, new_delay
    names = ["a", "b", "c"]
    gateways = [await world.gateway(name) for name in names]
    stop = asyncio.Event()
    talking = [asyncio.create_task(chatter(gateway, stop)) for gateway in gateways]
    await world.prepared()
    await asyncio.sleep(0.1)
    for gateway in gateways:  # not at the same moment
        gateway.fanout.order(Order(Step.COMMIT, 1, NEW))
        await asyncio.sleep(0.2)
    await world.until(lambda one: one.fanout.report().markers == set(names))
    await world.finished()
    await asyncio.sleep(0.1)
    stop.set()
    said = [await one for one in talking]
    await asyncio.sleep(1)
    for gateway in gateways:
        for name, count in zip(names, said, strict=True):
            assert gateway.heard(name) == [str(number) for number in range(count)]
        assert gateway.fanout.mode == "new"
        assert gateway.interruptions == 0
    assert world.wires["old"].ends == []
    await world.close()


@in_virtual_time
async def test_nothing_is_published_on_the_new_one_before_the_commit():
    world = World()
    one = await world.gateway("a")
    await world.prepared()
    await one.say("still old")
    await asyncio.sleep(0.1)
    assert [envelope.epoch for envelope in one.received] == [0]
    await world.committed()
    await one.say("new")
    await asyncio.sleep(0.1)
    assert [envelope.epoch for envelope in one.received] == [0, 1]
    await world.close()


@in_virtual_time
async def test_rooms_that_are_wanted_meanwhile_come_on_both():
    world = World()
    one = await world.gateway("a")
    await one.fanout.want(set())
    await world.prepared()
    await one.fanout.want({TEA})
    await one.say("on the old one")
    await world.committed()
    await one.say("on the new one")
    await asyncio.sleep(0.1)
    assert one.heard() == ["on the old one", "on the new one"]
    await world.close()


@in_virtual_time
async def test_a_change_that_is_called_off_leaves_nothing_behind():
    world = World()
    one = await world.gateway("a")
    await world.prepared()
    world.order(Step.CALL_OFF)
    await world.until(lambda gateway: not world.wires["new"].ends)
    assert one.switch == Switch(0, OLD, called_off=1)
    with pytest.raises(StaleError):
        one.fanout.order(Order(Step.COMMIT, 1, NEW))
    await one.say("as before")
    await asyncio.sleep(0.1)
    assert one.heard() == ["as before"]
    await world.close()


@in_virtual_time
async def test_a_new_one_that_does_not_answer_is_reported_and_tried_again():
    world = World()
    one = await world.gateway("a")
    world.wires["new"].cut = True
    world.order(Step.PREPARE)
    await world.until(lambda gateway: bool(gateway.next.error))
    assert one.switch.next == Next(1, NEW, error="new is cut")
    assert "new is cut" in change_stats(one.fanout)["phase"]
    world.wires["new"].cut = False
    await world.until(lambda gateway: gateway.switch.next == Next(1, NEW, ready=True))
    await world.close()


@in_virtual_time
async def test_a_new_one_that_hangs_is_reported():
    world = World()
    await world.gateway("a")
    world.wires["new"].stuck = True
    world.order(Step.PREPARE)
    await world.until(lambda gateway: "no answer within" in gateway.next.error)
    await world.close()


@in_virtual_time
async def test_a_new_one_that_cannot_be_made_is_reported():
    world = World()
    one = await world.gateway("a")
    world.order(Step.PREPARE, target=Target("nonsense"))
    await world.until(lambda gateway: gateway.next.error == "there is no nonsense")
    await one.say("as before")
    await world.close()


@in_virtual_time
async def test_a_new_one_that_ceases_to_work_is_reported_before_it_is_used():
    world = World()
    await world.gateway("a")
    await world.prepared()
    world.wires["new"].cut = True
    await world.until(lambda gateway: not gateway.next.ready)
    world.wires["new"].cut = False
    await world.until(lambda gateway: gateway.next.ready)
    await world.close()


@in_virtual_time
async def test_an_old_one_that_hangs_does_not_hold_up_the_change():
    """What it has not taken by then fails, so that it can be published on the new one."""
    world = World()
    one = await world.gateway("a")
    await world.prepared()
    world.wires["old"].stuck = True
    lost = asyncio.create_task(one.say("lost"))
    await asyncio.sleep(0.1)
    began = now()
    await world.committed()
    with pytest.raises(FanoutError, match="before it was left"):
        await lost
    assert now() - began < 3
    await one.say("heard")
    await asyncio.sleep(0.1)
    assert one.heard() == ["heard"]
    await world.close()


@in_virtual_time
async def test_who_is_cancelled_in_the_middle_is_not_told_of_the_fan_out():
    world = World()
    one = await world.gateway("a")
    world.wires["old"].stuck = True
    saying = asyncio.create_task(one.say("never"))
    await asyncio.sleep(0.1)
    saying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saying
    await world.close()


@in_virtual_time
async def test_publishers_keep_their_order_through_the_commit():
    world = World()
    one = await world.gateway("a")
    await world.prepared()
    world.order(Step.COMMIT)
    await asyncio.gather(*(one.say(str(number)) for number in range(100)))
    await world.committed()
    await asyncio.sleep(0.1)
    assert one.heard() == [str(number) for number in range(100)]
    await world.close()


@in_virtual_time
async def test_a_closed_one_is_closed_on_both():
    world = World()
    one = await world.gateway("a")
    await world.prepared()
    assert str(one.fanout.state) == "up"
    await one.fanout.close()
    await one.fanout.close()
    assert one.fanout.state is State.CLOSED
    assert world.wires["old"].ends == world.wires["new"].ends == []


@in_virtual_time
async def test_a_carrier_that_is_not_there_at_the_start_leaves_nothing_open():
    world = World()
    world.wires["old"].cut = True
    with pytest.raises(FanoutError):
        await world.gateway("a")


@in_virtual_time
async def test_questions_go_where_envelopes_go():
    world = World()
    one = await world.gateway("a")
    request = Request(Question.ROOMS, "/")
    assert [reply async for reply in await one.fanout.ask(request, 1.0)] == []
    world.wires["old"].cut = True
    with pytest.raises(FanoutError):
        await one.fanout.ask(request, 1.0)
    with pytest.raises(FanoutError):
        await one.fanout.check()
    with pytest.raises(FanoutError):
        await one.fanout.want(set())
    await world.close()
