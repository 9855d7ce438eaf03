"""Several hubs, of which one is killed and comes back."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest

from chatcluster.core.envelope import RoomKey
from chatcluster.fanout.hub.hubs import Hubs
from chatcluster.fanout.hub.routes import order
from tests.broadcasts import broadcast, post, takes_broadcasts
from tests.e2e.clients import Connect
from tests.e2e.conftest import MakeCluster
from tests.e2e.crowd import crowd
from tests.gateways import Cluster, Program
from tests.servers import Valkey

in_session = pytest.mark.asyncio(loop_scope="session")

KILLS = 4
DOWN_SECONDS = 1.0
UP_SECONDS = 2.5  # after two seconds rooms move back


def owner(cluster: Cluster, room: str) -> Program:
    """The hub that the room belongs to in `/`."""
    hubs = Hubs.of(hub.url for hub in cluster.hubs)
    first = order(RoomKey("/", room), hubs)[0]
    return next(hub for hub in cluster.hubs if hub.url == first)


@pytest.mark.node
@pytest.mark.slow
@pytest.mark.timeout(90)
def test_a_crowd_notices_nothing_when_a_hub_is_killed(valkey: Valkey, tmp_path: Path) -> None:
    """200 clients on two gateways and two hubs, four kills: nothing acknowledged is missing or
    doubled for anyone, all see the same order, and no client loses its connection."""
    cluster = Cluster(tmp_path, valkey.url, "hub", hubs=2, presence_seconds=0.5)
    urls = [gateway.url for gateway in cluster.gateways]
    with cluster.running(), crowd(urls) as people:
        people.wait_ready()
        for kill in range(KILLS):
            hub = cluster.hubs[kill % 2]
            time.sleep(UP_SECONDS)
            hub.kill()
            time.sleep(DOWN_SECONDS)
            hub.start()
        time.sleep(UP_SECONDS)
        seen = people.finish()
    print(seen)
    assert seen["problems"] == []
    assert seen["reconnects"] == 0
    assert seen["acked"] > 1000
    assert not any("Traceback" in program.output() for program in cluster.programs)


@in_session
@pytest.mark.timeout(40)
async def test_only_the_rooms_of_a_dead_hub_notice_its_death(
    make_cluster: MakeCluster, connect: Connect, room: str
) -> None:
    """Three hubs under the chat, with events that no log mends."""
    cluster = make_cluster("hub", hubs=3)
    rooms = [f"{room}-{number}" for number in range(12)]
    ada, bob = [await connect(gateway.url) for gateway in cluster.gateways]
    for name in rooms:
        for client in (ada, bob):
            await client.ask("join", name)
    dead = owner(cluster, rooms[0])
    for number in range(600):
        if number == 200:
            dead.kill()
        typing = {"room": rooms[number % 12], "typing": True, "nickname": str(number)}
        await ada.emit("typing", typing)
        await asyncio.sleep(0.002)
    for name in rooms:
        await ada.emit("typing", {"room": name, "typing": True, "nickname": "last"})
    seen: dict[str, list[str]] = {name: [] for name in rooms}
    while any("last" not in nicks for nicks in seen.values()):
        typing = await bob.next("typing")
        seen[typing["room"]].append(typing["nick"])
    for number, name in enumerate(rooms):
        sent = [str(n) for n in range(number, 600, 12)]
        *got, _ = seen[name]
        assert got == [nick for nick in sent if nick in got]  # in order, none twice
        assert len(sent) - len(got) <= (2 if owner(cluster, name) is dead else 0)


@in_session
@pytest.mark.timeout(40)
async def test_broadcasts_survive_a_hub_that_is_killed_and_its_return(
    make_cluster: MakeCluster, connect: Connect, room: str
) -> None:
    cluster = make_cluster("hub", hubs=2)
    dead = owner(cluster, room)
    [other] = [hub for hub in cluster.hubs if hub is not dead]
    clients = [await connect(gateway.url) for gateway in cluster.gateways]
    for client in clients:
        await client.ask("join", room)
    for hub in cluster.hubs:
        await takes_broadcasts(hub.url)

    keyed = {"event": "news", "rooms": [room], "args": ["keyed"], "key": room}
    _, first = await post(dead.url, keyed)
    dead.kill()
    # Nobody knows whether the one that is dead had done it: the same key is safe.
    status, second = await post(other.url, keyed)
    assert (status, second["id"]) == (200, first["id"])
    await broadcast(other.url, "news", "by the other", rooms=[room])
    dead.start()
    status, answer = await post(dead.url, keyed)
    assert status == 200 or answer["error"]["code"] == "unavailable"
    await takes_broadcasts(dead.url)
    assert await post(dead.url, keyed) == (200, first)
    await broadcast(dead.url, "news", "by the returned", rooms=[room])
    for client in clients:
        news = await client.several("news", 3)
        assert news == ["keyed", "by the other", "by the returned"]
        assert client.rest("news") == []


@in_session
@pytest.mark.timeout(40)
async def test_the_hub_of_a_namespace_carries_it_alone_and_is_stood_in_for(
    make_cluster: MakeCluster, connect: Connect, room: str
) -> None:
    """Two hubs; one is for `/room`, and the general one takes over when it dies."""
    cluster = make_cluster("hub", gateways=0, hubs=2)
    general, own = cluster.hubs
    settings = {"hub_urls": general.url, "hub_routes": json.dumps({"/room": [own.url]})}
    for hub in cluster.hubs:
        hub.stop()
        hub.set(**settings)
    for hub in (own, general):  # so that the general one finds the other when it starts
        hub.start()
    gateways = make_cluster("hub", hubs=0, history="off", **settings).gateways
    clients = [await connect(gateway.url, namespace="/room") for gateway in gateways]
    await takes_broadcasts(general.url)
    before = own.stats()["bytes"], general.stats()["bytes"]
    big = "x" * 100_000
    await broadcast(general.url, "news", big, namespace="/room")
    for client in clients:
        await client.next("news")
    assert own.stats()["bytes"] - before[0] > len(big)
    assert general.stats()["bytes"] - before[1] < len(big)
    own.kill()
    await broadcast(general.url, "news", "still there", namespace="/room")
    for client in clients:
        assert await client.next("news") == "still there"
