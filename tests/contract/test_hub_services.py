"""What a hub answers other services, by HTTP and by Socket.IO, on what they should not ask."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest
import socketio

from chat_hub import broadcaster as module
from chat_hub import services as services_module
from chat_hub.broadcaster import Broadcaster
from chat_hub.door import Door
from chat_hub.server import HubServer
from chat_hub.services import Services
from chatcluster.core.envelope import Action
from chatcluster.fanout.hub import HubFanout
from tests.broadcasts import broadcast, post, takes_broadcasts
from tests.contract.harness import Gateway
from tests.gateways import TOKEN

LIMIT = 4096


def url(hub: HubServer) -> str:
    return f"http://127.0.0.1:{hub.port}"


@asynccontextmanager
async def serving(*, token: str = TOKEN) -> AsyncIterator[HubServer]:
    """A hub that takes broadcasts, as the program makes it."""
    hub = HubServer("127.0.0.1", 0, hubs="one")
    broadcaster = Broadcaster("hub", gateways=lambda: hub.gateways, limit=LIMIT)
    Services(Door(token), broadcaster, limit=LIMIT).attach(hub.app, hub.sockets)
    async with hub.serving():
        fanout = HubFanout([url(hub)], gateway="hub", hub=True)
        async with broadcaster.publishing(fanout):
            yield hub


@pytest.fixture
async def hub(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[HubServer]:
    monkeypatch.setattr(module, "GRACE", 0.02)
    async with serving() as server:
        await takes_broadcasts(url(server))
        yield server


@pytest.fixture
async def gateway(hub: HubServer) -> AsyncIterator[Gateway]:
    """One that wants the room `a`."""
    gateway = await Gateway(HubFanout([url(hub)], gateway="one"), "one").open("a")
    yield gateway
    await gateway.fanout.close()


@asynccontextmanager
async def entered(
    hub: HubServer, auth: Any, *, transport: str = "websocket"
) -> AsyncIterator[socketio.AsyncClient]:
    """A client in `/services`. Raises ConnectionError when it is not let in."""
    client = socketio.AsyncClient(reconnection=False)
    client.refusals = []
    client.on("connect_error", client.refusals.append, namespace="/services")
    try:
        await client.connect(
            url(hub), auth=auth, namespaces=["/services"], transports=[transport], wait_timeout=5
        )
        yield client
    except socketio.exceptions.ConnectionError as error:
        raise PermissionError(client.refusals) from error
    finally:
        await client.disconnect()


async def ask(client: socketio.AsyncClient, event: str, *args: Any) -> Any:
    return await client.call(event, args, namespace="/services", timeout=5)


async def test_a_broadcast_arrives_as_what_it_is(hub: HubServer, gateway: Gateway) -> None:
    answer = await broadcast(url(hub), "news", "héllo", {"n": [1, None]}, rooms=["a", "b"])
    [envelope] = await gateway.got(1)
    assert (envelope.namespace, envelope.action) == ("/", Action.EMIT)
    assert (envelope.event, envelope.args) == ("news", ("héllo", {"n": [1, None]}))
    assert envelope.rooms == ("a", "b")
    assert answer["gateways"] == 1  # the hub that publishes is none


async def test_the_hub_counts_who_is_there(hub: HubServer, gateway: Gateway) -> None:
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
    gateway: Gateway,
) -> None:
    got, answer = await post(url(hub), **request_)
    assert (got, answer["error"]["code"]) == (status, code)
    assert sentence in answer["error"]["message"]
    assert TOKEN not in answer["error"]["message"]
    await broadcast(url(hub), "last", rooms=["a"])
    assert [envelope.event for envelope in await gateway.got(1)] == ["last"]


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


@pytest.mark.parametrize("auth", [None, {}, {"token": "wrong"}, {"token": 7}, ["x"]], ids=str)
async def test_who_does_not_show_the_token_does_not_enter(auth: Any, hub: HubServer) -> None:
    with pytest.raises(PermissionError, match="'code': 'unauthorized'"):
        async with entered(hub, auth):
            pass


async def test_a_service_cannot_pass_for_a_gateway(hub: HubServer, gateway: Gateway) -> None:
    """The relay's events mean nothing in its namespace."""
    async with entered(hub, {"token": TOKEN}) as client:
        for event in ("want", "publish", "sing"):
            answer = await ask(client, event, b"\x90")
            assert answer["error"] == {
                "code": "invalid",
                "message": f"{event}: there is no such event",
            }
    assert hub.stats()["gateways"] == 1


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_what_a_client_asks_wrongly_is_its_acknowledgement(
    transport: str, hub: HubServer, gateway: Gateway
) -> None:
    async with entered(hub, {"token": TOKEN}, transport=transport) as client:
        for event, args, sentence in (
            ("broadcast", [], "one argument"),
            ("broadcast", [{"event": "e"}, 2], "one argument"),
            ("broadcast", ["e"], "an object"),
            ("broadcast", [{"event": "e", "args": [2**80]}], "args: "),
            ("broadcast", [{"event": "e", "args": ["x" * LIMIT]}], f"{LIMIT} bytes"),
            ("sockets_join", [{"rooms": ["a"]}], "into: "),
            ("sockets_leave", [{"into": "a"}], "into: "),
            ("disconnect_sockets", [{"close": "yes"}], "close: "),
        ):
            answer = await ask(client, event, *args)
            assert sentence in answer["error"]["message"]
        answer = await ask(client, "broadcast", {"event": "last", "rooms": ["a"], "args": [b"\0"]})
    [envelope] = await gateway.got(1)
    assert (envelope.event, envelope.args) == ("last", (b"\0",))
    assert answer["gateways"] == 1


async def test_what_a_client_emits_in_a_row_arrives_in_a_row(
    hub: HubServer, gateway: Gateway
) -> None:
    async with entered(hub, {"token": TOKEN}) as client:
        for number in range(300):
            order = {"event": "e", "rooms": ["a"], "args": [number]}
            await client.emit("broadcast", order, namespace="/services")
        await gateway.got(300)
    assert gateway.args == list(range(300))


async def test_a_defect_of_ours_is_answered_and_harms_no_other_request(
    hub: HubServer, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(services_module, "read", lambda *_: 1 / 0)
        status, answer = await post(url(hub), {"event": "e"})
        assert (status, answer["error"]["code"]) == (500, "internal")
        async with entered(hub, {"token": TOKEN}) as client:
            assert (await ask(client, "broadcast", {}))["error"]["code"] == "internal"
    await broadcast(url(hub), "news", rooms=["a"])
    await gateway.got(1)


async def test_a_gateway_that_knows_other_hubs_is_warned_of(
    hub: HubServer, gateway: Gateway, capfd: pytest.CaptureFixture[str]
) -> None:
    """What is broadcast here might go to a hub where it does not look."""
    assert "hubs_differ" not in capfd.readouterr().out
    other = HubFanout([url(hub), "http://127.0.0.1:1"], gateway="odd")
    async with AsyncExitStack() as stack:
        await other.open(gateway)
        stack.push_async_callback(other.close)
    assert "hubs_differ" in capfd.readouterr().out


async def test_a_key_is_delivered_once_also_by_another_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hubs that know each other; each takes the request, neither knows of the other's."""
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
