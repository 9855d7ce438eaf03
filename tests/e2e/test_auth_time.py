"""What time does to tokens: they expire and are renewed, and their keys change."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from tests.e2e.clients import KINDS, NODE, params
from tests.e2e.lone_gateway import lone_gateway
from tests.e2e.mailbox import Refused
from tests.e2e.raw_clients import Chatter
from tests.issuers import Issuer, site

pytestmark = pytest.mark.asyncio(loop_scope="session")

LIFE = 1.0  # seconds of a token that is to end: it has to be read before, on a busy machine too
REMINDED = 0.5  # seconds before that


class World:
    """A gateway that reads an issuer's published keys."""

    def __init__(self, gateway, published, issuer) -> None:
        self.gateway = gateway
        self.published = published
        self.issuer = issuer


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    issuer = Issuer("EdDSA")
    with site() as published:
        published.body = issuer.keys()
        with lone_gateway(
            tmp_path_factory.mktemp("time"),
            auth="jwt",
            auth_jwks_url=published.url,
            auth_jwks_seconds=3600,
            auth_jwks_cooldown=0.5,
            auth_audience="chat",
            auth_leeway=0,
            auth_expiring_seconds=REMINDED,
        ) as gateway:
            yield World(gateway, published, issuer)


def brief(issuer: Issuer, seconds: float = LIFE) -> str:
    """A token that soon ends: times in tokens may have fractions."""
    return issuer.token(exp=time.time() + seconds)


@pytest.mark.parametrize("kind", params(KINDS))
async def test_a_connection_ends_with_its_token(world, connect, kind):
    whole = {"token": world.issuer.token()}
    client = await connect(world.gateway.url, kind=kind, reconnect=False, auth=whole)
    assert 0 < (await client.ask("auth", {"token": brief(world.issuer)}))["seconds"] <= LIFE
    assert 0 < (await client.next("expiring"))["seconds"] <= REMINDED
    refused = await client.next("refused")
    assert (refused["event"], refused["error"]["code"]) == ("auth", "token_expired")
    gone = await client.next("disconnect")
    if kind == NODE:
        assert gone == {"reason": "transport close", "code": 3005}


async def test_a_connection_ends_with_the_token_that_it_began_with(world):
    with Chatter(world.gateway.port) as client:
        client.connect("/", {"token": brief(world.issuer, 2.0)})
        assert await asyncio.to_thread(client.ending) == 3005


@pytest.mark.parametrize("kind", params(KINDS))
async def test_a_client_that_shows_a_new_token_stays(world, connect, kind, room):
    client = await connect(world.gateway.url, kind=kind, auth={"token": world.issuer.token()})
    await client.ask("join", room)
    await client.ask("auth", {"token": brief(world.issuer)})
    ends = time.monotonic() + LIFE
    await client.next("expiring")
    told = await client.ask("auth", {"token": world.issuer.token()})
    assert (told["user"], told["name"]) == ("u1", "U1")
    assert 500 < told["seconds"] <= 600
    await asyncio.sleep(ends + 0.1 - time.monotonic())
    assert (await client.ask("chat message", {"room": room, "message": "still here"}))["id"]
    assert client.rest("disconnect") == []


async def test_a_new_token_may_change_the_name_but_not_the_user(world, connect, room):
    client = await connect(world.gateway.url, auth={"token": world.issuer.token()})
    witness = await connect(world.gateway.url, auth={"token": world.issuer.token("u2")})
    await client.ask("join", room)
    await witness.ask("join", room)
    refused = await client.ask("auth", world.issuer.token("u2"))
    assert refused["error"]["code"] == "other_user"
    assert (await client.ask("auth", world.issuer.token(name="Ada")))["name"] == "Ada"
    await witness.until(
        "presence", lambda one: "Ada" in [person["nickname"] for person in one["joined"]]
    )
    await client.ask("chat message", {"room": room, "message": "hello"})
    assert (await witness.next("chat message"))["nick"] == "Ada"


@pytest.mark.parametrize(
    ("argument", "code"),
    [
        ({"token": "x"}, "token_invalid"),
        ({}, "token_missing"),
        (7, "invalid"),
        (None, "invalid"),
    ],
)
async def test_a_renewal_that_fails_leaves_all_as_it_was(world, connect, argument, code):
    client = await connect(world.gateway.url, auth={"token": world.issuer.token()})
    assert (await client.ask("auth", argument))["error"]["code"] == code
    assert (await client.ask("chat message", {"message": "hello"}))["id"]


async def test_a_token_with_fewer_rooms_puts_its_client_out_of_the_others(world, connect, room):
    everything = {"token": world.issuer.token()}
    rooms = await connect(world.gateway.url, namespace="/room", auth=everything)
    await rooms.ask("create", room)
    with Chatter(world.gateway.port) as client:
        for namespace in ("/", f"/messages/{room}", "/room"):
            client.connect(namespace, everything)
        client.ask("join", room)
        client.ask("join", f"{room} 2")
        fewer = world.issuer.token(rooms={"join": [f"{room} 2"]})
        assert client.ask("auth", {"token": fewer}, namespace="/room")["user"] == "u1"
        closed = [client.event("closed") for _ in range(2)]
        assert closed == [
            {"room": None, "code": "forbidden"},
            {"room": room, "code": "forbidden"},
        ]
        assert client.ask("presence", room)["error"]["code"] == "not_joined"
        assert client.ask("presence", f"{room} 2")["count"] == 1
        speaker = await connect(world.gateway.url, auth=everything)
        for said in ({"message": "lobby"}, {"room": room, "message": "room"}):
            await speaker.ask("chat message", said)
        await speaker.ask("join", f"{room} 2")
        await speaker.ask("chat message", {"room": f"{room} 2", "message": "last"})
        assert client.event("chat message")["message"] == "last"


async def eventually(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def test_keys_change_while_clients_come_and_go(world, connect):
    """The first token of a new key makes the gateway look; many at once make it look once."""
    old = world.issuer.token()
    stays = await connect(world.gateway.url, auth={"token": old})
    world.issuer.rotate()
    world.published.body = world.issuer.keys()
    before = len(world.published.asked)
    await asyncio.gather(
        *(connect(world.gateway.url, auth={"token": world.issuer.token()}) for _ in range(5))
    )
    assert len(world.published.asked) - before <= 2
    with pytest.raises(Refused) as refused:
        await connect(world.gateway.url, auth={"token": old})
    assert refused.value.data["code"] == "token_invalid"
    assert (await stays.ask("chat message", {"message": "hello"}))["id"]


async def test_tokens_of_unknown_keys_cannot_make_a_gateway_ask_often(world, connect):
    before, began = len(world.published.asked), time.monotonic()

    async def knock() -> None:
        with pytest.raises(Refused) as refused:
            await connect(world.gateway.url, auth={"token": Issuer().token()})
        assert refused.value.data["code"] == "token_invalid"

    await asyncio.gather(*(knock() for _ in range(12)))
    allowed = 1 + (time.monotonic() - began) / 0.5
    assert len(world.published.asked) - before <= allowed


async def test_known_keys_are_used_while_their_server_is_away(world, connect):
    world.published.status = 503
    try:
        client = await connect(world.gateway.url, auth={"token": world.issuer.token()})
        assert (await client.ask("chat message", {"message": "hello"}))["id"]
        with pytest.raises(Refused) as refused:
            await connect(world.gateway.url, auth={"token": Issuer("EdDSA").token()})
        assert refused.value.data["code"] == "unavailable"
    finally:
        world.published.status = 200
