"""What mode `hub` promises beyond the port: about several hubs, and about hubs themselves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from chatcluster.core.envelope import RoomKey
from chatcluster.fanout.hub import HubFanout
from chatcluster.fanout.hub.hubs import Hubs
from chatcluster.fanout.hub.routes import order
from chatcluster.fanout.port import State
from chatcluster.testing.harness import Gateway
from tests.contract.hub_harness import TOKEN, Hub, HubHarness, ThreeHubsHarness, start

ROOMS = [f"room-{number}" for number in range(12)]

Enter = Callable[..., Awaitable[Gateway]]


@pytest.fixture
async def three(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ThreeHubsHarness]:
    """Three hubs."""
    harness = ThreeHubsHarness(tmp_path_factory.mktemp("hubs"))
    try:
        await harness.start()
        yield harness
    finally:
        await harness.stop()


@pytest.fixture
async def enter(three: ThreeHubsHarness) -> AsyncIterator[Enter]:
    """`await enter("name", *rooms)`: a gateway on the three hubs."""
    gateways: list[Gateway] = []

    async def enter(name: str, *rooms: str) -> Gateway:
        gateways.append(Gateway(three.fanout(), name))
        return await gateways[-1].open(*rooms)

    yield enter
    for gateway in gateways:
        await gateway.fanout.close()


def owner(harness: HubHarness, room: str) -> Hub:
    """The hub that this room belongs to."""
    urls = order(RoomKey("/", room), Hubs(frozenset(hub.url for hub in harness.hubs)))
    return next(hub for hub in harness.hubs if hub.url == urls[0])


def in_room(gateway: Gateway, room: str) -> list[int]:
    """The first arguments of what arrived for this room, in order of arrival."""
    return [envelope.args[0] for envelope in gateway.received if room in envelope.rooms]


async def talk(gateway: Gateway, seconds: float) -> int:
    """Publish to one room after the other, and return how many were published."""
    count = 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        await gateway.say(count, rooms=(ROOMS[count % len(ROOMS)],))
        count += 1
        await asyncio.sleep(0.002)
    return count


async def test_the_death_of_a_hub_goes_unnoticed_by_who_publishes(
    three: ThreeHubsHarness, enter: Enter
) -> None:
    """Rooms of other hubs miss nothing; its own lose at most what it had on its way."""
    one, two = await enter("one", *ROOMS), await enter("two", *ROOMS)
    dead = owner(three, ROOMS[0])
    talking = asyncio.create_task(talk(one, 1.0))
    await two.got(30)
    dead.kill()
    count = await talking  # no call failed
    last = await one.say(count, rooms=(ROOMS[0],))
    await two.until(lambda: last in two.received)
    await asyncio.gather(one.fanout.check(), two.fanout.check())
    assert two.fanout.state is State.UP
    for number, room in enumerate(ROOMS):
        arrived = in_room(two, room)
        assert arrived == sorted(set(arrived))
        published = [n for n in range(count) if n % len(ROOMS) == number]
        missing = set(published) - set(arrived)
        assert len(missing) <= (2 if owner(three, room) is dead else 0)


async def test_gateways_hear_of_a_hub_that_went_and_of_its_return(
    three: ThreeHubsHarness, enter: Enter
) -> None:
    gateway = await enter("one", *ROOMS)
    three.hubs[1].kill()
    await gateway.interrupted_times(1)
    await start(three.hubs[1:2])
    await gateway.interrupted_times(2)


async def test_rooms_go_home_when_their_hub_is_back_and_keep_their_order(
    three: ThreeHubsHarness, enter: Enter
) -> None:
    one, two = await enter("one", *ROOMS), await enter("two", *ROOMS)
    home = owner(three, ROOMS[0])
    home.kill()
    await two.interrupted_times(1)
    await start([home])
    count = await talk(one, 3.5)  # rooms move after two seconds
    await two.got(count)
    for number, room in enumerate(ROOMS):
        assert in_room(two, room) == [n for n in range(count) if n % len(ROOMS) == number]
    # With the others gone, only the rooms' own hub can have brought this.
    for hub in three.hubs:
        if hub is not home:
            hub.pause()
    try:
        sent = await one.say(count, rooms=(ROOMS[0],))
        await two.until(lambda: sent in two.received)
    finally:
        await three.resume()


async def test_a_paused_hub_holds_up_only_its_own_rooms(
    three: ThreeHubsHarness, enter: Enter
) -> None:
    one, two = await enter("one", *ROOMS), await enter("two", *ROOMS)
    paused = owner(three, ROOMS[0])
    other = next(room for room in ROOMS if owner(three, room) is not paused)
    paused.pause()
    try:
        held_up = asyncio.create_task(one.say(1, rooms=(ROOMS[0],)))
        began = time.monotonic()
        await one.say(2, rooms=(other,))
        await two.until(lambda: in_room(two, other) == [2])
        assert time.monotonic() - began < 1
        await two.until(lambda: in_room(two, ROOMS[0]) == [1], seconds=6)
        await held_up
    finally:
        paused.resume()


async def test_one_hub_that_answers_is_enough_to_start(
    three: ThreeHubsHarness, enter: Enter
) -> None:
    three.hubs[0].kill()
    three.hubs[2].pause()
    one, two = await asyncio.gather(enter("one", *ROOMS), enter("two", *ROOMS))
    for number, room in enumerate(ROOMS):
        await one.say(number, rooms=(room,))
    await two.got(len(ROOMS))
    three.hubs[2].resume()
    await two.interrupted_times(1)


async def test_the_order_in_each_room_holds_with_a_thousand_envelopes_under_way(
    three: ThreeHubsHarness, enter: Enter
) -> None:
    """Also for those whose rooms belong to different hubs."""
    one, two = await enter("one", *ROOMS), await enter("two", *ROOMS)
    rooms = [(ROOMS[n % 12], ROOMS[n % 7]) if n % 3 else (ROOMS[n % 5],) for n in range(1000)]
    await asyncio.gather(*(one.say(n, rooms=rooms[n]) for n in range(1000)))
    await two.got(1000)
    await two.fanout.check()
    for room in ROOMS:
        assert in_room(two, room) == [n for n in range(1000) if room in rooms[n]]
    assert sorted(two.args) == list(range(1000))


async def test_a_hub_that_is_stopped_hands_out_what_it_took(tmp_path: Path) -> None:
    harness = HubHarness(tmp_path)
    await harness.start()
    one, two = [await Gateway(harness.fanout(), name).open("a") for name in ("one", "two")]
    try:
        await asyncio.gather(*(one.say(number) for number in range(500)))
        harness.hubs[0].process.terminate()
        await two.got(500)
        assert await asyncio.to_thread(harness.hubs[0].process.wait, 5) == 0
    finally:
        await one.fanout.close()
        await two.fanout.close()
        await harness.stop()


async def test_the_hubs_of_a_namespace_carry_it_and_the_general_one_stands_in(
    three: ThreeHubsHarness,
) -> None:
    """Two of the three hubs are for `/shop`. Their deaths move only its rooms: first to the one
    that is left, then to the general one.
    """
    general, *own = three.hubs
    routes = {"/shop": [hub.url for hub in own]}

    async def enter(name: str, namespace: str) -> Gateway:
        fanout = HubFanout([general.url], gateway=name, routes=routes, token=TOKEN)
        return await Gateway(fanout, f"{name} {namespace}", namespace).open(*ROOMS)

    shops = [await enter(name, "/shop") for name in ("one", "two")]
    chats = [await enter(name, "/") for name in ("one", "two")]
    try:
        for deaths, dying in enumerate(own, 1):
            # Who is at a standstill carries nothing that anybody waits for.
            general.pause()
            try:
                await all_arrives(shops)
            finally:
                general.resume()
            await all_arrives(chats)
            dying.kill()
            await all_arrives(chats)
            await all_arrives(shops)
            for gateway in (*shops, *chats):
                await gateway.interrupted_times(deaths)
    finally:
        for gateway in (*shops, *chats):
            await gateway.fanout.close()


async def all_arrives(gateways: list[Gateway]) -> None:
    """What the first says, once in each room, comes to all, and once."""
    said = [await gateways[0].say(number, rooms=(room,)) for number, room in enumerate(ROOMS)]
    for gateway in gateways:
        got = await gateway.got(len(said))
        assert sorted(got, key=lambda envelope: envelope.sequence) == said
        gateway.received.clear()
