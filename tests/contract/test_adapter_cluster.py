"""Mode `adapter` on a Redis Cluster, in every protocol."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from chatcluster.connections.redis_slots import slot
from chatcluster.core.envelope import Envelope
from chatcluster.core.errors import FanoutError
from chatcluster.core.request import Question, Request
from chatcluster.fanout.adapter import AdapterFanout, Classic, Sharded, Streams
from chatcluster.fanout.port import State
from chatcluster.testing.harness import Gateway
from tests.contract.adapter_servers import SLOTS, ValkeyCluster

PROTOCOLS: dict[str, Classic | Sharded | Streams] = {
    "classic": Classic("cluster"),
    "sharded": Sharded("cluster"),
    "streams": Streams("cluster", channel_prefix="cluster"),
    "several streams and sharded pub/sub": Streams(
        "cluster", 4, channel_prefix="cluster", use_sharded_pub_sub=True
    ),
}

Enter = Callable[..., Awaitable[Gateway]]

pytestmark = pytest.mark.timeout(40)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """For the tests that leave it as it was."""
    cluster = ValkeyCluster(tmp_path_factory.mktemp("cluster"))
    try:
        asyncio.run(cluster.start())
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
async def own_cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ValkeyCluster]:
    """For one test, to be changed."""
    cluster = ValkeyCluster(tmp_path_factory.mktemp("cluster"))
    try:
        await cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(params=list(PROTOCOLS))
def protocol(request: pytest.FixtureRequest) -> Classic | Sharded | Streams:
    return PROTOCOLS[request.param]


@pytest.fixture
async def enter(protocol: Classic | Sharded | Streams) -> AsyncIterator[Enter]:
    """`await enter(cluster, "name", *rooms)`: an open gateway that wants these rooms."""
    gateways: list[Gateway] = []

    async def enter(cluster: ValkeyCluster, name: str, *rooms: str) -> Gateway:
        gateways.append(Gateway(AdapterFanout(cluster.url, protocol), name))
        return await gateways[-1].open(*rooms)

    yield enter
    for gateway in gateways:
        await gateway.fanout.close()


async def test_rooms_on_all_servers_are_served(cluster: ValkeyCluster, enter: Enter) -> None:
    rooms = [f"room-{number}" for number in range(200)]
    one, two = await enter(cluster, "one", *rooms, ""), await enter(cluster, "two", *rooms, "")
    for gateway in (one, two):
        await gateway.fanout.publish([gateway.envelope(room, rooms=(room,)) for room in rooms])
        await gateway.say("all", rooms=())
        await gateway.say("some", rooms=("room-1", "room-2"))
    for gateway in (one, two):
        await gateway.got(404)
        await gateway.fanout.check()
        assert sorted(gateway.args) == sorted([*rooms, "all", "some"] * 2)


async def test_the_envelopes_of_a_room_arrive_everywhere_in_one_order(
    cluster: ValkeyCluster, enter: Enter
) -> None:
    gateways = [await enter(cluster, name, "a") for name in ("one", "two", "three")]

    async def talk(gateway: Gateway) -> None:
        for number in range(50):
            await gateway.say(f"{gateway.origin}-{number}")

    await asyncio.gather(*map(talk, gateways))
    for gateway in gateways:
        await gateway.got(150)
    assert gateways[0].received == gateways[1].received == gateways[2].received


async def test_all_servers_are_asked_wherever_they_listen(
    cluster: ValkeyCluster, enter: Enter
) -> None:
    gateways = [await enter(cluster, name) for name in ("one", "two", "three", "four")]
    for gateway in gateways:
        others = sorted(other.origin for other in gateways if other is not gateway)
        values, missing = await gateway.ask(Request(Question.SERVER, "/", event="hello"))
        assert (sorted(values), missing) == (others, 0)


async def test_a_room_follows_when_its_slot_moves(own_cluster: ValkeyCluster, enter: Enter) -> None:
    """Its channel, or its stream, is then at another server."""
    one, two = await enter(own_cluster, "one", "a"), await enter(own_cluster, "two", "a")
    await one.say("before")
    await two.got(1)
    for key in (b"cluster#/#a#", b"cluster#/#"):
        await own_cluster.move(slot(key), own_cluster.masters[2])
    await says_until_heard(one, two, "after")
    async with asyncio.timeout(20):  # who is not back yet hears no question, and is not counted
        while await answers(one) != (["two"], 0):  # noqa: ASYNC110 - nothing to wait for
            await asyncio.sleep(0.1)
    for gateway in (one, two):
        await reaches(gateway, State.UP)


async def test_a_master_that_dies_is_replaced_by_its_replica(
    own_cluster: ValkeyCluster, enter: Enter
) -> None:
    one, two = await enter(own_cluster, "one", *ROOMS), await enter(own_cluster, "two", *ROOMS)
    own_cluster.masters[0].kill()
    began = time.monotonic()
    for room in ROOMS:  # on all servers, the one that died among them
        await says_until_heard(one, two, f"after in {room}", room)
    assert time.monotonic() - began < 15
    for gateway in (one, two):
        await gateway.until(lambda gateway=gateway: gateway.interruptions >= 1)  # type: ignore[misc]
        await reaches(gateway, State.UP)
    assert len(two.args) == len(set(two.args))


async def test_while_a_master_is_replaced_the_rooms_of_the_others_go_on(
    own_cluster: ValkeyCluster,
) -> None:
    fanouts = [AdapterFanout(own_cluster.url, Sharded("cluster")) for _ in range(2)]
    one, two = [await Gateway(fanout, "gw").open(*ROOMS) for fanout in fanouts]
    gone = [room for room in ROOMS if slot(f"cluster#/#{room}#".encode()) < SLOTS // 3]
    others = [room for room in ROOMS if room not in gone]
    assert gone
    assert others
    own_cluster.masters[0].kill()
    for gateway in (one, two):
        await reaches(gateway, State.DOWN)
    for room in others:
        await one.say(room, rooms=(room,))
    with pytest.raises(FanoutError):
        await one.say(gone[0], rooms=(gone[0],))
    assert one.fanout.state is State.DOWN  # so all that was in the time between
    await two.got(len(others))
    assert sorted(two.args) == sorted(others)  # a cluster keeps no order between channels
    assert two.interruptions == 0
    for gateway in (one, two):
        await gateway.until(lambda gateway=gateway: gateway.interruptions == 1, 15)  # type: ignore[misc]
        await says_until_heard(one, two, "back", gone[0])
    for fanout in fanouts:
        await fanout.close()


ROOMS = [f"room-{number}" for number in range(12)]


async def reaches(gateway: Gateway, state: State) -> None:
    async with asyncio.timeout(10):
        while gateway.fanout.state is not state:  # noqa: ASYNC110 - the port has no event for it
            await asyncio.sleep(0.01)


async def answers(gateway: Gateway) -> tuple[list[Any], int]:
    """What the others say to it, and how many of them did not; nobody while it is cut off."""
    with contextlib.suppress(FanoutError):
        return await gateway.ask(Request(Question.SERVER, "/", event="hello"))
    return [], 0


async def hears(gateway: Gateway, said: Envelope) -> None:
    await gateway.until(lambda: said in gateway.received, 0.5)


async def says_until_heard(one: Gateway, two: Gateway, what: str, room: str = "a") -> None:
    """Publish again and again until *two* hears it; what was refused may be said again."""
    async with asyncio.timeout(20):
        for attempt in itertools.count():
            with contextlib.suppress(FanoutError, TimeoutError):
                await hears(two, await one.say(what, attempt, rooms=(room,)))
                return
            await asyncio.sleep(0.1)
