"""Whoever comes, or comes back, gets each message once; whoever wants older ones pages back."""

from __future__ import annotations

import pytest

from tests.e2e.clients import NODE, PLAIN, params
from tests.e2e.conftest import SHARING

pytestmark = pytest.mark.asyncio(loop_scope="session")

RECENT = 50
CATCH_UP_LIMIT = 300


def texts(messages):
    return [message["message"] for message in messages]


def numbered(count, start=0):
    return [str(number) for number in range(start, start + count)]


async def say(client, room, words):
    """All of *words* in a row; their ids. The client is in the room and has got them itself."""
    acks = await client.burst("chat message", [{"room": room, "message": word} for word in words])
    await client.until("chat message", lambda one: one["id"] == acks[-1]["id"])
    return [ack["id"] for ack in acks]


@pytest.mark.parametrize("kind", params([NODE, PLAIN]))
async def test_who_comes_back_gets_exactly_what_was_missed(cluster, connect, room, kind):
    """At whichever gateway."""
    first, second = cluster.gateways
    ada, bob = await connect(first.url), await connect(first.url, kind=kind)
    await ada.ask("join", room)
    assert (await bob.ask("join", room))["messages"] == []
    ids = await say(ada, room, numbered(5))
    seen = await bob.several("chat message", 5)
    assert [message["id"] for message in seen] == ids
    await bob.close()

    missed = await say(ada, room, numbered(20, start=5))
    for gateway in (first, second):
        back = await connect(gateway.url, kind=kind)
        reply = await back.ask("join", {"room": room, "after": ids[-1]})

        assert (reply["complete"], reply["room"]) == (True, room)
        assert [message["id"] for message in reply["messages"]] == missed
        assert texts(reply["messages"]) == numbered(20, start=5)
        assert reply["position"] == missed[-1]
        nothing = await back.ask("join", {"room": room, "after": reply["position"]})
        assert (nothing["messages"], nothing["complete"]) == ([], True)


@pytest.mark.parametrize("mode", SHARING)
async def test_joining_amid_messages_misses_and_repeats_none(cluster, connect, room):
    """What is newer than the acknowledgement's position comes after it."""
    first, second = cluster.gateways
    ada = await connect(first.url)
    await ada.ask("join", room)
    joining = [await connect(gateway.url) for gateway in (first, second, second)]
    words = numbered(120)
    ids = []
    seen = []
    for start, client in zip((0, 40, 80), joining, strict=True):
        await ada.emit("typing", {"room": room, "typing": True})
        for word in words[start : start + 20]:
            await ada.emit("chat message", {"room": room, "message": word})
        reply = await client.ask("join", {"room": room})
        seen.append(reply["messages"])
        ids += await say(ada, room, words[start + 20 : start + 40])
    for client, messages in zip(joining, seen, strict=True):
        while not messages or messages[-1]["id"] != ids[-1]:
            messages.append(await client.next("chat message"))
        assert texts(messages) == words[int(messages[0]["message"]) :]


async def test_a_newcomer_gets_the_last_fifty(cluster, connect, room):
    ada = await connect(cluster.gateways[0].url)
    await ada.ask("join", room)
    await say(ada, room, numbered(RECENT + 2))
    reply = await (await connect(cluster.gateways[1].url)).ask("join", room)
    assert texts(reply["messages"]) == numbered(RECENT, start=2)
    assert reply["complete"] is False


async def test_who_missed_more_than_the_limit_gets_the_newest(cluster, connect, room):
    ada = await connect(cluster.gateways[0].url)
    await ada.ask("join", room)
    ids = await say(ada, room, numbered(CATCH_UP_LIMIT + 2))
    back = await connect(cluster.gateways[1].url)

    all_of_it = await back.ask("join", {"room": room, "after": ids[1]})
    assert (len(all_of_it["messages"]), all_of_it["complete"]) == (CATCH_UP_LIMIT, True)
    newest = await back.ask("join", {"room": room, "after": ids[0]})
    assert (len(newest["messages"]), newest["complete"]) == (CATCH_UP_LIMIT, False)
    assert newest["messages"][-1]["id"] == ids[-1]


async def test_history_pages_back_to_the_beginning(cluster, connect, room):
    """By the position of the oldest message known so far."""
    ada = await connect(cluster.gateways[0].url)
    await ada.ask("join", room)
    await say(ada, room, numbered(95))
    bob = await connect(cluster.gateways[1].url)
    found = (await bob.ask("join", room))["messages"]
    complete, pages = False, 0
    while not complete:
        fields = {"room": room, "before": found[0]["id"], "limit": 20}
        page = await bob.ask("history", fields)
        assert page["room"] == room
        found, complete, pages = page["messages"] + found, page["complete"], pages + 1
    assert texts(found) == numbered(95)
    assert pages == 3
    newest = await bob.ask("history", {"room": room})
    assert texts(newest["messages"]) == numbered(50, start=45)


async def test_a_log_that_no_longer_reaches_back_says_so(make_cluster, mode, connect, room):
    [gateway] = make_cluster(mode, 1, history_length=10).gateways
    ada = await connect(gateway.url)
    await ada.ask("join", room)
    ids = await say(ada, room, numbered(40))

    reply = await ada.ask("join", {"room": room, "after": ids[0]})
    assert (texts(reply["messages"]), reply["complete"]) == (numbered(10, start=30), False)
    reply = await ada.ask("join", {"room": room, "after": ids[29]})
    assert (texts(reply["messages"]), reply["complete"]) == (numbered(10, start=30), True)
    page = await ada.ask("history", {"room": room, "before": ids[33]})
    assert (texts(page["messages"]), page["complete"]) == (numbered(3, start=30), True)


async def test_a_position_of_another_life_of_the_room_is_not_complete(cluster, connect, room):
    """The room was removed and filled again: the old position says nothing about the new log."""
    gateway = cluster.gateways[0]
    ada, rooms = await connect(gateway.url), await connect(gateway.url, namespace="/room")
    await rooms.ask("create", room)
    await ada.ask("join", room)
    [old] = await say(ada, room, ["old"])
    await rooms.ask("remove", room)
    await ada.next("closed")
    await ada.ask("join", room)
    await say(ada, room, ["new"])
    reply = await ada.ask("join", {"room": room, "after": old})
    assert (texts(reply["messages"]), reply["complete"]) == (["new"], False)


@pytest.mark.parametrize("kind", params([NODE, PLAIN]))
async def test_a_key_makes_a_message_be_stored_once(cluster, connect, room, kind):
    """Also when it is repeated at the other gateway."""
    ada, again = [await connect(gateway.url, kind=kind) for gateway in cluster.gateways]
    await ada.ask("join", room)
    await again.ask("join", room)
    message = {"room": room, "message": "once", "key": f"key of {room}"}
    acks = [await client.ask("chat message", message) for client in (ada, ada, again)]
    assert len({ack["id"] for ack in acks}) == 1
    await ada.ask("chat message", {"room": room, "message": "after"})
    assert texts(await ada.several("chat message", 2)) == ["once", "after"]
    page = await ada.ask("history", room)
    assert texts(page["messages"]) == ["once", "after"]
