"""Gateways that change their fan-out together, some of them late or without the old one."""

from __future__ import annotations

import asyncio

from chatcluster.core.switch import Next, Order, Previous, Step, Switch, Target
from tests.unit.switching_world import NEW, OLD, World
from tests.unit.virtual_time import in_virtual_time

LONELY = Target("lonely")


@in_virtual_time
async def test_a_dead_old_one_is_left_without_its_last_words():
    """Others do not wait for them, and know that they may have missed something."""
    world = World()
    gateways = [await world.gateway(name) for name in "ab"]
    await world.prepared()
    world.wires["old"].cut = True
    await world.committed()
    for gateway in gateways:
        await gateway.say(f"from {gateway.name}")
    await asyncio.sleep(0.05)
    for gateway in gateways:
        assert sorted(gateway.heard()) == ["from a", "from b"]
        assert gateway.interruptions == 1
        assert not gateway.fanout.report().waits
    await world.finished()
    await world.until(lambda gateway: gateway.interruptions == 2)
    await world.close()


@in_virtual_time
async def test_marks_that_got_lost_delay_an_origin_only_for_a_while():
    world = World()
    a, b = [await world.gateway(name) for name in "ab"]
    await world.prepared()
    world.wires["old"].delay = 3600.0
    await world.committed()
    await a.say("late")
    await asyncio.sleep(4)
    assert b.heard() == []
    await asyncio.sleep(2)
    assert b.heard() == ["late"]
    await world.close()


@in_virtual_time
async def test_between_lonely_and_shared_the_receiver_is_told_that_it_missed_something():
    world = World()
    a, b = [await world.gateway(name, Switch(0, LONELY)) for name in "ab"]
    await a.say("alone")
    await world.prepared()
    assert not a.fanout.shared
    await world.committed()
    assert a.fanout.shared
    await b.say("together")
    await asyncio.sleep(0.1)
    assert a.heard() == ["alone", "together"]
    assert a.interruptions == b.interruptions == 1
    await world.close()


@in_virtual_time
async def test_a_gateway_that_starts_prepared_is_ready_for_the_commit():
    world = World()
    a = await world.gateway("a")
    await world.prepared()
    b = await world.gateway("b", Switch(0, OLD, next=Next(1, NEW)))
    await world.until(lambda gateway: gateway.next.ready)
    await world.committed()
    await a.say("hello")
    await world.until(lambda gateway: gateway.heard() == ["hello"])
    assert b.fanout.mode == "new"
    await world.close()


@in_virtual_time
async def test_a_gateway_that_starts_after_the_commit_hears_those_who_were_not_told_yet():
    world = World()
    a, b = [await world.gateway(name) for name in "ab"]
    await world.prepared()
    b.fanout.order(Order(Step.COMMIT, 1, NEW))
    c = await world.gateway("c", Switch(1, NEW, previous=Previous(0, OLD)))
    await a.say("on the old one")
    await b.say("on the new one")
    await c.say("from c")
    await asyncio.sleep(0.1)
    assert sorted(c.heard()) == ["from c", "on the new one", "on the old one"]
    assert "from c" in a.heard(), "nobody has to wait for marks of somebody who just came"
    await world.committed()
    await world.finished()
    assert c.switch == Switch(1, NEW)
    await world.close()


@in_virtual_time
async def test_a_gateway_starts_although_the_old_one_is_dead():
    world = World()
    world.wires["old"].cut = True
    one = await world.gateway("a", Switch(1, NEW, previous=Previous(0, OLD)))
    await one.say("hello")
    await asyncio.sleep(0.1)
    assert one.heard() == ["hello"]
    await world.close()


@in_virtual_time
async def test_a_gateway_starts_although_the_old_one_cannot_be_made():
    world = World()
    one = await world.gateway("a", Switch(1, NEW, previous=Previous(0, Target("nonsense"))))
    await one.say("hello")
    await world.close()


@in_virtual_time
async def test_a_gateway_that_was_forgotten_goes_all_the_way_at_once():
    """Others have finished: it opens the new one, publishes there, and closes the old."""
    world = World()
    one = await world.gateway("a")
    await world.finished()
    assert one.switch == Switch(1, NEW)
    assert world.wires["old"].ends == []
    await world.close()
