"""The lobby: from the moment of connecting, or from joining it."""

from __future__ import annotations

import pytest

from tests.e2e.clients import NODE, PLAIN, params

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def said(client, words):
    """The next lobby messages that are among *words*, as many as there are."""
    wanted = set(words)
    return [
        (await client.until("chat message", lambda one: one["message"] in wanted))["message"]
        for _ in words
    ]


async def test_a_join_gives_what_was_before_connecting(cluster, connect, room):
    """And nothing twice: what came since is there as events."""
    gateway = cluster.gateways[0]
    ada = await connect(gateway.url)
    words = [f"{room} {number}" for number in range(3)]
    await ada.ask("chat message", {"message": words[0]})
    await said(ada, words[:1])
    bob = await connect(gateway.url)
    await ada.ask("chat message", {"message": words[1]})
    assert await said(bob, words[1:2]) == words[1:2]

    reply = await bob.ask("join")

    assert reply["room"] is None
    assert [one["message"] for one in reply["messages"] if room in one["message"]] == words[:1]
    await ada.ask("chat message", {"message": words[2]})
    assert await said(bob, words[2:]) == words[2:]


@pytest.mark.parametrize("kind", params([NODE, PLAIN]))
async def test_with_lobby_join_messages_come_once_it_is_joined(cluster, connect, room, kind):
    gateway = cluster.gateways[0]
    ada = await connect(gateway.url)
    bob = await connect(gateway.url, kind=kind, auth={"lobby": "join", "nickname": "bob"})
    words = [f"{room} {number}" for number in range(2)]
    await ada.ask("chat message", {"message": words[0]})
    await said(ada, words[:1])
    await bob.ask("history")  # whatever was sent to bob before has arrived

    assert bob.rest("chat message") == []
    reply = await bob.ask("join", {"room": None})
    assert [one["message"] for one in reply["messages"] if room in one["message"]] == words[:1]
    assert "bob" in [one["nickname"] for one in reply["members"]]
    await ada.ask("chat message", {"message": words[1]})
    assert await said(bob, words[1:]) == words[1:]
    assert (await bob.ask("leave"))["room"] is None
    assert "error" in await bob.ask("presence")


def ours(messages, room):
    """Without what other tests said: in mode `isolated` a client that comes back is told what was
    said at other gateways, again if need be.
    """
    return [one for one in messages if room in one["message"]]


async def test_joining_the_lobby_after_a_position_gives_what_was_missed(
    cluster, mode, connect, room
):
    ada = await connect(cluster.gateways[0].url)
    words = [f"{room} {number}" for number in range(4)]
    acks = [await ada.ask("chat message", {"message": word}) for word in words]
    for gateway in cluster.gateways[: 1 if mode == "isolated" else 2]:
        bob = await connect(gateway.url, auth={"lobby": "join"})
        reply = await bob.ask("join", {"after": acks[1]["id"]})
        assert reply["complete"] is True
        got = ours(reply["messages"], room)
        while not got or got[-1]["id"] != acks[-1]["id"]:
            got.append(await bob.next("chat message"))
        assert [one["message"] for one in got] == words[2:]


@pytest.mark.parametrize("auth", [None, {"lobby": "join"}], ids=["at-once", "join"])
async def test_joining_the_lobby_again_repeats_nothing_as_events(cluster, connect, room, auth):
    gateway = cluster.gateways[0]
    ada, bob = await connect(gateway.url), await connect(gateway.url, auth=auth)
    await bob.ask("join")
    first = await ada.ask("chat message", {"message": f"{room} 0"})
    assert await said(bob, [f"{room} 0"])
    again = await bob.ask("join", {"after": first["id"]})
    last = await ada.ask("chat message", {"message": f"{room} 1"})
    heard = await bob.until("chat message", lambda one: room in one["message"])
    got = [*ours(again["messages"], room), heard]
    assert [one["id"] for one in got] == [last["id"]]
