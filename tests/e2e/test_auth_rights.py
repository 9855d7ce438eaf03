"""What a token permits, and that a name is its owner's."""

from __future__ import annotations

import pytest

from tests.e2e.lone_gateway import lone_gateway
from tests.e2e.mailbox import Refused
from tests.issuers import Issuer

pytestmark = pytest.mark.asyncio(loop_scope="session")

ISSUER = Issuer("HS256")
NAME_CLAIM = "https://chat.example.org/name"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with lone_gateway(
        tmp_path_factory.mktemp("rights"),
        auth="jwt",
        auth_key=ISSUER.keys(),
        auth_audience="chat",
        auth_name_claim=NAME_CLAIM,
        auth_default_rights="join,write",
    ) as gateway:
        yield gateway


def token(user: str, name: str | None = None, **rooms: list[str]) -> dict[str, str]:
    return {"token": ISSUER.token(user, **{NAME_CLAIM: name or user}, rooms=rooms or None)}


async def test_a_nickname_is_the_tokens_whatever_the_client_says(gateway, connect, room):
    mallory = await connect(gateway.url, auth={**token("mallory"), "nickname": "ada"})
    bob = await connect(gateway.url, auth=token("bob"))
    await bob.ask("join", room)
    joined = await mallory.ask("join", {"room": room, "nickname": "ada"})
    assert sorted(one["nickname"] for one in joined["members"]) == ["bob", "mallory"]
    await mallory.ask("chat message", {"room": room, "message": "hello", "nickname": "ada"})
    assert (await bob.next("chat message"))["nick"] == "mallory"
    await mallory.ask("typing", {"room": room, "typing": True, "nickname": "ada"})
    assert (await bob.next("typing"))["nick"] == "mallory"


async def test_the_secret_that_tokens_are_signed_with_is_told_nowhere(gateway, connect):
    await connect(gateway.url, auth=token("ada"))
    with pytest.raises(Refused):
        await connect(gateway.url, auth={"token": "of nobody"})
    secret = ISSUER.jwk()["k"]
    assert len(secret) > 40
    assert secret not in gateway.output() + str(gateway.stats())


async def test_a_user_without_a_name_has_the_id_for_it(gateway, connect, room):
    client = await connect(gateway.url, auth={"token": ISSUER.token("u-7")})
    assert (await client.ask("join", room))["members"][0]["nickname"] == "u-7"


async def test_messages_in_a_rooms_namespace_are_from_the_user(gateway, connect, room):
    rooms = await connect(gateway.url, namespace="/room", auth=token("ada", create=["*"]))
    await rooms.ask("create", room)
    ada = await connect(gateway.url, namespace=f"/messages/{room}", auth=token("ada"))
    await ada.ask("create", {"from": "bob", "to": "eve", "message": "hello"})
    item = await ada.next("item")
    assert (item["from"], item["to"]) == ("ada", "eve")


async def test_each_right_is_given_by_patterns_of_rooms(gateway, connect, room):
    owner = await connect(
        gateway.url, namespace="/room", auth=token("owner", create=["*"], remove=["*"])
    )
    for name in (f"{room} a", f"{room} b", f"{room} c"):
        await owner.ask("create", name)
    auth = token(
        "ada",
        join=[f"{room} a"],
        read=[f"{room} b"],
        write=[f"{room} a"],
        create=[f"{room} new *"],
        remove=[f"{room} new *"],
    )
    ada = await connect(gateway.url, auth=auth)

    def code(reply):
        return reply.get("error", {}).get("code")

    assert [code(await ada.ask("join", f"{room} {one}")) for one in "abc"] == [
        None,
        "forbidden",
        "forbidden",
    ]
    assert [code(await ada.ask("history", f"{room} {one}")) for one in "abc"] == [
        None,
        None,
        "forbidden",
    ]
    said = [{"room": f"{room} {one}", "message": "hello"} for one in "abc"]
    assert [code(await ada.ask("chat message", one)) for one in said] == [
        None,
        "forbidden",
        "forbidden",
    ]
    listed = await connect(gateway.url, namespace="/room", auth=auth)
    assert await listed.ask("list") == {"count": 2}
    assert [one["name"] for one in await listed.next("item")] == [f"{room} a", f"{room} b"]
    assert code(await listed.ask("create", f"{room} mine")) == "forbidden"
    assert code(await listed.ask("create", f"{room} new one")) is None
    shown = await listed.next("item")
    assert [one["name"] for one in shown] == [f"{room} a", f"{room} b", f"{room} new one"]
    assert code(await listed.ask("remove", f"{room} a")) == "forbidden"
    assert code(await listed.ask("remove", f"{room} new one")) is None
    reader = await connect(gateway.url, namespace=f"/messages/{room} b", auth=auth)
    assert code(await reader.ask("create", {"message": "hello"})) == "forbidden"
    assert await reader.ask("list") == {"count": 0}


async def test_without_claims_about_rooms_the_settings_say_what_users_may(gateway, connect, room):
    ada = await connect(gateway.url, auth=token("ada"))
    assert "error" not in await ada.ask("join", room)
    rooms = await connect(gateway.url, namespace="/room", auth=token("ada"))
    assert (await rooms.ask("create", room))["error"]["code"] == "forbidden"


async def test_who_may_not_read_the_lobby_gets_nothing_of_it(gateway, connect, room):
    eve = await connect(gateway.url, auth=token("eve", join=[room], write=[room]))
    ada = await connect(gateway.url, auth=token("ada"))
    await eve.ask("join", room)
    await ada.ask("typing", {"typing": True})
    await ada.ask("chat message", {"message": "in the lobby"})
    await ada.next("chat message")
    await ada.ask("join", room)
    await ada.ask("chat message", {"room": room, "message": "in the room"})
    assert (await eve.next("chat message"))["message"] == "in the room"
    assert eve.rest("typing") == []
    assert (await eve.ask("join"))["error"]["code"] == "forbidden"
