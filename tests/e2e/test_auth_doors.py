"""Who is let in by each door, and how the others are told that they are not."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import ANY

import pytest
import pytest_asyncio
from joserfc import jws
from joserfc.jwk import ECKey, OctKey

from tests.e2e.clients import KINDS, NODE, params
from tests.e2e.lone_gateway import lone_gateway
from tests.e2e.mailbox import Refused
from tests.issuers import AUDIENCE, NAME, Issuer, signed, site

pytestmark = pytest.mark.asyncio(loop_scope="session")

DOORS = ["/", "/room", "/messages/tea"]
ISSUER = Issuer()
# Another issuer, who calls its key by the same name.
STRANGER = Issuer()
STRANGER.kid = ISSUER.kid


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with (
        site() as published,
        lone_gateway(
            tmp_path_factory.mktemp("doors"),
            auth="jwt",
            auth_jwks_url=published.url,
            auth_jwks_cooldown=0.05,
            auth_issuer=NAME,
            auth_audience=f"other,{AUDIENCE}",
            auth_leeway=0,
        ) as gateway,
    ):
        published.body = ISSUER.keys()
        yield gateway


@pytest_asyncio.fixture(loop_scope="session")
async def tea(gateway, connect):
    """The room is in the list."""
    rooms = await connect(gateway.url, namespace="/room", auth={"token": ISSUER.token()})
    await rooms.ask("create", "tea")


BAD: dict[str, tuple[Any, str]] = {
    "none": (lambda: None, "token_missing"),
    "an empty one": (lambda: "", "token_missing"),
    "no token": (lambda: 7, "token_invalid"),
    "half a surrogate pair": (lambda: "\ud800", "token_invalid"),
    "three dots": (lambda: "...", "token_invalid"),
    "a long one": (lambda: f"{ISSUER.token()}{'A' * 16384}", "token_invalid"),
    "of another issuer": (lambda: STRANGER.token(), "token_invalid"),
    "with an unknown key": (lambda: Issuer().token(), "token_invalid"),
    "with another's name in it": (lambda: changed(ISSUER.token()), "token_invalid"),
    "not signed": (lambda: unsigned(ISSUER.token()), "token_invalid"),
    "that says another issuer": (lambda: ISSUER.token(iss="https://elsewhere"), "token_invalid"),
    "for somebody else": (lambda: ISSUER.token(aud=["shop"]), "token_invalid"),
    "for nobody": (lambda: ISSUER.token(aud=None), "token_invalid"),
    "not valid yet": (lambda: ISSUER.token(nbf=4_000_000_000), "token_invalid"),
    "without an end": (lambda: ISSUER.token(exp=None), "token_invalid"),
    "without a user": (lambda: ISSUER.token(sub=None), "token_invalid"),
    "with a name that may not be": (lambda: ISSUER.token(name="Ada\x07"), "token_invalid"),
    "with rooms that are none": (lambda: ISSUER.token(rooms={"join": 7}), "token_invalid"),
    "expired": (lambda: ISSUER.token(seconds=-1), "token_expired"),
}


def changed(token: str) -> str:
    head, body, signature = token.split(".")
    middle = len(body) // 2
    return f"{head}.{body[:middle]}{'A' if body[middle] != 'A' else 'B'}{body[middle + 1 :]}." + (
        signature
    )


def unsigned(token: str) -> str:
    return f"eyJhbGciOiJub25lIn0.{token.split('.')[1]}."


@pytest.mark.parametrize("door", DOORS)
async def test_a_client_with_a_good_token_comes_in(gateway, connect, tea, door):
    client = await connect(gateway.url, namespace=door, auth={"token": ISSUER.token()})
    if door == "/":
        told = await client.next("identity")
        assert told == {"user": "u1", "name": "U1", "seconds": ANY}
        assert 0 < told["seconds"] <= 600


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("bad", BAD)
async def test_a_client_without_a_good_token_is_told_why_it_stays_outside(
    gateway, connect, tea, door, bad
):
    make, code = BAD[bad]
    token = make()
    auth = {} if token is None else {"token": token}
    with pytest.raises(Refused) as refused:
        await connect(gateway.url, namespace=door, auth=auth)
    assert refused.value.data == {"code": code, "message": ANY}
    assert str(token or "nothing of it") not in str(refused.value.data)


@pytest.mark.parametrize("kind", params(KINDS))
async def test_every_stock_client_sees_the_code_of_a_refusal(gateway, connect, kind):
    with pytest.raises(Refused) as refused:
        await connect(gateway.url, kind=kind, auth={"token": ISSUER.token(seconds=-1)})
    message = "the token has expired"
    assert refused.value.data == {"code": "token_expired", "message": message}
    client = await connect(gateway.url, kind=kind, auth={"token": ISSUER.token()})
    assert (await client.ask("join", "tea"))["count"] >= 1


@pytest.mark.node
async def test_other_namespaces_of_a_connection_need_no_token_of_their_own(gateway, connect, tea):
    client = await connect(gateway.url, kind=NODE, auth={"token": ISSUER.token()})
    beside = await connect(client, kind=NODE, namespace="/messages/tea")
    await beside.ask("create", {"from": "somebody else", "message": "hello"})
    assert (await beside.next("item"))["from"] == "U1"


@pytest.mark.node
async def test_a_connection_is_one_users(gateway, connect):
    client = await connect(gateway.url, kind=NODE, auth={"token": ISSUER.token()})
    with pytest.raises(Refused) as refused:
        await connect(client, kind=NODE, namespace="/room", auth={"token": ISSUER.token("u2")})
    assert refused.value.data["code"] == "other_user"


async def test_a_door_of_another_room_stays_closed(gateway, connect, tea):
    """Whether or not there is such a room."""
    auth = {"token": ISSUER.token(rooms={"join": ["coffee"], "write": ["coffee"]})}
    for door in ("/messages/tea", "/messages/never-created"):
        with pytest.raises(Refused) as refused:
            await connect(gateway.url, namespace=door, auth=auth)
        assert refused.value.data["code"] == "forbidden"
    client = await connect(gateway.url, auth=auth)
    for event, argument in (
        ("join", "tea"),
        ("join", None),
        ("chat message", {"room": "tea", "message": "hello"}),
        ("chat message", {"message": "hello"}),
        ("history", "tea"),
    ):
        assert (await client.ask(event, argument))["error"]["code"] == "forbidden", event
    rooms = await connect(gateway.url, namespace="/room", auth=auth)
    assert (await rooms.ask("create", "coffee"))["error"]["code"] == "forbidden"
    assert (await rooms.ask("remove", "tea"))["error"]["code"] == "forbidden"
    assert await rooms.ask("list") == {"count": 0}
    assert await rooms.next("item") == []


@pytest.mark.parametrize("door", DOORS)
async def test_the_public_key_is_no_secret_to_sign_with(gateway, connect, door):
    """RFC 8725 section 2.1: "algorithm confusion"."""
    public = ECKey.import_key(ISSUER.jwk()).as_pem(private=False)
    for secret in (public, public.strip()):
        key = OctKey(secret, secret)
        token = signed({"alg": "HS256", "kid": ISSUER.kid}, claims_of(ISSUER.token()), key)
        with pytest.raises(Refused) as refused:
            await connect(gateway.url, namespace=door, auth={"token": token})
        assert refused.value.data["code"] == "token_invalid"


def claims_of(token: str) -> dict[str, Any]:

    claims: dict[str, Any] = json.loads(jws.extract_compact(token.encode()).payload)
    return claims


async def test_nothing_of_a_token_is_written_anywhere(gateway, connect):
    token = ISSUER.token()
    client = await connect(gateway.url, auth={"token": token, "nickname": "ada"})
    assert "error" in await client.ask("auth", {"token": ISSUER.token("u2")})
    await client.ask("auth", {"token": token})
    for part in token.split("."):
        assert part not in gateway.output()
        assert part not in str(gateway.stats())
