"""What the chat takes, what it refuses, and how it says so."""

from __future__ import annotations

import asyncio
from unittest.mock import ANY
from urllib.parse import quote

import pytest

from tests.e2e.clients import NODE, PLAIN, params
from tests.e2e.mailbox import Refused

pytestmark = pytest.mark.asyncio(loop_scope="session")

BOTH = params([NODE, PLAIN])


@pytest.fixture
def gateway(clusters):
    return clusters("adapter").gateways[0]


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("name", ["tea time", "茶房 ☕", "a/b?c#d", "100%", "messages"])
async def test_a_room_may_have_any_name(gateway, connect, kind, name, room):
    """In the namespace it is URL-encoded, on `/` it is not."""
    name = f"{name} {room}"
    rooms = await connect(gateway.url, namespace="/room")
    await rooms.ask("create", name)
    chatting = await connect(gateway.url, kind=kind)
    await chatting.ask("join", name)
    there = await connect(gateway.url, namespace=f"/messages/{quote(name, safe='')}", kind=kind)

    await there.ask("create", {"from": "ada", "message": "hello"})

    assert (await there.next("item"))["room"] == name
    assert (await chatting.next("chat message"))["room"] == name
    await rooms.ask("remove", name)


@pytest.mark.parametrize("kind", BOTH)
async def test_an_unknown_room_is_refused(gateway, connect, kind, room):
    with pytest.raises(Refused) as refused:
        await connect(gateway.url, namespace=f"/messages/{room}", kind=kind)
    assert refused.value.data == {"code": "unknown_room", "message": ANY}


@pytest.mark.parametrize("kind", BOTH)
async def test_an_unknown_namespace_is_refused(gateway, connect, kind):
    with pytest.raises(Refused):
        await connect(gateway.url, namespace="/elsewhere", kind=kind)


async def test_a_nickname_that_may_not_be_is_refused_when_connecting(gateway, connect):
    with pytest.raises(Refused) as refused:
        await connect(gateway.url, kind=PLAIN, auth={"nickname": "x" * 65})
    assert refused.value.data["code"] == "too_long"


async def test_the_nickname_of_the_handshake_is_used_until_another_is_given(gateway, connect, room):
    client = await connect(gateway.url, auth={"nickname": "ada"})
    joined = await client.ask("join", room)
    assert [one["nickname"] for one in joined["members"]] == ["ada"]
    for given in ({}, {"nickname": " "}, {"nickname": "bob"}, {}):
        await client.ask("chat message", {"room": room, "message": "hello", **given})
    said = await client.several("chat message", 4)
    assert [one["nick"] for one in said] == ["ada", "ada", "bob", "bob"]


@pytest.mark.parametrize(
    ("event", "argument", "code"),
    [
        ("chat message", {"message": ""}, "invalid"),
        ("chat message", {"message": " \n "}, "invalid"),
        ("chat message", {}, "invalid"),
        ("chat message", {"message": 7}, "invalid"),
        ("chat message", "hello", "invalid"),
        ("chat message", {"message": "bell\x07"}, "invalid"),
        ("chat message", {"message": "ß" * 4097}, "too_long"),
        ("chat message", {"message": "x", "nickname": "n" * 65}, "too_long"),
        ("chat message", {"message": "x", "key": "k" * 65}, "invalid"),
        ("chat message", {"message": "x", "room": "nobody made this one"}, "unknown_room"),
        ("join", {"room": "r" * 65}, "too_long"),
        ("join", {"room": ""}, "invalid"),
        ("join", {"room": "x", "after": "yesterday"}, "invalid"),
        ("leave", "never joined", "not_joined"),
        ("presence", "never joined", "not_joined"),
        ("typing", {"room": "never joined", "typing": True}, "not_joined"),
        ("typing", {"typing": "yes"}, "invalid"),
        ("history", {"limit": 201}, "invalid"),
        ("history", {"room": "nobody made this one"}, "unknown_room"),
        ("dance", {}, "unknown_event"),
    ],
)
async def test_what_may_not_be_is_refused_with_a_code(gateway, connect, event, argument, code):
    client = await connect(gateway.url)
    ack = await client.ask(event, argument)
    assert ack == {"error": {"code": code, "message": ANY}}
    await client.emit(event, argument)
    assert await client.next("refused") == {"event": event, **ack}


async def test_texts_up_to_the_limit_are_taken(gateway, connect, room):
    client = await connect(gateway.url)
    await client.ask("join", room)
    for text in ("ß" * 4096, "two\nlines\tand a tab", "😀", "<b>&amp;</b>"):
        ack = await client.ask("chat message", {"room": room, "message": text})
        message = await client.next("chat message")
        assert (message["message"], message["id"]) == (text, ack["id"])


async def test_a_room_can_be_created_once_and_removed_once(gateway, connect, room):
    client = await connect(gateway.url, namespace="/room")
    await client.ask("create", room)
    assert (await client.ask("create", room))["error"]["code"] == "room_exists"
    await client.ask("remove", room)
    assert (await client.ask("remove", room))["error"]["code"] == "unknown_room"
    assert (await client.ask("create", ""))["error"]["code"] == "invalid"
    assert (await client.ask("create"))["error"]["code"] == "invalid"
    assert (await client.ask("paint", room))["error"]["code"] == "unknown_event"


async def test_a_client_may_be_in_a_hundred_rooms(clusters, connect, room):
    client = await connect(clusters("isolated").gateways[0].url)
    names = [f"{room}-{number}"[-60:] for number in range(101)]
    acks = await asyncio.gather(*(client.ask("join", name) for name in names))
    assert [ack.get("error", {}).get("code") for ack in acks] == [None] * 100 + ["too_many_rooms"]
    assert (await client.ask("join", names[0])).get("error") is None  # it is in this one already
    await client.ask("leave", names[0])
    assert (await client.ask("join", names[100])).get("error") is None


async def test_removing_a_room_puts_everybody_out(cluster, mode, connect, room):
    """They are told, and what was said is gone."""
    ada, bob = [await connect(gateway.url) for gateway in cluster.gateways]
    rooms = await connect(cluster.gateways[0].url, namespace="/room")
    await rooms.ask("create", room)
    await ada.ask("join", room)
    await bob.ask("join", room)
    await ada.ask("chat message", {"room": room, "message": "old"})

    await rooms.ask("remove", room)

    assert await ada.next("closed") == {"room": room}
    assert (await ada.ask("presence", room))["error"]["code"] == "not_joined"
    if mode != "isolated":
        assert await bob.next("closed") == {"room": room}
        assert (await bob.ask("presence", room))["error"]["code"] == "not_joined"
    again = await ada.ask("join", room)
    assert (again["messages"], again["count"]) == ([], 1)
    said = await ada.ask("chat message", {"room": room, "message": "new"})
    assert (await ada.until("chat message", lambda one: one["message"] == "new"))["id"] == said[
        "id"
    ]
