"""Programs are started in order, kept running, and all end. They are real processes here."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from functools import partial
from pathlib import Path

import psutil
import pytest
from aiohttp import ClientSession

from chat_local import keeper
from chat_local.plan import Program
from chat_local.probe import reason_not_ready
from chat_local.supervisor import Supervisor
from chatcluster.runtime.lifecycle import StartError
from tests.servers import free_port

STUB = Path(__file__).parent.parent / "stub_program.py"


class Told:
    """Remembers what happened, in order."""

    def __init__(self):
        self.events = []
        self.pids = {}
        self.is_ready = asyncio.Event()

    def started(self, program, pid):
        self.events.append(f"{program.name} started")
        self.pids.setdefault(program.name, []).append(pid)

    def said(self, name, line):
        self.events.append(f"{name}: {line}")

    def ready(self):
        self.events.append("ready")
        self.is_ready.set()

    def stopping(self):
        self.events.append("stopping")


def stub(name, *arguments, kind="gateway", grace=2.0):
    port = free_port()
    return Program(
        name=name,
        kind=kind,
        command=(sys.executable, "-P", str(STUB), str(port), *arguments),
        address=f"http://127.0.0.1:{port}",
        admin=f"http://127.0.0.1:{port}",
        grace=grace,
    )


class Running:
    """A supervisor at work; `stop` ends it."""

    def __init__(self, programs, folder, session, **options):
        self.told = Told()
        self._stop = asyncio.Event()
        probe = partial(reason_not_ready, session)
        self.supervisor = Supervisor(programs, folder, probe=probe, audience=self.told, **options)
        self.task = asyncio.create_task(self.supervisor.run(self._stop))

    async def until(self, condition):
        async with asyncio.timeout(10):
            while not condition():
                if self.task.done():
                    self.task.result()
                await asyncio.sleep(0.02)

    async def until_ready(self):
        await self.until(self.told.is_ready.is_set)

    async def stop(self):
        self._stop.set()
        await self.task


@pytest.fixture
async def supervise(tmp_path):
    """Run programs; whatever a test leaves running is ended."""
    running = []
    async with ClientSession() as session:

        def start(*programs):
            running.append(Running(programs, tmp_path, session))
            return running[-1]

        yield start
        for one in running:
            await asyncio.gather(one.stop(), return_exceptions=True)
    assert children() == []


def children():
    return [
        child for child in psutil.Process().children() if str(STUB) in " ".join(child.cmdline())
    ]


def dead(pid):
    try:
        # Where nobody collects orphans, a dead one stays in the table.
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def test_the_hub_is_ready_before_the_gateways_start(supervise):
    running = supervise(stub("gateway-1"), stub("hub", kind="hub"))
    await running.until_ready()
    assert running.told.events == ["hub started", "gateway-1 started", "ready"]


async def test_all_have_ended_after_a_stop(supervise):
    running = supervise(stub("gateway-1"), stub("gateway-2"))
    await running.until_ready()
    await running.stop()
    assert running.told.events[-1] == "stopping"
    assert children() == []


async def test_one_that_does_not_end_is_killed_after_its_grace(supervise):
    running = supervise(stub("gateway-1", "--deaf", grace=0.3))
    await running.until_ready()
    began = time.monotonic()
    await running.stop()
    assert 0.3 <= time.monotonic() - began < 2
    assert children() == []


async def test_one_that_cannot_start_says_why_and_the_others_end(supervise):
    running = supervise(
        stub("hub", kind="hub"), stub("gateway-1", "--fails", "no Redis there"), stub("gateway-2")
    )
    with pytest.raises(StartError, match=r"gateway-1 did not start.*no Redis there"):
        await running.task
    assert children() == []


async def test_one_that_cannot_be_run_says_so(supervise):
    program = Program(name="hub", kind="hub", command=("/nowhere/hub",), address="")
    with pytest.raises(StartError, match=r"hub cannot be run.*nowhere"):
        await supervise(program).task


async def test_one_that_does_not_get_ready_says_why_and_ends(supervise, monkeypatch):
    monkeypatch.setattr(keeper, "START_SECONDS", 2.0)
    with pytest.raises(StartError, match=r"gateway-1 was not ready within 2 s: it answers 503"):
        await supervise(stub("gateway-1", "--not-ready")).task
    assert children() == []


async def test_a_stop_while_they_start_ends_those_that_run(supervise):
    running = supervise(stub("hub", kind="hub"), stub("gateway-1", "--not-ready"))
    await running.until(lambda: len(children()) == 2)
    await running.stop()
    assert "ready" not in running.told.events
    assert children() == []


async def test_a_stop_at_once_starts_nothing_that_stays(supervise):
    running = supervise(stub("hub", kind="hub"))
    await running.stop()
    assert children() == []


async def test_one_that_dies_is_started_again(supervise):
    running = supervise(stub("gateway-1"), stub("gateway-2"))
    await running.until_ready()
    [first] = running.told.pids["gateway-1"]
    os.kill(first, signal.SIGKILL)
    await running.until(lambda: len(running.told.pids["gateway-1"]) == 2)
    assert "was ended by SIGKILL; starts again in 0." in " ".join(running.told.events)
    assert len(running.told.pids["gateway-2"]) == 1


async def test_a_stop_while_one_waits_for_its_restart_ends_all(supervise):
    running = supervise(stub("gateway-1"), stub("gateway-2"))
    await running.until_ready()
    os.kill(running.told.pids["gateway-1"][0], signal.SIGKILL)
    await running.until(lambda: any("starts again" in event for event in running.told.events))
    await running.stop()
    assert children() == []


async def test_every_line_is_in_the_log_file_and_warnings_are_told(supervise, tmp_path):
    warning = '{"level": "warning", "event": "redis_gone", "url": "redis://host"}'
    running = supervise(stub("gateway-1", "--says", warning))
    await running.until_ready()
    await running.stop()
    assert "gateway-1: redis_gone url=redis://host" in running.told.events
    log = (tmp_path / "gateway-1.log").read_text()
    assert '"event": "started"' in log
    assert warning in log


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the children of the killed")
async def test_nothing_outlives_a_supervisor_that_is_killed(tmp_path):
    program = f"""
import asyncio, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from tests.unit.test_supervisor import Running, stub
from aiohttp import ClientSession
import uvloop

async def main():
    async with ClientSession() as session:
        running = Running([stub("gateway-1", "--deaf")], Path({str(tmp_path)!r}), session)
        await running.until_ready()
        print(running.told.pids["gateway-1"][0], flush=True)
        await asyncio.sleep(60)

uvloop.run(main())
"""
    supervisor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    assert supervisor.stdout is not None
    pid = int(await supervisor.stdout.readline())
    assert not dead(pid)
    supervisor.kill()
    await supervisor.wait()
    async with asyncio.timeout(5):
        while not dead(pid):  # noqa: ASYNC110 - nobody tells us
            await asyncio.sleep(0.02)
