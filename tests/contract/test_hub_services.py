"""What a hub answers other services that ask by HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest

from chat_hub import broadcaster as module
from chat_hub import services as services_module
from chat_hub.server import HubServer
from chatcluster.core.envelope import Action
from chatcluster.fanout.hub import HubFanout
from chatcluster.testing.harness import Gateway
from tests.broadcasts import broadcast, post, takes_broadcasts
from tests.contract.broadcasting_hub import LIMIT, ask, entered, serving, url
from tests.gateways import TOKEN


async def test_a_broadcast_arrives_as_what_it_is(hub: HubServer, listener: Gateway) -> None:
    answer = await broadcast(url(hub), "news", "héllo", {"n": [1, None]}, rooms=["a", "b"])
    [envelope] = await listener.got(1)
    assert (envelope.namespace, envelope.action) == ("/", Action.EMIT)
    assert (envelope.event, envelope.args) == ("news", ("héllo", {"n": [1, None]}))
    assert envelope.rooms == ("a", "b")
    assert answer["gateways"] == 1  # the hub that publishes is none


async def test_the_hub_counts_who_is_there(hub: HubServer, listener: Gateway) -> None:
    before = hub.stats()
    await broadcast(url(hub), "news", rooms=["a"])
    assert (before["gateways"], before["hubs"]) == (1, 1)
    assert hub.stats()["envelopes"] > before["envelopes"]


DENIED: list[tuple[dict[str, Any], int, str, str]] = [
    ({"json": {"event": "e"}, "token": None}, 401, "unauthorized", "token"),
    ({"json": {"event": "e"}, "token": ""}, 401, "unauthorized", "token"),
    ({"json": {"event": "e"}, "token": TOKEN + "x"}, 401, "unauthorized", "token"),
    (
        {"json": {"event": "e"}, "token": None, "headers": {"Authorization": f"Basic {TOKEN}"}},
        401,
        "unauthorized",
        "token",
    ),
    ({"data": b"x" * 100_000, "token": "wrong"}, 401, "unauthorized", "token"),
    ({"data": b""}, 400, "invalid", "not JSON"),
    ({"data": b'{"event": "e"'}, 400, "invalid", "not JSON"),
    ({"data": b'{"event": "e", "args": [NaN]}'}, 400, "invalid", "not JSON"),
    ({"data": b'{"event": "\xff"}'}, 400, "invalid", "not JSON"),
    ({"data": b"[" * 4000}, 400, "invalid", "not JSON"),
    ({"json": 7}, 400, "invalid", "an object, or a list"),
    ({"json": {"event": "connect"}}, 400, "invalid", "event: 'connect' is reserved"),
    ({"json": {"event": "e", "colour": 1}}, 400, "invalid", "colour: there is no such field"),
    ({"json": {"event": "e", "rooms": "a"}}, 400, "invalid", "rooms: "),
    ({"json": [{"event": "e", "rooms": ["a"]}, {}]}, 400, "invalid", "[1].event: "),
    ({"json": {"event": "e"}, "headers": {"Idempotency-Key": ""}}, 400, "invalid", "Idempotency"),
    ({"json": {"event": "e"}, "headers": {"Idempotency-Key": "ÿ"}}, 400, "invalid", "Idempotency"),
    ({"json": {"event": "e"}, "headers": {"Idempotency-Key": "a b"}}, 400, "invalid", "visible"),
    (
        {"json": {"event": "e", "key": "k"}, "headers": {"Idempotency-Key": "k"}},
        400,
        "invalid",
        "key: ",
    ),
    ({"json": {"event": "e", "args": ["x" * LIMIT]}}, 413, "too_large", f"{LIMIT} bytes"),
    ({"json": {"event": "e", "args": ["x" * 900_000]}}, 413, "too_large", f"{LIMIT} bytes"),
]


@pytest.mark.parametrize(("request_", "status", "code", "sentence"), DENIED)
async def test_what_is_wrong_is_answered_and_reaches_nobody(
    request_: dict[str, Any],
    status: int,
    code: str,
    sentence: str,
    hub: HubServer,
    listener: Gateway,
) -> None:
    got, answer = await post(url(hub), **request_)
    assert (got, answer["error"]["code"]) == (status, code)
    assert sentence in answer["error"]["message"]
    assert TOKEN not in answer["error"]["message"]
    await broadcast(url(hub), "last", rooms=["a"])
    assert [envelope.event for envelope in await listener.got(1)] == ["last"]


async def test_only_post_broadcasts(hub: HubServer) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{url(hub)}/broadcast") as response,
    ):
        assert response.status == 405
        assert response.headers["Allow"] == "POST"
        assert (await response.json())["error"]["code"] == "method"


async def test_a_body_that_does_not_come_is_not_waited_for(
    hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services_module, "BODY_SECONDS", 0.1)

    async def slowly() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(5)

    status, answer = await post(url(hub), data=slowly())
    assert (status, answer["error"]["code"]) == (408, "too_slow")


async def test_without_a_token_there_are_no_broadcasts(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(token="") as hub:
        status, answer = await post(url(hub), {"event": "e"}, token="")
        assert (status, answer["error"]["code"]) == (404, "off")
        assert "CHAT_BROADCAST_TOKEN" in answer["error"]["message"]
        with pytest.raises(PermissionError, match="'code': 'off'"):
            async with entered(hub, {"token": ""}):
                pass


async def test_a_defect_of_ours_is_answered_and_harms_no_other_request(
    hub: HubServer, listener: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(services_module, "read", lambda *_: 1 / 0)
        status, answer = await post(url(hub), {"event": "e"})
        assert (status, answer["error"]["code"]) == (500, "internal")
        async with entered(hub, {"token": TOKEN}) as client:
            assert (await ask(client, "broadcast", {}))["error"]["code"] == "internal"
    await broadcast(url(hub), "news", rooms=["a"])
    await listener.got(1)


async def test_a_gateway_that_knows_other_hubs_is_warned_of(
    hub: HubServer, listener: Gateway, capfd: pytest.CaptureFixture[str]
) -> None:
    """What is broadcast here might go to a hub where it does not look."""
    assert "hubs_differ" not in capfd.readouterr().out
    other = HubFanout([url(hub), "http://127.0.0.1:1"], gateway="odd")
    async with AsyncExitStack() as stack:
        await other.open(listener)
        stack.push_async_callback(other.close)
    assert "hubs_differ" in capfd.readouterr().out


async def test_a_key_is_delivered_once_also_by_another_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hubs take the same request; neither knows of the other."""
    monkeypatch.setattr(module, "GRACE", 0.02)
    async with serving() as first, serving() as second:
        both = [url(first), url(second)]
        gateway = await Gateway(HubFanout(both, gateway="one"), "one").open("a")
        try:
            for hub in both:
                await takes_broadcasts(hub)
            data = {"event": "news", "rooms": ["a"], "args": [1], "key": "k"}
            answers = [await post(hub, data) for hub in (*both, *both)]
            assert len({json.dumps(answer) for answer in answers}) == 1
            await gateway.say("last")
            await gateway.until(lambda: "last" in gateway.args)
            assert gateway.args.count(1) == 1
        finally:
            await gateway.fanout.close()
