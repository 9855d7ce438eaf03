"""Whoever moderates puts out the author of a message, of whom clients know a name alone. Postgres
keeps all of it, and carries it.
"""

from __future__ import annotations

import aiohttp
import pytest
import pytest_asyncio

from tests.e2e.moderators import ISSUER, TOKEN, code, look, order, refusal, shown, until_joined
from tests.gateways import Cluster

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def gateways(valkey, postgres, tmp_path_factory):
    cluster = Cluster(
        tmp_path_factory.mktemp("authors"),
        valkey.url,
        "postgres",
        history="postgres",
        postgres_dsn=postgres.url(),
        auth="jwt",
        auth_key=ISSUER.keys(),
        auth_audience="chat",
        admin_token=TOKEN,
    )
    with cluster.running():
        yield cluster.gateways


@pytest_asyncio.fixture(loop_scope="session")
async def http():
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        yield session


async def said_and_gone(connect, gateway, user: str, room: str) -> str:
    """The id of a message of somebody who has left."""
    mallory = await connect(gateway.url, auth=shown(user))
    await mallory.ask("join", room)
    id = (await mallory.ask("chat message", {"room": room, "message": "not nice"}))["id"]
    await mallory.close()
    return str(id)


async def test_an_author_is_banned_by_the_message_though_gone_and_it_deleted(
    gateways, connect, http, room
):
    here, there = gateways
    user = f"{room} mallory"
    said = await said_and_gone(connect, there, user, room)
    ada = await connect(here.url, auth=shown(f"{room} ada", {"join": [room], "moderate": [room]}))
    assert user not in str(await ada.ask("join", room)), "who is there knows names alone"
    deleted = await ada.ask("moderate", {"action": "delete", "room": room, "message": said})
    assert (deleted["user"], deleted["nick"]) == (user, user.title())
    who = {"message": said, "room": room}
    banned = await ada.ask("moderate", {"action": "ban", "who": who, "room": room})
    assert (banned["user"], banned["changed"]) == (user, True)
    [first, second] = (await look(http, there, "/log?limit=2"))["deeds"]
    assert [first["measure"], second["measure"]] == ["ban", "delete"]
    assert first["user"] == second["user"] == user

    there.stop()
    there.start()
    again = await connect(there.url, auth=shown(user))
    assert code(await again.ask("join", room)) == "banned"
    await order(http, there, "unban", who={"user": user}, room=room)
    await until_joined(again, room)


async def test_an_author_in_a_rooms_namespace_is_known_too(gateways, connect, http, room):
    here, there = gateways
    user = f"{room} mallory"
    rights = {"join": ["*"], "write": ["*"], "create": ["*"]}
    rooms = await connect(here.url, namespace="/room", auth=shown(user, rights))
    await rooms.ask("create", room)
    client = await connect(here.url, namespace=f"/messages/{room}", auth=shown(user, rights))
    said = (await client.ask("create", {"from": "somebody else", "message": "not nice"}))["id"]
    assert user not in str(await client.next("item"))
    banned = await order(http, there, "ban", who={"message": said, "room": room})
    assert banned["user"] == user
    assert (await client.next("refused"))["error"]["code"] == "banned"
    assert await refusal(connect, there, shown(user)) == "banned"
    await order(http, here, "unban", who={"user": user})


async def test_who_moderates_one_room_does_not_learn_who_wrote_in_another(
    gateways, connect, http, room
):
    here, _ = gateways
    user, other = f"{room} bob", f"{room} 2"
    said = await said_and_gone(connect, here, user, other)
    ada = await connect(here.url, auth=shown(f"{room} ada", {"join": ["*"], "moderate": [room]}))
    mute = {"action": "mute", "room": room, "who": {"message": said, "room": other}}
    assert code(await ada.ask("moderate", mute)) == "forbidden"
    assert (await order(http, here, "mute", who=mute["who"], room=other))["user"] == user
    for missing in (said, f"{said}9", "?"):
        wrong = {**mute, "who": {"message": missing, "room": room}}
        assert code(await ada.ask("moderate", wrong)) == "unknown_message"
