"""The carriers of a cluster, each to be killed, paused, and closed to one gateway or to all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.e2e.change import Changing
from tests.gateways import Program
from tests.postgres_server import Postgres
from tests.servers import Valkey
from tests.way import Way

READY_SECONDS = 30.0


class Server(Protocol):
    """What carries."""

    def start(self) -> None: ...
    def kill(self) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...


@dataclass(frozen=True)
class Carrier:
    """What a mode depends on, and the ways by which gateways reach it."""

    servers: Sequence[Server]
    ways: Sequence[Way]

    def restart(self, down: float) -> None:
        """Killed, and away for *down* seconds."""
        self._all(lambda server: server.kill())
        time.sleep(down)
        self._all(lambda server: server.start())

    def freeze(self, seconds: float) -> None:
        """It keeps its connections and answers nothing."""
        self._all(lambda server: server.pause())
        try:
            time.sleep(seconds)
        finally:
            self._all(lambda server: server.resume())

    def cut_off(self, gateway: Program, seconds: float) -> None:
        """From this gateway only."""
        assert gateway.process is not None
        with ExitStack() as stack:
            for way in self.ways:
                stack.enter_context(way.closed_to(gateway.process.pid))
            time.sleep(seconds)

    def refuse(self, seconds: float) -> None:
        """Every connection, old and new."""
        with ExitStack() as stack:
            for way in self.ways:
                stack.enter_context(way.closed())
            time.sleep(seconds)

    def _all(self, work: Callable[[Server], None]) -> None:
        for server in self.servers:
            work(server)


class Breakable:
    """Three gateways that reach all carriers by ways that can be closed. The room log is on a
    Valkey of its own, which mode `redis` uses, too.
    """

    def __init__(self, cluster: Changing, carriers: dict[str, Carrier]) -> None:
        self.cluster = cluster
        self.carriers = carriers

    @property
    def gateways(self) -> list[Program]:
        return self.cluster.gateways

    def ready_after(self) -> float:
        """Seconds until all gateways are ready."""
        began = time.monotonic()
        while not all(gateway.ready() for gateway in self.gateways):
            assert time.monotonic() < began + READY_SECONDS, "not ready again"
            time.sleep(0.02)
        return time.monotonic() - began


@contextmanager
def breakable(
    folder: Path, log: Valkey, carrier: Valkey, postgres: Postgres, mode: str, **settings: object
) -> Iterator[Breakable]:
    """Not started yet; the servers run."""
    with ExitStack() as stack:
        to_log, to_carrier, to_postgres = (
            stack.enter_context(Way(server.port)) for server in (log, carrier, postgres)
        )
        cluster = Changing(folder, log, postgres, carrier, mode=mode, variables=settings)
        to_hubs = [stack.enter_context(Way(hub.port)) for hub in cluster.hubs]
        hub_urls = ",".join(f"http://127.0.0.1:{way.port}" for way in to_hubs)
        for hub in cluster.hubs:
            hub.set(hub_urls=hub_urls)
        for gateway in cluster.gateways:
            gateway.set(
                hub_urls=hub_urls,
                redis_url=f"redis://127.0.0.1:{to_log.port}/0",
                adapter_url=f"redis://127.0.0.1:{to_carrier.port}/0",
                postgres_dsn=f"postgresql://postgres@127.0.0.1:{to_postgres.port}/postgres",
            )
        yield Breakable(
            cluster,
            {
                "hub": Carrier(cluster.hubs, to_hubs),
                "redis": Carrier([log], [to_log]),
                "adapter": Carrier([carrier], [to_carrier]),
                "postgres": Carrier([postgres], [to_postgres]),
            },
        )
