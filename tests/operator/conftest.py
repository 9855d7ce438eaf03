"""The operator's own parts, on a fake API server and fake gateways."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest_asyncio

from chat_operator.act import Acting
from chat_operator.cluster import Cluster
from chat_operator.gateways import Admins, admins
from chat_operator.liveness import Liveness
from chat_operator.look import Key, Looking
from chat_operator.loops import Loops
from chat_operator.metrics import OperatorMetrics
from chat_operator.reconciling import Reconciling
from chatcluster.runtime.metrics import Metrics
from tests.operator.chats import AdminServers
from tests.operator.fake_api import FakeApi, client_of

KEY = Key("chat", "talk")


@dataclass
class World:
    """`cluster` is the client of `api`."""

    api: FakeApi
    servers: AdminServers
    cluster: Cluster
    admins: Admins
    metrics: Metrics
    reconciling: Reconciling
    loops: Loops
    liveness: Liveness

    def metric(self, name: str, **labels: str) -> float:
        value = self.metrics.registry.get_sample_value(f"chatcluster_operator_{name}", labels)
        assert value is not None, name
        return value


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    api, servers, metrics, liveness = FakeApi(), AdminServers(), Metrics(), Liveness(0)
    counted = OperatorMetrics(metrics)
    async with (
        api.serving() as url,
        servers.serving(),
        client_of(url, metrics) as cluster,
        admins(20) as asking,
    ):
        looking, acting = Looking(cluster, asking), Acting(cluster, asking)
        reconciling = Reconciling(cluster, looking, acting, counted, name="operator-1")
        loops = Loops(reconciling, liveness, counted)
        async with loops.running():
            yield World(api, servers, cluster, asking, metrics, reconciling, loops, liveness)
