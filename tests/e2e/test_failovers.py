"""The adapter's Redis is failed over while 200 clients chat on three gateways."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.adapter_servers import ValkeyCluster, Watched
from tests.e2e.crowd import crowd
from tests.gateways import Cluster
from tests.servers import Valkey

PROTOCOLS = ["classic", "sharded", "streams"]


def survives(
    carrier_url: str, protocol: str, log: Valkey, folder: Path, dies: Callable[[], None]
) -> None:
    """Whatever was acknowledged, before, during and after, reaches everybody once and in order."""
    cluster = Cluster(
        folder, log.url, "adapter", 3, adapter_url=carrier_url, adapter_protocol=protocol
    )
    with cluster.running(), crowd([gateway.url for gateway in cluster.gateways]) as people:
        people.wait_ready()
        time.sleep(1.0)
        dies()
        began = time.monotonic()
        time.sleep(0.5)  # until then nobody has noticed
        while not all(gateway.ready() for gateway in cluster.gateways):
            assert time.monotonic() < began + 30, "not ready again"
            time.sleep(0.05)
        took = time.monotonic() - began
        time.sleep(1.5)
        seen = people.finish()
    print(f"{protocol}: ready {took:.1f} s after the master's death, {seen}")
    assert seen["problems"] == []
    assert seen["acked"] > 300
    assert seen["reconnects"] == 0


@pytest.mark.node
@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_failover_by_sentinel_loses_and_doubles_nothing(
    protocol: str, valkey: Valkey, tmp_path: Path
) -> None:
    folder = tmp_path / "watched"
    folder.mkdir()
    watched = Watched(folder)
    try:
        asyncio.run(watched.start())
        survives(watched.url, protocol, valkey, tmp_path, watched.master.kill)
    finally:
        watched.stop()


@pytest.mark.node
@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_promotion_of_a_cluster_s_replica_loses_and_doubles_nothing(
    protocol: str, valkey: Valkey, tmp_path: Path
) -> None:
    folder = tmp_path / "cluster"
    folder.mkdir()
    servers = ValkeyCluster(folder)
    try:
        asyncio.run(servers.start())
        survives(servers.url, protocol, valkey, tmp_path, servers.masters[0].kill)
    finally:
        servers.stop()
