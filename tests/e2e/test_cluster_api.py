"""One application's view of the clients and programs of all gateways."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import socketio

from chatcluster.testing.harness import Harness
from tests.contract.fanouts import HARNESSES
from tests.e2e.sites import Client, Site, eventually, serving

MODES = [name for name, kind in HARNESSES.items() if kind.shared]
Open = Callable[..., Awaitable[Client]]


@pytest.fixture(params=MODES)
async def harness(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Harness]:
    harness = HARNESSES[request.param](tmp_path)
    try:
        await harness.start()
        yield harness
    finally:
        await harness.stop()


@pytest.fixture
async def sites(harness: Harness) -> AsyncIterator[list[Site]]:
    """Two gateways."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(serving(harness.fanout(), name))
            for name in ("one", "two")
        ]


@pytest.fixture
async def open_client() -> AsyncIterator[Open]:
    clients: list[Client] = []

    async def open_client(site: Site, *rooms: str, answer: Any = "ok", auth: Any = None) -> Client:
        clients.append(Client(answer))
        await clients[-1].open(site, auth)
        await site.enter(clients[-1], *rooms)
        return clients[-1]

    yield open_client
    for client in clients:
        await client.close()


async def test_the_clients_of_all_gateways_are_described(
    sites: list[Site], open_client: Open
) -> None:
    one, two = sites
    here, there = (
        await open_client(one, "a"),
        await open_client(two, "a", "b", auth={"token": "é"}),
    )
    async with two.gateway.server.session(there.sid) as session:
        session["name"] = "Ada"
    found = {socket.id: socket for socket in await one.cluster.of("/").fetch_sockets()}
    assert found.keys() == {here.sid, there.sid}
    socket = found[there.sid]
    assert socket.rooms == {"a", "b", there.sid}
    assert socket.data == {"name": "Ada"}
    assert socket.handshake["auth"] == {"token": "é"}
    assert socket.handshake["query"]["transport"] == "websocket"
    assert socket.handshake["headers"]["upgrade"] == "websocket"
    assert abs(socket.handshake["issued"] / 1000 - time.time()) < 60
    assert socket.handshake["address"] == "127.0.0.1"
    assert socket.handshake["url"].startswith("/socket.io/?")
    assert (socket.handshake["xdomain"], socket.handshake["secure"]) == (False, False)


async def test_clients_are_chosen_by_rooms(sites: list[Site], open_client: Open) -> None:
    one, two = sites
    a, b, ab = (
        await open_client(two, "a"),
        await open_client(two, "b"),
        await open_client(one, "a", "b"),
    )
    everybody = one.cluster.of("/")

    async def ids(chosen: Any) -> set[str]:
        return {socket.id for socket in await chosen.fetch_sockets()}

    assert await ids(everybody.to("a")) == {a.sid, ab.sid}
    assert await ids(everybody.to("a").to("b")) == {a.sid, b.sid, ab.sid}
    assert await ids(everybody.except_("a")) == {b.sid}
    assert await ids(everybody.to("b").except_("a", b.sid)) == set()
    assert await ids(everybody.to(a.sid)) == {a.sid}
    assert (await everybody.fetch_sockets()).missing == 0


async def test_all_rooms_are_named(sites: list[Site], open_client: Open) -> None:
    one, two = sites
    here, there = await open_client(one, "a"), await open_client(two, "a", "b")
    rooms = await one.cluster.of("/").all_rooms()
    assert rooms == {"a", "b", here.sid, there.sid}
    assert rooms.missing == 0


async def test_clients_join_and_leave_rooms_from_afar(sites: list[Site], open_client: Open) -> None:
    one, two = sites
    here, there = await open_client(one, "a"), await open_client(two, "a")
    everybody = one.cluster.of("/")
    await everybody.to("a").sockets_join("x", "y")
    members = two.gateway.manager.members
    await eventually(lambda: {"x", "y"} <= members.sockets[there.sid].rooms)
    await two.listening()
    await everybody.to("x").except_(here.sid).sockets_leave("y")
    await eventually(lambda: "y" not in members.sockets[there.sid].rooms)
    assert "y" in one.gateway.manager.members.sockets[here.sid].rooms


async def test_an_event_reaches_the_chosen_clients(sites: list[Site], open_client: Open) -> None:
    one, two = sites
    here, there, other = (
        await open_client(one, "a"),
        await open_client(two, "a"),
        await open_client(two, "b"),
    )
    await two.cluster.of("/").to("a").to("b").except_("b").emit("e", 1, {"b": b"\x00"})
    await eventually(lambda: here.got and there.got)
    assert here.got == there.got == [("e", 1, {"b": b"\x00"})]
    assert other.got == []


async def test_clients_are_disconnected_from_afar(sites: list[Site], open_client: Open) -> None:
    one, two = sites
    here, there = await open_client(one, "a"), await open_client(two, "a")
    await one.cluster.of("/").to(there.sid).disconnect_sockets()
    await eventually(lambda: not there.connected)
    assert here.connected
    await two.cluster.of("/").disconnect_sockets(close=True)
    await eventually(lambda: not here.connected)


async def test_all_acknowledge(sites: list[Site], open_client: Open) -> None:
    one, two = sites
    await open_client(one, "a", answer={"from": "one"})
    await open_client(two, "a", answer=b"\x01")
    await open_client(two, "a", answer=["list"])
    await open_client(two, "b")
    answered = await one.cluster.of("/").to("a").emit_with_ack("q", 1, timeout=5.0)
    assert sorted(map(repr, answered.answers)) == sorted(
        map(repr, [{"from": "one"}, b"\x01", ["list"]])
    )
    assert answered.missing == 0


async def test_who_does_not_acknowledge_is_missing(sites: list[Site], open_client: Open) -> None:
    one, two = sites
    await open_client(one, answer="one")
    silent = [await open_client(site, answer=None) for site in sites]
    await open_client(two, answer="two")
    answered = await one.cluster.of("/").emit_with_ack("q", timeout=1.0)
    assert sorted(answered.answers) == ["one", "two"]
    assert answered.missing_clients == len(silent)
    sockets = [one for site in sites for one in site.gateway.manager.members.sockets.values()]
    await eventually(lambda: not any(socket.acks for socket in sockets))


async def test_who_leaves_is_not_waited_for(sites: list[Site], open_client: Open) -> None:
    one, two = sites
    await open_client(one, answer="one")
    leaving = await open_client(two, answer=None)
    asking = asyncio.create_task(one.cluster.of("/").emit_with_ack("q", timeout=15.0))
    await eventually(lambda: leaving.got)
    await leaving.close()
    answered = await asyncio.wait_for(asking, 3)
    assert answered.answers == ["one"]
    assert answered.missing_clients == 1


async def test_a_gateway_that_leaves_gives_a_partial_result(
    harness: Harness, sites: list[Site], open_client: Open
) -> None:
    one, _ = sites
    await open_client(one, answer="one")
    async with AsyncExitStack() as stack:
        third = await stack.enter_async_context(serving(harness.fanout(), "three"))
        silent = await open_client(third, answer=None)
        asking = asyncio.create_task(one.cluster.of("/").emit_with_ack("q", timeout=15.0))
        await eventually(lambda: silent.got)
    answered = await asyncio.wait_for(asking, 6)
    assert answered.answers == ["one"]
    assert answered.missing >= 1


async def test_programs_hear_and_answer_each_other(sites: list[Site]) -> None:
    one, two = sites
    heard: list[Any] = []

    async def add(a: int, b: int) -> int:
        await asyncio.sleep(0)
        return a + b

    one.cluster.on("add", add)
    two.cluster.on("add", add)
    two.cluster.on("note", heard.append)
    two.cluster.on("add", lambda a, b: a - b, namespace="/other")
    answered = await one.cluster.of("/").server_side_emit_with_ack("add", 1, 2)
    assert (answered.answers, answered.missing) == ([3], 0)
    await one.cluster.of("/").server_side_emit("note", "x")
    await eventually(lambda: heard == ["x"])


async def test_a_program_that_cannot_answer_is_not_waited_for(sites: list[Site]) -> None:
    one, two = sites

    def fail() -> None:
        raise RuntimeError("on purpose")

    two.cluster.on("fail", fail)
    for event in ("fail", "unknown"):
        answered = await asyncio.wait_for(
            one.cluster.of("/").server_side_emit_with_ack(event, timeout=15.0), 5
        )
        assert (answered.answers, answered.missing) == ([], 0)


async def test_a_client_of_another_gateway_is_called(sites: list[Site], open_client: Open) -> None:
    one, two = sites
    there = await open_client(two, answer={"yes": True})
    assert await one.gateway.server.call("q", (1, 2), to=there.sid) == {"yes": True}
    assert await two.gateway.server.call("q", to=there.sid) == {"yes": True}
    assert there.got == [("q", 1, 2), ("q",)]
    got: list[Any] = []
    await one.gateway.server.emit("q", to=there.sid, callback=got.append)
    await eventually(lambda: got == [{"yes": True}])


async def test_a_call_that_nobody_answers_ends(sites: list[Site], open_client: Open) -> None:
    one, two = sites
    silent = await open_client(two, answer=None)
    for site in sites:
        with pytest.raises(socketio.exceptions.TimeoutError):
            await site.gateway.server.call("q", to=silent.sid, timeout=0.5)
    async with asyncio.timeout(5):
        with pytest.raises(socketio.exceptions.TimeoutError):
            await one.gateway.server.call("q", to="nobody", timeout=30)
