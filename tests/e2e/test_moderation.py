"""What moderators order at one gateway holds at the other."""

from __future__ import annotations

import time

import aiohttp
import pytest
import pytest_asyncio

from tests.e2e.mailbox import Refused
from tests.e2e.moderators import (
    EVERYWHERE,
    ISSUER,
    TOKEN,
    code,
    look,
    order,
    refusal,
    shown,
    until,
    until_joined,
)
from tests.gateways import Cluster

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def cluster(valkey, tmp_path_factory):
    cluster = Cluster(
        tmp_path_factory.mktemp("moderation"),
        valkey.url,
        "redis",
        auth="jwt",
        auth_key=ISSUER.keys(),
        auth_audience="chat",
        admin_token=TOKEN,
    )
    with cluster.running():
        yield cluster


@pytest.fixture
def here(cluster):
    return cluster.gateways[0]


@pytest.fixture
def there(cluster):
    return cluster.gateways[1]


@pytest_asyncio.fixture(loop_scope="session")
async def http():
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        yield session


async def test_a_banned_user_is_put_out_everywhere_and_kept_out(
    connect, here, there, cluster, http, room
):
    user = f"{room} mallory"
    mallory = await connect(there.url, auth=shown(user))
    bob = await connect(there.url, auth=shown(f"{room} bob"))
    done = await order(http, here, "ban", who={"user": user}, reason="spam", seconds=600)
    assert (done["user"], done["changed"]) == (user, True)
    told = await mallory.next("refused")
    assert (told["event"], told["error"]["code"]) == ("connect", "banned")
    assert told["error"]["message"].endswith("more seconds: spam")
    await mallory.next("disconnect")
    for gateway in (here, there):
        assert await refusal(connect, gateway, shown(user)) == "banned"
    assert await refusal(connect, there, shown(user), namespace="/room") == "banned"
    assert "id" in await bob.ask("chat message", {"message": "we go on"})

    there.stop()
    there.start()
    assert await refusal(connect, there, shown(user)) == "banned"

    assert (await order(http, there, "unban", who={"user": user}))["changed"] is True

    async def let_in() -> bool:
        try:
            await connect(here.url, auth=shown(user))
        except Refused:
            return False
        return True

    await until(let_in)


async def test_a_ban_ends_by_itself(connect, here, http, room):
    user = f"{room} eve"
    eve = await connect(here.url, auth=shown(user))
    await eve.ask("join", room)
    await order(http, here, "ban", who={"user": user}, room=room, seconds=1.0)
    closed = await eve.next("closed")
    assert (closed["room"], closed["code"]) == (room, "banned")
    assert code(await eve.ask("join", room)) == "banned"
    assert code(await eve.ask("history", room)) == "banned"
    assert "error" not in await eve.ask("join", f"{room} other")
    await until_joined(eve, room)


async def test_an_address_can_be_banned_from_a_room(connect, here, there, http, room):
    bob = await connect(there.url, auth=shown(f"{room} bob"))
    await bob.ask("join", room)
    await order(http, here, "ban", who={"address": "127.0.0.1"}, room=room)
    assert (await bob.next("closed"))["code"] == "banned"
    await order(http, here, "unban", who={"address": "127.0.0.1"}, room=room)


async def test_a_moderator_mutes_a_member_of_another_gateway(connect, here, there, room):
    rights = {"join": [room], "write": [room], "moderate": [room]}
    ada = await connect(here.url, auth=shown(f"{room} ada", rights))
    bob = await connect(there.url, auth=shown(f"{room} bob"))
    await ada.ask("join", room)
    id = (await bob.ask("join", room))["id"]
    muted = {"action": "mute", "who": {"member": id}, "room": room, "reason": "later, please"}
    done = await ada.ask("moderate", muted)
    assert (done["user"], done["by"]) == (f"{room} bob", f"user/{room} ada")
    assert (await bob.next("refused"))["error"]["code"] == "muted"
    assert code(await bob.ask("chat message", {"room": room, "message": "no"})) == "muted"
    assert code(await bob.ask("typing", {"room": room, "typing": True})) == "muted"
    assert "id" in await bob.ask("chat message", {"message": "elsewhere"})
    await ada.ask("moderate", {**muted, "action": "unmute", "who": {"user": f"{room} bob"}})

    async def says() -> bool:
        return "id" in await bob.ask("chat message", {"room": room, "message": "thanks"})

    await until(says)


async def test_who_is_kicked_may_come_again(connect, here, there, http, room):
    ada = await connect(here.url, auth=shown(f"{room} ada", EVERYWHERE))
    bob = await connect(there.url, auth=shown(f"{room} bob"))
    id = (await bob.ask("join", room))["id"]
    await ada.ask("moderate", {"action": "kick", "who": {"member": id}, "room": room})
    assert (await bob.next("closed"))["code"] == "kicked"
    assert "error" not in await bob.ask("join", room)
    await ada.ask("moderate", {"action": "kick", "who": {"member": id}, "reason": "calm down"})
    told = (await bob.next("refused"))["error"]
    assert told == {"code": "kicked", "message": "you were put out of the chat: calm down"}
    await bob.next("disconnect")
    await connect(there.url, auth=shown(f"{room} bob"))


async def test_a_deleted_message_is_gone_for_those_who_have_it_and_those_who_come(
    connect, here, there, http, room
):
    rooms = await connect(here.url, namespace="/room", auth=shown(f"{room} owner", EVERYWHERE))
    await rooms.ask("create", room)
    ada = await connect(here.url, auth=shown(f"{room} ada", EVERYWHERE))
    bob = await connect(there.url, auth=shown(f"{room} bob"))
    items = await connect(there.url, namespace=f"/messages/{room}", auth=shown(f"{room} carol"))
    await bob.ask("join", room)
    first, bad, last = [
        (await ada.ask("chat message", {"room": room, "message": text}))["id"]
        for text in ("first", "something bad", "last")
    ]
    deletion = {"action": "delete", "room": room, "message": bad}
    done = await ada.ask("moderate", deletion)
    assert (done["message"], done["nick"], done["changed"]) == (bad, f"{room} ada".title(), True)
    gone = {"room": room, "id": bad, "message": None}
    assert await bob.next("moderated") == gone
    assert await items.next("moderated") == gone
    assert (await ada.ask("moderate", deletion))["changed"] is False
    for after in (None, first):
        reply = await bob.ask("join", {"room": room, "after": after})
        ids = [message["id"] for message in reply["messages"]]
        assert ids == ([first, last] if after is None else [last])
        assert (reply["position"], reply["complete"]) == (last, True)
        assert "deleted" not in reply
    back = await bob.ask("join", {"room": room, "after": last})
    assert (back["messages"], back["deleted"]) == ([], [bad])
    paged = await bob.ask("history", {"room": room, "before": last, "limit": 1})
    assert [message["message"] for message in paged["messages"]] == ["first"]
    assert await items.ask("list") == {"count": 2}
    missing = await ada.ask("moderate", {**deletion, "message": bad[:-1] + "99"})
    assert code(missing) == "unknown_message"
    kept = here.output() + there.output() + str(await look(http, here, "/log"))
    assert (bad in kept, "something bad" in kept) == (True, False)


async def test_a_closed_room_is_open_to_its_moderators_alone(connect, here, there, http, room):
    ada = await connect(here.url, auth=shown(f"{room} ada", EVERYWHERE))
    bob = await connect(there.url, auth=shown(f"{room} bob"))
    for client in (ada, bob):
        await client.ask("join", room)
    await ada.ask("moderate", {"action": "close", "room": room})
    assert (await bob.next("closed"))["code"] == "room_closed"
    for event in ("join", "history"):
        assert code(await bob.ask(event, room)) == "room_closed"
    assert "id" in await ada.ask("chat message", {"room": room, "message": "cleaning up"})
    await ada.ask("moderate", {"action": "open", "room": room})
    await until_joined(bob, room)


async def test_only_who_has_the_right_there_moderates(connect, here, room):
    rights = {"join": ["*"], "write": ["*"], "moderate": [room]}
    ada = await connect(here.url, auth=shown(f"{room} ada", rights))
    bob = await connect(here.url, auth=shown(f"{room} bob"))
    kick = {"action": "kick", "who": {"user": "x"}, "room": room}
    assert code(await bob.ask("moderate", kick)) == "forbidden"
    assert code(await ada.ask("moderate", kick)) is None
    for other in (
        {**kick, "room": "another"},
        {"action": "kick", "who": {"user": "x"}},
        {**kick, "who": {"address": "192.0.2.1"}},
    ):
        assert code(await ada.ask("moderate", other)) == "forbidden"
    assert here.output().count("moderation_refused") >= 4
    assert code(await ada.ask("moderate", {**kick, "who": {"member": "?"}})) == "unknown_member"
    for wrong in ({}, {"action": "x"}, {**kick, "who": {}}, {**kick, "reason": 7}):
        assert code(await ada.ask("moderate", wrong)) == "invalid"


async def test_what_was_done_can_be_read_at_any_gateway(here, there, http, room):
    began = time.time()
    await order(http, here, "ban", who={"user": room}, room="", by="ops", reason="why")
    for gateway in (here, there):
        first, *_ = (await look(http, gateway, "/log?limit=1"))["deeds"]
        assert (first["measure"], first["user"], first["room"]) == ("ban", room, "")
        assert (first["by"], first["reason"], first["gateway"]) == ("admin/ops", "why", "gateway-1")
        assert first["time"] >= began

    async def known() -> bool:
        return room in str(await look(http, there))

    await until(known)
    [sanction] = [one for one in (await look(http, there))["sanctions"] if one["user"] == room]
    assert (sanction["kind"], sanction["by"]) == ("ban", "admin/ops")
    assert (await order(http, there, "unban", who={"user": room}, room=""))["changed"]
    assert not (await order(http, there, "unban", who={"user": room}, room=""))["changed"]
    assert f"user={room}" in here.output()


@pytest.mark.parametrize("token", [None, "wrong"])
async def test_the_admin_server_asks_for_its_token(here, token):
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for ask in (
            session.get(f"{here.admin}/moderation"),
            session.get(f"{here.admin}/moderation/log"),
            session.post(f"{here.admin}/moderation", json={}),
        ):
            async with ask as response:
                assert response.status == 401
