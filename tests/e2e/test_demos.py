"""The chat of two gateways, as stock clients see it."""

from __future__ import annotations

from unittest.mock import ANY

import pytest

from tests.e2e.clients import NODE

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_message_reaches_everybody_in_its_room(cluster, mode, kind, connect, room):
    """Also at the other gateway, except in mode isolated; the sender gets it too."""
    ada, bob = [await connect(gateway.url, kind=kind) for gateway in cluster.gateways]
    await ada.ask("join", {"room": room, "nickname": "ada"})
    await bob.ask("join", {"room": room, "nickname": "bob"})

    ack = await ada.ask("chat message", {"room": room, "nickname": "ada", "message": "hello ☕"})

    assert ack == {"id": ANY, "time": ANY}
    message = {
        "dyno": "gateway-1",
        "time": ack["time"],
        "nick": "ada",
        "message": "hello ☕",
        "room": room,
        "id": ack["id"],
    }
    assert await ada.next("chat message") == message
    if mode != "isolated":
        assert await bob.next("chat message") == message
    own = await bob.ask("chat message", {"room": room, "message": "here"})
    assert await bob.next("chat message") == {
        "dyno": "gateway-2",
        "time": ANY,
        "nick": "bob",
        "message": "here",
        "room": room,
        "id": own["id"],
    }


async def test_the_lobby_is_for_everybody_who_is_connected(cluster, mode, kind, connect, room):
    ada, bob = [await connect(gateway.url, kind=kind) for gateway in cluster.gateways]

    await ada.emit("chat message", {"nickname": "ada", "message": room})
    await bob.emit("chat message", {"nickname": "", "message": f"{room}, too"})

    message = await ada.until("chat message", lambda said: said["message"] == room)
    assert message == {
        "dyno": "gateway-1",
        "time": ANY,
        "nick": "ada",
        "message": room,
        "id": ANY,
    }
    texts = [room, f"{room}, too"] if mode != "isolated" else [f"{room}, too"]
    seen = [await bob.until("chat message", lambda said: room in said["message"]) for _ in texts]
    assert {said["message"]: said["nick"] for said in seen} == dict.fromkeys(texts, "ada") | {
        f"{room}, too": "Unnamed"
    }


async def test_a_room_is_created_listed_and_removed(cluster, mode, kind, connect, room):
    """Everybody in `/room` gets the list, at the other gateway too."""
    here, there = [
        await connect(gateway.url, namespace="/room", kind=kind) for gateway in cluster.gateways
    ]

    record = await here.ask("create", room)

    assert record == {"name": room, "created": ANY}
    await here.until("item", lambda rooms: record in rooms)
    if mode != "isolated":
        await there.until("item", lambda rooms: record in rooms)
    listed = await there.ask("list")
    rooms = await there.until("item", lambda rooms: record in rooms)
    assert listed == {"count": len(rooms)}
    assert [one["created"] for one in rooms] == sorted(one["created"] for one in rooms)
    assert await there.ask("remove", room) == {"name": room}
    await there.until("item", lambda rooms: record not in rooms)
    if mode != "isolated":
        await here.until("item", lambda rooms: record not in rooms)


async def test_messages_of_a_room_in_its_namespace(cluster, mode, kind, connect, room):
    """They are the same room's as on `/`, and are listed oldest first."""
    first, second = cluster.gateways
    await (await connect(first.url, namespace="/room")).ask("create", room)
    here = await connect(first.url, namespace=f"/messages/{room}", kind=kind)
    there = await connect(second.url, namespace=f"/messages/{room}", kind=kind)
    chatting = await connect(first.url, kind=kind)
    await chatting.ask("join", room)

    ack = await here.ask("create", {"from": "ada", "message": "tea?"})
    to_bob = await here.ask("create", {"from": " ", "to": "bob", "message": "tea!"})

    assert ack == {"id": ANY, "created": ANY}
    items = [
        {"room": room, "from": "ada", "to": None, "message": "tea?", **ack},
        {"room": room, "from": "Unnamed", "to": "bob", "message": "tea!", **to_bob},
    ]
    assert await here.several("item", 2) == items
    assert [said["message"] for said in await chatting.several("chat message", 2)] == [
        "tea?",
        "tea!",
    ]
    if mode != "isolated":
        assert await there.several("item", 2) == items
    assert await there.ask("list") == {"count": 2}
    assert await there.several("item", 2) == items
    said = await chatting.ask("chat message", {"room": room, "message": "milk"})
    assert (await here.next("item"))["id"] == said["id"]


async def test_an_upgraded_connection_goes_on(cluster, connect, kind, room):
    """A client that may use both transports ends on a WebSocket."""
    client = await connect(cluster.gateways[0].url, kind=kind)
    await client.ask("join", room)
    acks = await client.burst("chat message", [{"room": room, "message": str(n)} for n in range(9)])
    got = await client.several("chat message", 9)
    assert [one["id"] for one in got] == [ack["id"] for ack in acks]
    wanted = "polling" if kind.transport == "polling" else "websocket"
    while await client.transport() != wanted:
        await client.ask("presence", room)


@pytest.mark.node
async def test_namespaces_share_a_connection(clusters, connect, room):
    """As Node's client does it by itself: one WebSocket for `/`, `/room` and `/messages/…`."""
    gateway = clusters("isolated").gateways[0]
    chat = await connect(gateway.url, kind=NODE)
    rooms = await connect(gateway.url, kind=NODE, namespace="/room")
    await rooms.ask("create", room)
    connections = gateway.stats()["connections"]
    beside = await connect(chat, kind=NODE, namespace=f"/messages/{room}")
    await chat.ask("join", room)
    ack = await beside.ask("create", {"from": "ada", "message": "hello"})
    assert (await chat.next("chat message"))["id"] == ack["id"]
    assert gateway.stats()["connections"] == connections


async def test_a_client_that_left_a_room_gets_no_more_of_it(cluster, mode, connect, room):
    ada, bob = [await connect(gateway.url) for gateway in cluster.gateways]
    await ada.ask("join", room)
    await bob.ask("join", room)
    assert await bob.ask("leave", room) == {"room": room}
    await ada.ask("chat message", {"room": room, "message": "anybody?"})
    reply = await bob.ask("join", room)
    assert [said["message"] for said in reply["messages"]] == ["anybody?"]
    assert bob.rest("chat message") == []
    assert reply["count"] == (1 if mode == "isolated" else 2)
