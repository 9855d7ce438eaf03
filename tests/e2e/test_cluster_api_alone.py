"""A gateway's clients for its application, when no other gateway can be reached."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import socketio

from chatcluster.core.errors import FanoutError
from chatcluster.core.request import Question, Reply, Request
from chatcluster.fanout.isolated import IsolatedFanout
from tests.contract.fanouts import HARNESSES
from tests.e2e.sites import Client, Site, eventually, serving

MODES = [name for name, kind in HARNESSES.items() if kind.shared]


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving(IsolatedFanout(), "one") as site:
        yield site


async def test_own_clients_are_asked(site: Site) -> None:
    clients = [await Client(answer).open(site) for answer in ("a", "b")]
    await site.enter(clients[0], "a")
    everybody = site.cluster.of("/")
    assert {one.id for one in await everybody.fetch_sockets()} == {one.sid for one in clients}
    assert await everybody.all_rooms() == {"a", *(one.sid for one in clients)}
    answered = await everybody.emit_with_ack("q")
    assert (sorted(answered.answers), answered.missing) == (["a", "b"], 0)
    answered = await everybody.to("a").emit_with_ack("q")
    assert (answered.answers, answered.missing) == (["a"], 0)
    for client in clients:
        await client.close()


async def test_nobody_is_asked_in_vain(site: Site) -> None:
    async with asyncio.timeout(2):
        answered = await site.cluster.of("/").emit_with_ack("q", timeout=30)
        assert (answered.answers, answered.missing) == ([], 0)
        answered = await site.cluster.of("/").server_side_emit_with_ack("q", timeout=30)
        assert (answered.answers, answered.missing) == ([], 0)
        assert await site.cluster.of("/nowhere").fetch_sockets() == []
        with pytest.raises(socketio.exceptions.TimeoutError):
            await site.gateway.server.call("q", to="nobody")


async def test_a_call_needs_one_client(site: Site) -> None:
    with pytest.raises(ValueError, match="one client"):
        await site.gateway.server.call("q")
    with pytest.raises(ValueError, match="one client"):
        await site.gateway.server.emit("q", callback=print)


async def test_a_call_ends_when_its_client_leaves(site: Site) -> None:
    client = await Client(None).open(site)
    calling = asyncio.create_task(site.gateway.server.call("q", to=client.sid))
    await eventually(lambda: client.got)
    await client.close()
    with pytest.raises(socketio.exceptions.TimeoutError):
        await asyncio.wait_for(calling, 2)


async def test_a_callback_may_be_a_coroutine(site: Site) -> None:
    client = await Client("yes").open(site)
    got: list[Any] = []

    async def take(*answer: Any) -> None:
        await asyncio.sleep(0)
        got.append(answer)

    await site.gateway.server.emit("q", to=client.sid, callback=take)
    await eventually(lambda: got == [("yes",)])
    await client.close()


async def test_handlers_that_still_run_end_with_the_gateway(site: Site) -> None:
    started = asyncio.Event()

    async def endless() -> None:
        started.set()
        await asyncio.Event().wait()

    site.cluster.on("endless", endless)
    replies: list[Reply] = []
    request = Request(Question.SERVER, "/", event="endless", timeout=60)
    site.cluster.answering.answer(request, replies.append)
    await started.wait()
    await site.cluster.stop()
    assert [reply.last for reply in replies] == [True]


@pytest.mark.parametrize("mode", MODES)
async def test_without_a_carrier_nothing_happens_and_it_says_so(mode: str, tmp_path: Path) -> None:
    harness = HARNESSES[mode](tmp_path)
    await harness.start()
    try:
        async with serving(harness.fanout(), "one") as site:
            client = await Client("yes").open(site)
            await harness.kill()
            everybody = site.cluster.of("/")
            for ask in (everybody.fetch_sockets, everybody.all_rooms):
                with pytest.raises(FanoutError):
                    await ask()
            with pytest.raises(FanoutError):
                await everybody.emit_with_ack("q")
            assert client.got == []
            await everybody.emit("q", "waits")  # but not for those who are here
            await eventually(lambda: client.got == [("q", "waits")])
            await client.close()
    finally:
        await harness.stop()
