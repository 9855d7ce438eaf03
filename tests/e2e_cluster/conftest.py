"""Releases on the cluster that KUBECONFIG names."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from tests.e2e.clients import Clients
from tests.e2e.node_client import NodeProcess
from tests.e2e_cluster.kubectl import Namespace, need_cluster
from tests.e2e_cluster.operated import OPERATED, Operated
from tests.e2e_cluster.release import Release

MakeNamespace = Callable[[], Namespace]
RUN = secrets.token_hex(3)


@pytest.fixture(scope="session")
def make_namespace() -> Iterator[MakeNamespace]:
    """Namespaces that are removed at the end of the run, with all that is in them."""
    need_cluster()
    numbers = itertools.count(1)
    made: list[Namespace] = []

    def make() -> Namespace:
        namespace = Namespace(f"chat-e2e-{RUN}-{next(numbers)}")
        namespace.create()
        made.append(namespace)
        return namespace

    yield make
    for namespace in made:
        namespace.delete()


@pytest.fixture(scope="session")
def release(make_namespace: MakeNamespace) -> Release:
    """The chart with its defaults, which tests leave as they found it."""
    release = Release(make_namespace())
    release.install()
    return release


@pytest.fixture(scope="session")
def operated(make_namespace: MakeNamespace) -> Iterator[Operated]:
    """A chat with all that modes need, which tests leave with two gateways, whatever the mode."""
    release = Release(make_namespace(), OPERATED)
    release.install()
    yield Operated(release)
    release.uninstall()


@pytest.fixture
async def clients() -> AsyncIterator[Clients]:
    """Node's, which are closed when the test ends."""
    node = NodeProcess()
    clients = Clients(node)
    yield clients
    await clients.close()
    await node.stop()
