"""A gateway that is asked to stop sends its clients elsewhere, a few at a time."""

from __future__ import annotations

import asyncio
import itertools
import signal
import time

import aiohttp
import pytest
import pytest_asyncio

from tests.e2e.clients import Kind, params
from tests.e2e.conftest import SHARING

pytestmark = pytest.mark.asyncio(loop_scope="session")

SETTLE = DRAIN = 1.0
LEEWAY = 4.0  # for closing what was opened, on a busy machine
CLIENTS = 40
SOCKETIO = "/socket.io/?EIO=4&transport="


@pytest_asyncio.fixture(loop_scope="session")
async def http():
    async with aiohttp.ClientSession() as session:
        yield session


class Raw:
    """A client that keeps what it was sent, and when and how its connection was closed."""

    def __init__(self, socket):
        self.socket = socket
        self.frames = []
        self.closed_at = 0.0

    @classmethod
    async def connect(cls, http, url):
        socket = await http.ws_connect(url + SOCKETIO + "websocket")
        await socket.receive()
        await socket.send_str("40")
        client = cls(socket)
        client.frames.append((await socket.receive()).data)
        return client

    async def read(self):
        """Until the connection is closed."""
        async for message in self.socket:
            self.frames.append(message.data)
        self.closed_at = time.monotonic()


def terminate(gateway):
    assert gateway.process is not None
    gateway.process.send_signal(signal.SIGTERM)


async def ended(gateway):
    """The exit code."""
    return await asyncio.to_thread(gateway.process.wait, 10)


async def test_connections_are_closed_in_batches_with_a_code(make_cluster, http):
    """WebSockets with 3001, and none with a Socket.IO DISCONNECT packet, after which JavaScript's
    client would not come back.
    """
    [gateway] = make_cluster("isolated", 1, settle_seconds=SETTLE, drain_seconds=DRAIN).gateways
    clients = [await Raw.connect(http, gateway.url) for _ in range(CLIENTS)]
    asked_at = time.monotonic()
    terminate(gateway)

    await asyncio.gather(*(client.read() for client in clients))

    assert {client.socket.close_code for client in clients} == {3001}
    assert not any(frame.startswith("41") for client in clients for frame in client.frames)
    times = sorted(client.closed_at - asked_at for client in clients)
    assert times[0] >= SETTLE
    assert times[-1] - times[0] >= DRAIN / 2
    early = [at for at in times if at < (times[0] + times[-1]) / 2]
    assert CLIENTS / 4 <= len(early) <= CLIENTS * 3 / 4
    assert await ended(gateway) == 0
    assert time.monotonic() - asked_at <= SETTLE + DRAIN + LEEWAY


async def test_a_gateway_that_settles_is_not_ready_and_serves_on(make_cluster, http, connect):
    """Load balancers hear of it later than it does. In the drain, newcomers are sent away."""
    settle = 2 * SETTLE
    [gateway] = make_cluster("isolated", 1, settle_seconds=settle, drain_seconds=DRAIN).gateways
    ada = await connect(gateway.url)
    reader = asyncio.gather(*[(await Raw.connect(http, gateway.url)).read() for _ in range(5)])
    asked_at = time.monotonic()
    terminate(gateway)

    await asyncio.sleep(0.2)
    async with http.get(gateway.admin + "/readyz") as response:
        assert response.status == 503
        assert await response.json() == {
            "ready": False,
            "reasons": ["this gateway is settling"],
        }
    bob = await connect(gateway.url)
    await ada.ask("chat message", {"message": "still here"})
    assert (await bob.next("chat message"))["message"] == "still here"
    assert time.monotonic() - asked_at < settle, "too slow to have seen the settling"

    await asyncio.sleep(asked_at + settle + 0.2 - time.monotonic())
    for transport in ("polling", "websocket"):
        upgrade = {"Upgrade": "websocket"} if transport == "websocket" else {}
        async with http.get(gateway.url + SOCKETIO + transport, headers=upgrade) as response:
            assert (response.status, (await response.json())["name"]) == (503, "draining")
    await reader
    assert await ended(gateway) == 0


async def test_a_gateway_without_clients_need_not_wait(make_cluster):
    [gateway] = make_cluster("isolated", 1, settle_seconds=0, drain_seconds=60).gateways
    asked_at = time.monotonic()
    assert await asyncio.to_thread(gateway.stop) == 0
    assert time.monotonic() - asked_at < LEEWAY


@pytest.mark.parametrize("mode", SHARING)
async def test_the_other_gateway_learns_at_once_who_is_gone(make_cluster, mode, connect, room):
    """Long before signs of life would be missed."""
    cluster = make_cluster(mode, presence_seconds=60)
    first, second = cluster.gateways
    ada = await connect(first.url)
    await ada.ask("join", {"room": room, "nickname": "ada"})
    leaving = [await connect(second.url) for _ in range(3)]
    for client in leaving:
        await client.ask("join", room)
    await ada.until("presence", lambda event: event["count"] == 4)
    assert await asyncio.to_thread(second.stop) == 0
    await ada.until("presence", lambda event: event["count"] == 1)


async def talk_until(client, room, over):
    """Say 1, 2, 3 … until *over*; how many."""
    for sent in itertools.count(1):
        await client.ask("chat message", {"room": room, "message": str(sent)})
        if over():
            return sent
        await asyncio.sleep(0.01)


async def go_on(client, room, seen, last):
    """Come back after having *seen* messages, and read on until *last*; the texts of all."""
    await client.next("connect")
    seen = seen + client.rest("chat message")
    reply = await client.ask("join", {"room": room, "after": seen[-1]["id"]})
    assert reply["complete"] is True
    seen += reply["messages"]
    while seen[-1]["id"] != last["id"]:
        seen.append(await client.next("chat message"))
    return [one["message"] for one in seen]


@pytest.mark.node
@pytest.mark.parametrize("mode", SHARING)
async def test_drained_clients_go_on_at_another_gateway(make_cluster, mode, connect, room):
    """By themselves, and they miss nothing: they join again after the last message they saw."""
    first, second = make_cluster(mode).gateways
    ada = await connect(second.url)
    await ada.ask("join", room)
    ways = ["websocket", "polling", "upgrade"]
    clients = [await connect(first.url, second.url, kind=Kind("node", way)) for way in ways]
    for client in clients:
        await client.ask("join", room)
        await client.next("connect")
    await ada.ask("chat message", {"room": room, "message": "0"})
    seen = [[await client.next("chat message")] for client in clients]

    stopping = asyncio.create_task(asyncio.to_thread(first.stop))
    sent = await talk_until(ada, room, stopping.done)

    assert await stopping == 0
    lost = [await client.next("disconnect") for client in clients]
    assert lost[0] == {"reason": "transport close", "code": 3001}
    # A client that was between two polls finds its session gone; it comes back all the same.
    assert {one["reason"] for one in lost} <= {"transport close", "transport error"}
    last = await ada.ask("chat message", {"room": room, "message": str(sent + 1)})
    for client, start in zip(clients, seen, strict=True):
        got = await go_on(client, room, start, last)
        assert got == [str(number) for number in range(sent + 2)]


@pytest.mark.parametrize("kind", params([Kind("node", "websocket"), Kind("python", "websocket")]))
async def test_a_client_comes_back_to_a_restarted_gateway(make_cluster, kind, connect, room):
    [gateway] = make_cluster("isolated", 1).gateways
    client = await connect(gateway.url, kind=kind, reconnect=True)
    await client.ask("join", room)
    await client.next("connect")
    ack = await client.ask("chat message", {"room": room, "message": "before"})
    await asyncio.to_thread(gateway.stop)
    await asyncio.to_thread(gateway.start)
    await client.next("connect")
    reply = await client.ask("join", room)
    assert [one["id"] for one in reply["messages"]] == [ack["id"]]
