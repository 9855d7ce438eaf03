"""A web service decides who is let in."""

from __future__ import annotations

import json

import pytest

from tests.e2e.clients import NODE, PLAIN, params
from tests.e2e.lone_gateway import lone_gateway
from tests.e2e.mailbox import Refused
from tests.issuers import site

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture(scope="module")
def service():
    with site() as service:
        yield service


@pytest.fixture(scope="module")
def gateway(service, tmp_path_factory):
    with lone_gateway(
        tmp_path_factory.mktemp("hook"),
        auth="hook",
        auth_hook_url=service.url,
        auth_hook_secret=SECRET,
        auth_hook_timeout=1,
    ) as gateway:
        yield gateway


def says(service, status: int, **answer: object) -> None:
    service.status, service.body, service.seconds = status, json.dumps(answer), 0.0


@pytest.mark.parametrize("kind", params([NODE, PLAIN]))
async def test_it_says_who_a_client_is_and_is_asked_again_to_renew(
    gateway, service, connect, kind, room
):
    says(service, 200, user="u1", name="Ada", rooms={"join": [room]}, seconds=60)
    client = await connect(gateway.url, kind=kind, auth={"session": "s3cret", "nickname": "eve"})
    told = await client.next("identity")
    assert (told["user"], told["name"]) == ("u1", "Ada")
    assert [one["nickname"] for one in (await client.ask("join", room))["members"]] == ["Ada"]
    assert (await client.ask("join", "another"))["error"]["code"] == "forbidden"
    says(service, 200, user="u1", name="Ada", seconds=600)
    assert 500 < (await client.ask("auth", {"session": "other"}))["seconds"] <= 600
    assert "error" not in await client.ask("join", "another")
    asked = [json.loads(body) for _, body in service.asked[-2:]]
    assert [(one["type"], one["auth"]) for one in asked] == [
        ("connect", {"session": "s3cret", "nickname": "eve"}),
        ("renew", {"session": "other"}),
    ]
    for secret in ("s3cret", SECRET, SECRET.removeprefix("whsec_")):
        assert secret not in gateway.output() + str(gateway.stats())


@pytest.mark.parametrize("kind", params([NODE, PLAIN]))
@pytest.mark.parametrize("door", ["/", "/room", "/messages/tea"])
async def test_it_turns_clients_away_in_its_own_words(gateway, service, connect, kind, door):
    says(service, 403, code="token_expired", message="Log in again.")
    with pytest.raises(Refused) as refused:
        await connect(gateway.url, kind=kind, namespace=door)
    assert refused.value.data == {"code": "token_expired", "message": "Log in again."}


async def test_nobody_comes_in_while_it_does_not_answer(gateway, service, connect):
    says(service, 200, user="u1")
    client = await connect(gateway.url)
    service.seconds = 2.0
    with pytest.raises(Refused) as refused:
        await connect(gateway.url)
    assert refused.value.data["code"] == "unavailable"
    assert (await client.ask("chat message", {"message": "still here"}))["id"]
    service.seconds = 0.0
    await connect(gateway.url)
