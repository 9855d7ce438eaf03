"""The servers that every case is tried on, which live as long as the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.conformance.frames import Peer
from tests.conformance.servers import (
    CALM,
    DEAF,
    HASTY,
    KINDS,
    PINGING,
    Servers,
)

PARAMS = ["chatcluster", pytest.param("node", marks=pytest.mark.node)]


@pytest.fixture(scope="session")
def running() -> Iterator[Callable[[str], Servers]]:
    """Servers of a kind, started when first asked for."""
    started: dict[str, Servers] = {}
    with ExitStack() as stack:

        def get(kind: str) -> Servers:
            if kind not in started:
                ports = stack.enter_context(KINDS[kind]((CALM, PINGING, DEAF, HASTY)))
                started[kind] = Servers(kind, *ports)
            return started[kind]

        yield get


@pytest.fixture(params=PARAMS)
def servers(request: pytest.FixtureRequest, running: Callable[[str], Servers]) -> Servers:
    return running(request.param)


@pytest.fixture
def ours(running: Callable[[str], Servers]) -> Servers:
    """Our server alone, where others do otherwise."""
    return running("chatcluster")


@pytest.fixture(params=["/engine.io/", "/socket.io/"])
def path(request: pytest.FixtureRequest) -> str:
    """Engine.IO alone, and under Socket.IO."""
    chosen: str = request.param
    return chosen


@pytest.fixture
def peer(servers: Servers) -> Iterator[Peer]:
    with Peer(servers.calm) as peer:
        yield peer
