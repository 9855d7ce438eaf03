"""A server that is started when somebody asks a running cluster for it."""

from __future__ import annotations

import asyncio
import os
import signal
import threading

import pytest
from aiohttp import ClientSession

from chat_local.control_server import UnknownServerError, control_server
from chat_local.on_demand import OnDemand
from chatcluster.runtime.lifecycle import StartError
from tests.unit.test_supervisor import Running, children, stub

TOKEN = "a token"
SHOWN = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
async def supervise(tmp_path):
    """Run `hub`, and have *make* in reserve."""
    running = []
    async with ClientSession() as session:

        async def start(make):
            one = Running(
                [stub("hub", kind="hub")], tmp_path, session, on_demand={"postgres": make}
            )
            running.append(one)
            await one.until_ready()
            return one

        yield start
        for one in running:
            await asyncio.gather(one.stop(), return_exceptions=True)
    assert children() == []


async def test_it_runs_once_it_was_asked_for_and_is_kept_and_ended(supervise):
    running = await supervise(lambda: stub("postgres"))
    assert len(children()) == 1
    assert await running.supervisor.start("postgres") is True
    [first] = running.told.pids["postgres"]
    assert await running.supervisor.start("postgres") is False
    os.kill(first, signal.SIGKILL)
    await running.until(lambda: len(running.told.pids["postgres"]) == 2)
    await running.stop()
    assert children() == []


async def test_two_that_ask_at_once_get_one(supervise):
    running = await supervise(lambda: stub("postgres"))
    await asyncio.gather(*(running.supervisor.start("postgres") for _ in range(2)))
    assert len(running.told.pids["postgres"]) == 1


async def test_one_that_does_not_start_says_why_and_may_be_asked_for_again(supervise):
    made = iter([stub("postgres", "--fails", "no disk"), stub("postgres")])
    running = await supervise(lambda: next(made))
    with pytest.raises(StartError, match="no disk"):
        await running.supervisor.start("postgres")
    assert await running.supervisor.start("postgres") is True


async def test_a_stop_while_it_starts_leaves_nothing(supervise):
    running = await supervise(lambda: stub("postgres", "--not-ready"))
    asking = asyncio.create_task(running.supervisor.start("postgres"))
    await running.until(lambda: len(children()) == 2)
    await running.stop()
    with pytest.raises(StartError, match="being stopped"):
        await asking
    assert children() == []
    with pytest.raises(StartError, match="being stopped"):
        await running.supervisor.start("postgres")


async def test_a_stop_waits_for_what_prepares_it_in_the_folder():
    begun, goes_on = threading.Event(), threading.Event()

    def make():
        begun.set()
        goes_on.wait()
        raise AssertionError("nobody waits for this any more")

    server = OnDemand(make, lambda program: pytest.fail("nothing is started"))
    asking = asyncio.create_task(server.start())
    await asyncio.to_thread(begun.wait)
    stopping = asyncio.create_task(server.stop())
    await asyncio.wait((stopping,), timeout=0.05)
    assert not stopping.done()
    goes_on.set()
    await stopping
    with pytest.raises(StartError):
        await asking


async def test_one_that_runs_anyway_needs_no_start_and_others_are_unknown(tmp_path):
    programs = [stub("valkey", kind="valkey")]
    async with ClientSession() as session:
        running = Running(programs, tmp_path, session)
        await running.until_ready()
        assert await running.supervisor.start("valkey") is False
        with pytest.raises(UnknownServerError):
            await running.supervisor.start("mysql")
        await running.stop()


async def asked(start, name, headers):
    """Status and answer of a cluster that was asked over HTTP for the server *name*."""
    async with (
        control_server(start, TOKEN) as address,
        ClientSession() as session,
        session.post(f"{address}/servers/{name}", headers=headers) as answer,
    ):
        return answer.status, await answer.json()


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("postgres", 200, {"started": True}),
        ("mysql", 404, {"error": "there is no server mysql"}),
        ("broken", 503, {"error": "no disk"}),
    ],
)
async def test_a_running_cluster_is_asked_over_http(name, status, said):
    async def start(name):
        if name == "postgres":
            return True
        raise StartError("no disk") if name == "broken" else UnknownServerError(name)

    assert await asked(start, name, SHOWN) == (status, said)


async def test_whoever_does_not_know_the_token_is_not_heard():
    async def start(name):
        pytest.fail("it was heard")

    status, _ = await asked(start, "postgres", {})
    assert status == 401
