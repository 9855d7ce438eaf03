"""Mode `hub` on a single hub, beyond the port; rude gateways speak the wire format themselves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from chat_hub.relay import Limits
from chat_hub.server import HubServer
from chatcluster.core.envelope import RoomKey
from chatcluster.core.errors import FanoutError
from chatcluster.fanout.hub import HubFanout
from chatcluster.fanout.hub.protocol import Delta, encode_delta
from chatcluster.fanout.port import State
from chatcluster.runtime.lifecycle import StartError
from chatcluster.testing.harness import Gateway

LIMITS = Limits(under_way=4, queue_bytes=512 * 1024)


@pytest.fixture
async def hub() -> AsyncIterator[HubServer]:
    server = HubServer("127.0.0.1", 0, limits=LIMITS)
    async with server.serving():
        yield server


def fanout(hub: HubServer, gateway: str, *, token: str = "") -> HubFanout:
    return HubFanout([f"http://127.0.0.1:{hub.port}/"], gateway=gateway, token=token)


@pytest.fixture
async def gateways(hub: HubServer) -> AsyncIterator[list[Gateway]]:
    """Two that behave."""
    pair = [await Gateway(fanout(hub, name), name).open("a") for name in ("one", "two")]
    yield pair
    for gateway in pair:
        await gateway.fanout.close()


@asynccontextmanager
async def raw(hub: HubServer, auth: object) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A WebSocket on which the namespace has been entered, or refused."""
    url = f"ws://127.0.0.1:{hub.port}/socket.io/?EIO=4&transport=websocket"
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        await socket.receive_str()
        await socket.send_str("40/relay," + json.dumps(auth))
        yield socket


async def ask(socket: aiohttp.ClientWebSocketResponse, event: str, data: bytes) -> None:
    placeholder = {"_placeholder": True, "num": 0}
    await socket.send_str("451-/relay,1" + json.dumps([event, placeholder]))
    await socket.send_bytes(data)


async def present(hub: HubServer, count: int) -> None:
    async with asyncio.timeout(5):
        while hub.stats()["gateways"] != count:  # noqa: ASYNC110 - the hub has no event for it
            await asyncio.sleep(0.01)


async def test_a_gateway_that_stops_reading_is_dropped_and_harms_nobody(
    hub: HubServer, gateways: list[Gateway]
) -> None:
    async with raw(hub, {"gateway": "mute", "token": ""}) as socket:
        await socket.receive_str()
        wanted = Delta(frozenset({RoomKey("/", "a")}), frozenset())
        await ask(socket, "want", encode_delta(wanted))
        await present(hub, 3)
        text = "x" * 64 * 1024
        for number in range(100):
            await gateways[0].say(number, text)
        await present(hub, 2)
    for gateway in gateways:
        await gateway.got(100)
        assert gateway.args == list(range(100))
        assert gateway.interruptions == 0


@pytest.mark.parametrize("event", ["want", "publish"])
async def test_a_gateway_that_talks_nonsense_is_dropped(
    event: str, hub: HubServer, gateways: list[Gateway]
) -> None:
    async with raw(hub, {"gateway": "mad", "token": ""}) as socket:
        await socket.receive_str()
        await present(hub, 3)
        await ask(socket, event, b"\xc1")
        await present(hub, 2)
    await gateways[0].say("hello")
    await gateways[1].got(1)


@pytest.mark.parametrize("auth", [{}, {"gateway": "one"}, {"gateway": 1, "token": ""}, [1], "x"])
async def test_who_does_not_say_who_it_is_stays_outside(auth: object, hub: HubServer) -> None:
    async with raw(hub, auth) as socket:
        assert (await socket.receive_str()).startswith("44/relay,")
    assert hub.stats()["gateways"] == 0


@pytest.mark.parametrize("token", ["", "wrong", "sécret"])
async def test_a_gateway_with_a_wrong_token_is_not_let_in(token: str) -> None:
    hub = HubServer("127.0.0.1", 0, token="secret")
    async with hub.serving():
        gateway = Gateway(fanout(hub, "one", token=token), "one")
        with pytest.raises(FanoutError) as caught:
            await gateway.open()
        assert "wrong token" in str(caught.value.__cause__)
        assert gateway.fanout.state is State.CLOSED
        welcome = await Gateway(fanout(hub, "one", token="secret"), "one").open("a")
        await welcome.fanout.close()


async def test_an_envelope_that_is_published_again_is_delivered_once(
    gateways: list[Gateway],
) -> None:
    """A caller whose call failed cannot know whether the hub had taken it."""
    one, two = gateways
    sent = await one.say("hello")
    await one.fanout.publish([sent])
    last = await one.say("last")
    await two.until(lambda: last in two.received)
    await two.fanout.check()
    assert two.received == [sent, last]


async def test_gateways_of_the_same_name_do_not_take_each_others_echoes(hub: HubServer) -> None:
    same = [await Gateway(fanout(hub, "same"), "x").open() for _ in range(2)]
    await asyncio.gather(*(gateway.fanout.check() for gateway in same for _ in range(20)))
    for gateway in same:
        await gateway.fanout.close()


def test_an_address_that_is_none_is_refused() -> None:
    for urls in ([], ["hub:8100"], ["redis://hub"]):
        with pytest.raises(ValueError, match="hub"):
            HubFanout(urls, gateway="one")


async def test_it_says_what_it_has_done(hub: HubServer, gateways: list[Gateway]) -> None:
    before = hub.stats()
    await gateways[0].say("hello")
    after = hub.stats()
    assert after["gateways"] == 2
    assert after["rooms"] == 4  # "a", the one for marks, and one of each gateway for its echoes
    assert after["envelopes"] > before["envelopes"]
    assert after["bytes"] > before["bytes"]


async def test_a_port_that_is_taken_is_named(hub: HubServer) -> None:
    with pytest.raises(StartError, match=f"127.0.0.1:{hub.port}.*CHAT_PORT"):
        async with HubServer("127.0.0.1", hub.port).serving():
            pass
