"""Moderation crosses in every mode, with a store that gateways share and without one."""

from __future__ import annotations

import aiohttp
import pytest
import pytest_asyncio

from tests.e2e.clients import KINDS, NODE, params
from tests.e2e.conftest import SHARING
from tests.e2e.lone_gateway import lone_gateway
from tests.e2e.moderators import code, look, order, refusal, until, until_joined

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def http():
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.mark.parametrize("mode", SHARING)
async def test_what_is_ordered_at_one_gateway_holds_at_the_other(cluster, connect, http, room):
    here, there = cluster.gateways
    ada, bob = await connect(here.url), await connect(there.url)
    id = (await bob.ask("join", room))["id"]
    await ada.ask("join", room)

    said = await ada.ask("chat message", {"room": room, "message": "not so nice"})
    await bob.next("chat message")
    await order(http, here, "delete", room=room, message=said["id"])
    assert await bob.next("moderated") == {"room": room, "id": said["id"], "message": None}
    assert (await bob.ask("join", room))["messages"] == []

    await order(http, here, "mute", who={"member": id}, room=room)
    assert (await bob.next("refused"))["error"]["code"] == "muted"
    await order(http, here, "kick", who={"member": id}, room=room)
    assert (await bob.next("closed"))["code"] == "kicked"
    await order(http, here, "close", room=room)
    assert (await ada.next("closed"))["code"] == "room_closed"
    assert code(await bob.ask("join", room)) == "room_closed"
    await order(http, there, "open", room=room)
    await until_joined(bob, room)
    await until_joined(ada, room)
    # Where nobody is asked who they are, a member is known by its address.
    assert code(await ada.ask("chat message", {"room": room, "message": "?"})) == "muted"
    await order(http, there, "unmute", who={"address": "127.0.0.1"}, room=room)


# Of python-socketio's client over WebSocket alone: when a server disconnects it from the last
# namespace it sends one more request, over a session of aiohttp that it opens and never closes.
TIDY = [kind for kind in KINDS if kind.language == "node" or kind.transport == "websocket"]


@pytest.mark.parametrize("kind", params(TIDY))
async def test_every_client_is_told_why_its_connection_ends(clusters, connect, http, room, kind):
    here, there = clusters("redis").gateways
    client = await connect(here.url, kind=kind)
    id = (await client.ask("join", room))["id"]
    await order(http, there, "kick", who={"member": id}, reason="enough")
    error = {"code": "kicked", "message": "you were put out of the chat: enough"}
    assert await client.next("refused") == {"event": "connect", "error": error}
    gone = await client.next("disconnect")
    if kind == NODE:  # after which it does not come back by itself
        assert gone["reason"] == "io server disconnect"


async def test_without_a_store_a_gateway_asks_those_who_were_there_before(
    make_cluster, connect, http, room
):
    cluster = make_cluster("adapter", history="off")
    here, there = cluster.gateways
    await order(http, here, "close", room=room, reason="maintenance")
    bob = await connect(there.url)
    assert code(await bob.ask("join", room)) == "room_closed"
    there.stop()
    there.start()
    assert [one["reason"] for one in (await look(http, there))["sanctions"]] == ["maintenance"]
    bob = await connect(there.url)
    assert code(await bob.ask("join", room)) == "room_closed"
    assert (await order(http, there, "open", room=room))["changed"] is True

    async def opened() -> bool:
        return not (await look(http, here))["sanctions"]

    await until(opened)


async def test_without_history_a_deleted_message_is_gone_for_those_who_have_it(
    make_cluster, connect, http, room
):
    here, there = make_cluster("adapter", history="off").gateways
    bob = await connect(there.url)
    await bob.ask("join", room)
    ada = await connect(here.url)
    await ada.ask("join", room)
    said = await ada.ask("chat message", {"room": room, "message": "not so nice"})
    await order(http, here, "delete", room=room, message=said["id"])
    assert (await bob.next("moderated"))["id"] == said["id"]


@pytest.fixture(scope="module")
def lone(tmp_path_factory):
    with lone_gateway(tmp_path_factory.mktemp("alone")) as gateway:
        yield gateway


@pytest.mark.parametrize("namespace", ["/", "/room", "/messages/tea"])
async def test_a_banned_address_is_not_let_into_any_namespace(lone, connect, http, namespace):
    client = await connect(lone.url)
    await order(http, lone, "ban", who={"address": "127.0.0.1"}, reason="spam")
    assert (await client.next("refused"))["error"]["code"] == "banned"
    await client.next("disconnect")
    assert await refusal(connect, lone, None, namespace=namespace) == "banned"
    await order(http, lone, "unban", who={"address": "127.0.0.1"})
    await connect(lone.url)
    async with http.get(f"{lone.admin}/metrics") as response:
        assert 'chatcluster_moderations_total{measure="ban"}' in await response.text()


async def test_nobody_reads_a_closed_lobby(lone, connect, http):
    before = await connect(lone.url)
    await order(http, lone, "close", room="")
    closed = await before.next("closed")
    assert (closed["room"], closed["code"]) == (None, "room_closed")
    after = await connect(lone.url)
    assert code(await after.ask("chat message", {"message": "hello?"})) == "room_closed"
    assert code(await after.ask("join")) == "room_closed"
    await order(http, lone, "open", room="")
    assert "error" not in await after.ask("join")
    said = await after.ask("chat message", {"message": "hello"})
    assert (await after.next("chat message"))["id"] == said["id"]
    assert before.rest("chat message") == []
    await order(http, lone, "delete", message=said["id"])
    assert await after.next("moderated") == {"id": said["id"], "message": None}
    assert before.rest("moderated") == []
    assert (await before.ask("join"))["messages"] == []


async def test_without_authentication_no_client_moderates(lone, connect, room):
    client = await connect(lone.url)
    for wanted in ({"action": "close", "room": room}, {"action": "kick", "who": {"user": "x"}}):
        assert code(await client.ask("moderate", wanted)) == "forbidden"
