"""Running clusters of every mode, and clients to use them."""

from __future__ import annotations

import itertools
import os
import random
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from chat_local.plan import ports
from chat_local.ports import check_free
from chat_local.run_settings import RunSettings
from chatcluster.runtime.lifecycle import StartError
from chatcluster.runtime.settings import load
from tests.e2e.clients import KINDS, Clients, Connect, Kind, params
from tests.e2e.command import Cli
from tests.e2e.node_client import NodeProcess
from tests.gateways import Cluster
from tests.postgres_fixtures import own_postgres as own_postgres
from tests.postgres_fixtures import postgres as postgres
from tests.servers import Valkey, process_number

MODES = ["isolated", "hub", "adapter", "redis"]
SHARING = ["hub", "adapter", "redis"]  # what one gateway's clients say reaches the others'

MakeCluster = Callable[..., Cluster]


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture(params=params(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    chosen: Kind = request.param
    return chosen


@pytest.fixture(scope="session")
def clusters(
    valkey: Valkey, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Cluster]]:
    """Two gateways by mode, that live as long as the run: leave them running, and use rooms of your
    own.
    """
    running: dict[str, Cluster] = {}
    with ExitStack() as stack:

        def get(mode: str) -> Cluster:
            if mode not in running:
                cluster = Cluster(tmp_path_factory.mktemp(mode), valkey.url, mode)
                running[mode] = stack.enter_context(cluster.running())
            return running[mode]

        yield get


@pytest.fixture
def cluster(mode: str, clusters: Callable[[str], Cluster]) -> Cluster:
    return clusters(mode)


@pytest.fixture
def make_cluster(valkey: Valkey, tmp_path: Path) -> Iterator[MakeCluster]:
    """Starts clusters of the test's own, whose programs may be killed and stopped."""
    numbers = itertools.count(1)
    with ExitStack() as stack:

        def make(mode: str, gateways: int = 2, hubs: int = 1, **settings: object) -> Cluster:
            # The folder's name keeps clusters apart on the shared Valkey, so it is unique.
            folder = tmp_path / f"{tmp_path.name}-{next(numbers)}"
            folder.mkdir()
            url = settings.pop("redis_url", valkey.url)
            cluster = Cluster(folder, str(url), mode, gateways, hubs=hubs, **settings)
            return stack.enter_context(cluster.running())

        yield make


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def node() -> AsyncIterator[NodeProcess]:
    process = NodeProcess()
    yield process
    await process.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def connect(node: NodeProcess) -> AsyncIterator[Connect]:
    """Connects clients, which are closed when the test ends."""
    clients = Clients(node)
    yield clients.connect
    await clients.close()


@pytest.fixture
def room(request: pytest.FixtureRequest) -> str:
    """The name of a room that no other test uses."""
    return f"{next(_rooms)}-{request.function.__name__}"[:50]


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    cli = Cli(tmp_path)
    yield cli
    for pid in cli.left():
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def port() -> int:
    """The first of ports that are free for a whole cluster."""
    return free_for_a_cluster()


def free_for_a_cluster() -> int:
    # Not the generator that is seeded for each test: they would all begin with the same ports.
    chance = random.SystemRandom()
    while True:
        first = 20_000 + 2_000 * process_number() + chance.randrange(800)
        try:
            check_free(ports(load(RunSettings, port=first, gateways=2, hubs=2, workers=1)))
        except StartError:
            continue
        return first


_rooms = itertools.count(1)
