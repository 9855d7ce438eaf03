"""Fixtures of the chart's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateways import Cluster, Program
from tests.servers import Valkey
from tests.workers import worker

UNUSED = "redis://127.0.0.1:1/0"


@pytest.fixture(scope="session")
def chatting(valkey: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two gateways and a hub in mode `hub`."""
    folder = tmp_path_factory.mktemp("chart-hub")
    with Cluster(folder, valkey.url, "hub").running() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def working(
    chatting: Cluster, valkey: Valkey, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Program]:
    """A worker beside them."""
    hubs = ",".join(hub.url for hub in chatting.hubs)
    folder = tmp_path_factory.mktemp("chart-worker")
    program = worker(folder, valkey.url, mode="hub", hub_urls=hubs)
    try:
        program.start()
        yield program
    finally:
        program.stop()


@pytest.fixture(scope="session")
def split(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two gateways that do not know each other."""
    folder = tmp_path_factory.mktemp("chart-isolated")
    with Cluster(folder, UNUSED, "isolated", history="memory").running() as cluster:
        yield cluster
