"""What every fan-out mode promises while its carrier is well."""

from __future__ import annotations

import asyncio
import random

import pytest

from chatcluster.core.envelope import Action, Envelope, RoomKey
from chatcluster.core.errors import FanoutError
from chatcluster.fanout.port import State
from chatcluster.testing.fixtures import Enter
from chatcluster.testing.harness import Gateway, Harness
from chatcluster.testing.promises import promise
from chatcluster.testing.suite.sentences import COMES, ONCE, OPEN, ORDER, REACHES, WANTED


@promise(REACHES)
async def test_an_envelope_reaches_the_others_and_its_publisher(
    carrier: Harness, enter: Enter
) -> None:
    gateways = [await enter(name, "a") for name in ("one", "two", "three")]
    sent = await gateways[0].say("hello")
    for gateway in gateways:
        assert await gateway.got(1) == [sent]


@promise("A gateway gets its own envelopes, too")
async def test_a_gateway_gets_its_own_envelope(harness: Harness, enter: Enter) -> None:
    gateway = await enter("one", "a")
    sent = await gateway.say("hello")
    assert await gateway.got(1) == [sent]


@promise(ORDER)
async def test_the_envelopes_of_one_origin_arrive_in_its_order(
    harness: Harness, enter: Enter
) -> None:
    gateway = await enter("one", "a")
    for first in range(0, 500, 50):
        await gateway.fanout.publish([gateway.envelope(first + index) for index in range(50)])
    await gateway.got(500)
    assert gateway.args == list(range(500))


@promise(ORDER)
async def test_a_publish_comes_after_those_that_were_called_before_it(
    harness: Harness, enter: Enter
) -> None:
    """Also when the earlier calls have not returned yet."""
    gateway = await enter("one", "a")
    await asyncio.gather(*(gateway.say(index) for index in range(300)))
    await gateway.got(300)
    assert gateway.args == list(range(300))


@promise("All gateways see what is said in a room in the same order")
async def test_all_gateways_see_the_same_order_in_a_room(carrier: Harness, enter: Enter) -> None:
    gateways = [await enter(name, "a") for name in ("one", "two", "three")]

    async def talk(gateway: Gateway) -> None:
        for index in range(100):
            await gateway.say(f"{gateway.origin}-{index}")

    await asyncio.gather(*map(talk, gateways))
    for gateway in gateways:
        await gateway.got(300)
    assert gateways[0].received == gateways[1].received == gateways[2].received


@promise(ONCE)
async def test_nothing_is_delivered_twice(carrier: Harness, enter: Enter) -> None:
    """However often, and in whatever combination, the rooms of an envelope are wanted."""
    one, two = await enter("one", "a"), await enter("two", "a", "b", "c", "")
    for _ in range(3):
        await two.want("a", "b", "c", "")
    rooms: list[tuple[str, ...]] = [("a",), ("a", "b"), ("b", "c", "a"), ()]
    for index in range(40):
        await one.say(index, rooms=rooms[index % 4])
    await two.got(40)
    await two.fanout.check()
    assert sorted(two.args) == list(range(40))


@promise(WANTED)
async def test_only_wanted_rooms_arrive(carrier: Harness, enter: Enter) -> None:
    publisher, witness = await enter("publisher"), await enter("witness", "a", "b")
    gateway = await enter("gateway", "a")
    for index in range(20):
        await publisher.say(index, rooms=("ab"[index % 2],))
    await witness.got(20)
    await gateway.got(10)
    await gateway.fanout.check()
    assert gateway.args == list(range(0, 20, 2))


@promise(WANTED)
async def test_a_room_that_is_no_longer_wanted_is_silent(carrier: Harness, enter: Enter) -> None:
    publisher, witness = await enter("publisher"), await enter("witness", "a", "b")
    gateway = await enter("gateway", "a", "b")
    await publisher.say("before")
    await gateway.got(1)
    await gateway.want("b")
    await publisher.say("not for the gateway")
    await witness.got(2)
    await publisher.say("after", rooms=("b",))
    await gateway.got(2)
    await gateway.fanout.check()
    assert gateway.args == ["before", "after"]


@promise(REACHES)
async def test_a_room_arrives_from_the_moment_that_want_returns(
    carrier: Harness, enter: Enter
) -> None:
    publisher, gateway = await enter("publisher"), await enter("gateway")
    wanted: list[str] = []
    for index in range(30):
        wanted.append(f"room-{index}")
        await gateway.want(*wanted)
        await publisher.say(index, rooms=(wanted[-1],))
        await gateway.got(index + 1)
    assert gateway.args == list(range(30))


@promise(REACHES)
async def test_the_whole_namespace_is_wanted_as_the_empty_room(
    carrier: Harness, enter: Enter
) -> None:
    publisher, everybody = await enter("publisher"), await enter("everybody", "")
    sent = [await publisher.say(1, rooms=()), await publisher.say(2, rooms=(), exclude=("a",))]
    assert await everybody.got(2) == sent


@promise(WANTED)
async def test_namespaces_do_not_hear_each_other(carrier: Harness, enter: Enter) -> None:
    main, chat = await enter("main", "a", ""), await enter("chat", "a", "", namespace="/chat")
    await chat.say(1, rooms=("a",))
    await chat.say(2, rooms=())
    await chat.got(2)
    await main.say(3)
    await main.got(1)
    await main.fanout.check()
    assert main.args == [3]


@promise(ONCE)
@pytest.mark.parametrize("wanted", [("a",), ("b",), ("a", "b"), ("a", "b", "c")])
async def test_an_envelope_for_several_rooms_arrives_once(
    wanted: tuple[str, ...], carrier: Harness, enter: Enter
) -> None:
    publisher, gateway = await enter("publisher"), await enter("gateway", *wanted)
    sent = await publisher.say("both", rooms=("a", "b"))
    after = await publisher.say("after", rooms=wanted[:1])
    await gateway.got(2)
    await gateway.fanout.check()
    assert gateway.received == [sent, after]


@promise("One gateway may want 10,000 rooms")
async def test_ten_thousand_rooms_can_be_wanted(carrier: Harness, enter: Enter) -> None:
    rooms = [f"room-{index}" for index in range(10_000)]
    publisher, gateway = await enter("publisher"), await enter("gateway", *rooms)
    picked = random.Random(1).sample(rooms, 100)
    await publisher.fanout.publish([publisher.envelope(room, rooms=(room,)) for room in picked])
    await gateway.got(100)
    assert sorted(gateway.args) == sorted(picked)
    await gateway.want()
    await gateway.want("room-7")
    await publisher.say("again", rooms=("room-7",))
    await gateway.got(101)


@promise(COMES)
async def test_a_gateway_that_comes_late_gets_what_is_published_from_then_on(
    carrier: Harness, enter: Enter
) -> None:
    one = await enter("one", "a")
    await one.say("early")
    await one.got(1)
    late = await enter("late", "a")
    sent = await one.say("late")
    assert await late.got(1) == [sent]


@promise(COMES)
async def test_a_gateway_that_leaves_does_not_disturb_the_others(
    carrier: Harness, enter: Enter
) -> None:
    one, two, leaver = [await enter(name, "a") for name in ("one", "two", "leaver")]
    await leaver.fanout.close()
    sent = await one.say("still here")
    assert await two.got(1) == [sent]


@promise("Many envelopes at once are handled in batches")
async def test_what_has_arrived_is_delivered_in_batches(carrier: Harness, enter: Enter) -> None:
    publisher, gateway = await enter("publisher"), await enter("gateway", "a")
    await publisher.fanout.publish([publisher.envelope(index) for index in range(1000)])
    await gateway.got(1000)
    assert gateway.batches < 500


@promise(OPEN)
async def test_it_says_whether_it_is_open(harness: Harness) -> None:
    gateway = Gateway(harness.fanout(), "one")
    states = [gateway.fanout.state]
    await gateway.open("a")
    states.append(gateway.fanout.state)
    await gateway.fanout.check()
    await gateway.fanout.close()
    assert [*states, gateway.fanout.state] == [State.CLOSED, State.UP, State.CLOSED]


@promise(OPEN)
async def test_a_fanout_that_is_not_open_refuses_work(harness: Harness) -> None:
    fanout = harness.fanout()
    envelope = Envelope("one", 1, "/", Action.EMIT, rooms=("a",), event="e")
    with pytest.raises(FanoutError):
        await fanout.publish([envelope])
    with pytest.raises(FanoutError):
        await fanout.want({RoomKey("/", "a")})
    with pytest.raises(FanoutError):
        await fanout.check()


@promise(OPEN)
async def test_closing_is_quiet_and_can_be_repeated(harness: Harness, enter: Enter) -> None:
    fanout = harness.fanout()
    await fanout.close()
    gateway, other = await enter("one", "a"), await enter("other", "a")
    await gateway.fanout.close()
    await gateway.fanout.close()
    await other.say("too late")
    await other.got(1)
    assert gateway.received == []
    with pytest.raises(FanoutError):
        await gateway.say("closed")
    assert gateway.interruptions == 0


@promise(OPEN)
async def test_no_envelopes_is_nothing_to_do(harness: Harness, enter: Enter) -> None:
    gateway = await enter("one", "a")
    await gateway.fanout.publish([])
    await gateway.fanout.check()
    assert gateway.received == []
