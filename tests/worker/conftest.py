"""Workers on a Valkey of their test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from chatcluster.connections.redis import connect
from tests.gateways import Program
from tests.servers import Valkey
from tests.workers import Streams, install, worker

Start = Callable[..., Program]

JOBS = '''
import asyncio, os

class Say:
    """Says what it is told; says it before it waits, fails, or takes its worker with it."""
    events = ("chat message",)

    def __init__(self, settings):
        self.name = settings.name

    async def run(self, task, answers):
        order, _, rest = task.text.partition(" ")
        await answers.say(rest or order)
        if order == "wait":
            await asyncio.sleep(float(os.environ["TEST_WAIT"]))
        elif order == "fail":
            raise ValueError(rest)
        elif order == "once" and task.attempt == 1:
            raise ValueError("the first time")
        elif order == "kill":
            os.kill(os.getpid(), 9)
        elif order == "who":
            await asyncio.sleep(0.05)
            await answers.say(self.name)
'''
ENTRY_POINTS = "[chatcluster.jobs]\nsay = test_jobs:Say\n"


@pytest.fixture
def start(own_valkey: Valkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts workers that do the job `say`, unless other settings are given."""
    packages = tmp_path / "packages"
    packages.mkdir()
    monkeypatch.setenv("PYTHONPATH", install(packages, {"test_jobs": JOBS}, ENTRY_POINTS))
    monkeypatch.setenv("TEST_WAIT", "0")
    with ExitStack() as stack:

        def start(name: str = "worker-1", *, waits: float = 0.0, **settings: object) -> Program:
            monkeypatch.setenv("TEST_WAIT", str(waits))
            program = worker(tmp_path, own_valkey.url, name, **{"jobs": "say", **settings})
            stack.callback(program.stop)
            program.start()
            return program

        yield start


@pytest.fixture
async def streams(own_valkey: Valkey, tmp_path: Path) -> AsyncIterator[Streams]:
    async with connect(own_valkey.url) as redis:
        streams = Streams(redis, own_valkey.url, tmp_path.name)
        yield streams
        await streams.close()
