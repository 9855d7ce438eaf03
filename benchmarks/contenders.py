"""What is compared: servers of each kind, on one Valkey."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tests.gateways import Cluster
from tests.postgres_server import Postgres
from tests.servers import Valkey, free_port

NODE_MODULES = Path(__file__).parent.parent / "tests" / "node_modules"
START_SECONDS = 20.0


@dataclass(frozen=True)
class Servers:
    """The programs that clients' messages pass through, Redis and Postgres left out. The last of
    `pids` are of those that listen on `ports`.
    """

    ports: list[int]
    pids: list[int]


class Contender(Protocol):
    """Servers of one kind."""

    def running(self, folder: Path, valkey: Valkey) -> AbstractContextManager[Servers]:
        """Fresh ones, until the body ends."""


@dataclass(frozen=True)
class Gateways:
    """Ours, and the hub that mode `hub` needs."""

    mode: str
    settings: dict[str, object] = field(default_factory=dict)
    count: int = 2

    @contextmanager
    def running(self, folder: Path, valkey: Valkey) -> Iterator[Servers]:
        settings: dict[str, object] = {"history": "off", "log_level": "warning"}
        settings |= {"events_per_second": 0, **self.settings}  # Node's servers have no such limit
        if self.mode != "postgres":
            with self._cluster(folder, valkey, settings) as servers:
                yield servers
            return
        postgres = Postgres()
        postgres.start()
        try:
            settings["postgres_dsn"] = postgres.url()
            with self._cluster(folder, valkey, settings) as servers:
                yield servers
        finally:
            postgres.stop()

    @contextmanager
    def _cluster(
        self, folder: Path, valkey: Valkey, settings: dict[str, object]
    ) -> Iterator[Servers]:
        cluster = Cluster(folder, valkey.url, self.mode, self.count, **settings)
        with cluster.running():
            pids = [one.process.pid for one in cluster.programs if one.process is not None]
            yield Servers([gateway.port for gateway in cluster.gateways], pids)


@dataclass(frozen=True)
class Node:
    """Socket.IO servers with the Redis adapter."""

    count: int = 2

    @contextmanager
    def running(self, folder: Path, valkey: Valkey) -> Iterator[Servers]:
        ports = [free_port() for _ in range(self.count)]
        script = Path(__file__).parent / "node_server.js"
        environment = {**os.environ, "NODE_PATH": str(NODE_MODULES)}
        processes = [
            subprocess.Popen(
                ["node", str(script), str(port), valkey.url, folder.name], env=environment
            )
            for port in ports
        ]
        try:
            for port in ports:
                _wait_for(port)
            yield Servers(ports, [process.pid for process in processes])
        finally:
            for process in processes:
                process.kill()
                process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nobody listens on port {port}")
