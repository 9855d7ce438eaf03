"""Fixtures of the chart's tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.gateways import Cluster, Program
from tests.servers import Valkey
from tests.workers import worker


@pytest.fixture(scope="session")
def chatting(
    valkey: Valkey, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Cluster, Program]]:
    """Two gateways and a hub in mode `hub`, and a worker."""
    folder = tmp_path_factory.mktemp("chart-hub")
    cluster = Cluster(folder, valkey.url, "hub")
    worker_program = worker(
        folder, valkey.url, mode="hub", hub_urls=",".join(hub.url for hub in cluster.hubs)
    )
    with ExitStack() as stack:
        stack.enter_context(cluster.running())
        stack.callback(worker_program.stop)
        worker_program.start()
        yield cluster, worker_program


@pytest.fixture(scope="session")
def split(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two gateways that do not know each other."""
    folder = tmp_path_factory.mktemp("chart-isolated")
    with Cluster(folder, "", "isolated", redis_url="", history="memory").running() as cluster:
        yield cluster
