"""Who is in a room, on all gateways, and who is typing."""

from __future__ import annotations

import asyncio

import pytest

from tests.e2e.clients import NODE, PLAIN, params
from tests.e2e.conftest import SHARING

pytestmark = pytest.mark.asyncio(loop_scope="session")

sharing = pytest.mark.parametrize("mode", SHARING)
BOTH = params([NODE, PLAIN])


def names(reply):
    assert reply["count"] == len(reply["members"])
    return sorted(one["nickname"] for one in reply["members"])


async def gone(client, id):
    """Return when *client* was told that *id* left."""
    return await client.until("presence", lambda event: id in event["left"])


@sharing
async def test_who_joins_learns_who_is_there(cluster, connect, room):
    ada, bob = [await connect(gateway.url) for gateway in cluster.gateways]
    assert names(await ada.ask("join", {"room": room, "nickname": "ada"})) == ["ada"]
    reply = await bob.ask("join", {"room": room, "nickname": "bob"})
    assert names(reply) == ["ada", "bob"]
    assert {one["nickname"]: one["dyno"] for one in reply["members"]} == {
        "ada": "gateway-1",
        "bob": "gateway-2",
    }
    bobs = await ada.until("presence", lambda event: event["count"] == 2)
    assert bobs["room"] == room
    assert [one["nickname"] for one in bobs["joined"]] == ["bob"]
    asked = await ada.ask("presence", room)
    assert {**asked, "members": sorted(asked["members"], key=str)} == {
        "room": room,
        "count": 2,
        "members": sorted(reply["members"], key=str),
    }


async def test_in_mode_isolated_everybody_seems_alone(clusters, connect, room):
    ada, bob = [await connect(gateway.url) for gateway in clusters("isolated").gateways]
    await ada.ask("join", {"room": room, "nickname": "ada"})
    assert names(await bob.ask("join", {"room": room, "nickname": "bob"})) == ["bob"]


@sharing
@pytest.mark.parametrize("kind", BOTH)
async def test_those_who_leave_are_told_as_left(cluster, connect, room, kind):
    """By `leave`, by disconnecting, or because their connection was cut."""
    first, second = cluster.gateways
    stays = await connect(first.url)
    await stays.ask("join", {"room": room, "nickname": "stays"})

    async def somebody():
        client = await connect(second.url, kind=kind)
        reply = await client.ask("join", {"room": room, "nickname": "goes"})
        [id] = [one["id"] for one in reply["members"] if one["nickname"] == "goes"]
        await stays.until("presence", lambda event: id in [one["id"] for one in event["joined"]])
        return client, id

    client, id = await somebody()
    await client.ask("leave", room)
    assert (await gone(stays, id))["count"] == 1
    for end in ("close", "cut"):
        client, id = await somebody()
        await getattr(client, end)()
        assert (await gone(stays, id))["count"] == 1
    assert names(await stays.ask("presence", room)) == ["stays"]


@sharing
async def test_another_nickname_is_told(cluster, connect, room):
    ada, bob = [await connect(gateway.url) for gateway in cluster.gateways]
    await bob.ask("join", {"room": room, "nickname": "bob"})
    await ada.ask("join", {"room": room, "nickname": "ada"})
    await ada.ask("join", {"room": room, "nickname": "countess"})
    await bob.until(
        "presence", lambda event: "countess" in [one["nickname"] for one in event["joined"]]
    )
    assert names(await bob.ask("presence", room)) == ["bob", "countess"]


@sharing
async def test_the_lobby_has_people_too(cluster, connect, room):
    ada, bob = [await connect(gateway.url) for gateway in cluster.gateways]
    await ada.ask("join", {"nickname": f"ada {room}"})
    reply = await bob.ask("join")
    assert f"ada {room}" in names(reply)
    event = await bob.next("presence")
    assert "room" not in event


@pytest.mark.parametrize("kind", BOTH)
async def test_typing_reaches_the_others_and_not_the_sender(cluster, mode, connect, room, kind):
    first, second = cluster.gateways
    ada, near = [await connect(first.url, kind=kind) for _ in range(2)]
    far = await connect(second.url, kind=kind)
    for client in (ada, near, far):
        await client.ask("join", room)

    assert await ada.ask("typing", {"room": room, "typing": True, "nickname": "ada"}) == {}
    await ada.ask("chat message", {"room": room, "message": "said"})

    event = await near.next("typing")
    assert (event["room"], event["nick"], event["typing"]) == (room, "ada", True)
    assert event["id"] in [one["id"] for one in (await ada.ask("presence", room))["members"]]
    if mode != "isolated":
        assert await far.next("typing") == event
    await ada.next("chat message")
    assert ada.rest("typing") == []


async def test_typing_in_the_lobby(clusters, connect, room):
    ada, bob = [await connect(gateway.url) for gateway in clusters("adapter").gateways]
    await ada.ask("typing", {"typing": False, "nickname": room})
    event = await bob.until("typing", lambda event: event["nick"] == room)
    assert "room" not in event


@sharing
async def test_a_gateway_that_is_killed_leaves_no_ghosts(make_cluster, mode, connect, room):
    """After three missed signs of life its people are told as left."""
    cluster = make_cluster(mode, presence_seconds=0.3)
    first, second = cluster.gateways
    ada, bob = await connect(first.url), await connect(second.url)
    await ada.ask("join", {"room": room, "nickname": "ada"})
    reply = await bob.ask("join", {"room": room, "nickname": "bob"})
    [id] = [one["id"] for one in reply["members"] if one["nickname"] == "bob"]

    second.kill()

    async with asyncio.timeout(4):
        assert (await gone(ada, id))["count"] == 1
    assert names(await ada.ask("presence", room)) == ["ada"]
