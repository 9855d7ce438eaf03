"""Mode `hub` under contract: real hubs, one or three, which can be killed and paused."""

from __future__ import annotations

import asyncio
import atexit
import itertools
import signal
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from chatcluster.fanout.asking import Asking
from chatcluster.fanout.hub import HubFanout
from chatcluster.fanout.port import Fanout
from tests.launching import Process, launch
from tests.servers import free_port

TOKEN = "secret"
START_SECONDS = 45.0  # a machine may be busy with other tests


class Hub:
    """A hub program on a port that it keeps over restarts."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = folder / f"hub-{self.port}.log"
        self._process: Process | None = None

    @property
    def process(self) -> Process:
        assert self._process is not None
        return self._process

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        variables = {"CHAT_PORT": self.port, "CHAT_ADMIN_PORT": 0, "CHAT_HUB_TOKEN": TOKEN}
        with self._log.open("ab") as log:
            self._process = launch("chat_hub", variables, log)

    async def answers(self) -> None:
        """Return when it takes connections."""
        async with asyncio.timeout(START_SECONDS):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    assert self.process.poll() is None, self._log.read_text()
                    await asyncio.sleep(0.02)
                else:
                    writer.close()
                    return

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._process = None

    def end(self) -> None:
        """For good."""
        if self._process is not None:
            self.kill()

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)


async def start(hubs: Sequence[Hub]) -> None:
    """Start those that do not run, at once: none goes on before all of them listen."""
    new = [hub for hub in hubs if not hub.running]
    for hub in new:
        hub.start()
    await asyncio.gather(*(_start_and_pause(hub) for hub in new))
    for hub in new:
        hub.resume()


async def _start_and_pause(hub: Hub) -> None:
    await hub.answers()
    hub.pause()


# Hubs remember nothing of gateways that have left, so those that survived a test serve the next
# one: to start three takes longer than most tests.
_idle: list[Hub] = []


@atexit.register
def _end_idle() -> None:
    for hub in _idle:
        hub.end()


class HubHarness:
    shared = True
    durable = False
    count = 1

    def __init__(self, folder: Path) -> None:
        self.hubs = [_idle.pop() if _idle else Hub(folder) for _ in range(self.count)]
        self._names = (f"gateway-{number}" for number in itertools.count(1))

    async def start(self) -> None:
        await start(self.hubs)

    async def stop(self) -> None:
        for hub in self.hubs:
            if hub.running:
                hub.resume()
                _idle.append(hub)
            else:
                hub.end()

    def fanout(self) -> Fanout:
        return self.recipe()()

    def recipe(self) -> Callable[[], Fanout]:
        return partial(_fanout, [hub.url for hub in self.hubs], next(self._names))

    async def kill(self) -> None:
        for hub in self.hubs:
            hub.kill()

    async def restart(self) -> None:
        await start(self.hubs)

    async def pause(self) -> None:
        for hub in self.hubs:
            hub.pause()

    async def resume(self) -> None:
        for hub in self.hubs:
            hub.resume()


def _fanout(urls: Sequence[str], name: str) -> Fanout:
    return Asking(HubFanout(urls, gateway=name, token=TOKEN), name)


class ThreeHubsHarness(HubHarness):
    """Every gateway has all three; the carrier is gone when all of them are."""

    count = 3
