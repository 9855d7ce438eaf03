"""The program: waits for the Lease, then watches, looks and acts until it is told to stop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import chatcluster
from chat_operator.act import Acting
from chat_operator.cluster import Cluster, connected
from chat_operator.gateways import admins
from chat_operator.handlers import Watch
from chat_operator.lease import Lease
from chat_operator.liveness import Liveness
from chat_operator.look import Looking
from chat_operator.loops import Loops
from chat_operator.metrics import OperatorMetrics
from chat_operator.reconciling import Reconciling
from chat_operator.settings import OperatorSettings
from chatcluster.connections.ending import end
from chatcluster.runtime.admin import AdminServer
from chatcluster.runtime.background import background
from chatcluster.runtime.lifecycle import stop_signal
from chatcluster.runtime.logs import configure, get_logger
from chatcluster.runtime.metrics import Metrics

log = get_logger(__name__)


async def serve(settings: OperatorSettings) -> None:
    """Run the operator until SIGTERM or SIGINT. Raises StartError when there is no cluster, and
    LostError when another operator may have taken over: then this process has to end.
    """
    configure(settings.log_level, settings.log_format)
    metrics = Metrics()
    liveness = Liveness(time.monotonic())
    operator_metrics = OperatorMetrics(metrics)
    admin = AdminServer(
        settings.admin_host,
        settings.admin_port,
        ready=lambda: [],
        alive=lambda: liveness.reasons(time.monotonic()),
        stats=lambda: _stats(settings, liveness),
        registry=metrics.registry,
    )
    with stop_signal(within=0) as stop:
        async with (
            connected(metrics) as cluster,
            admin.serving(),
            _leading(cluster, settings, stop) as lease,
        ):
            if lease is None:
                return
            liveness.start(time.monotonic())
            operator_metrics.working.set(1)
            async with _working(cluster, settings, liveness, operator_metrics):
                log.info("working", name=settings.name, admin_port=admin.port)
                async with background(lease=lease.keep()):
                    await stop.wait()
    log.info("left")


@asynccontextmanager
async def _leading(
    cluster: Cluster, settings: OperatorSettings, stop: asyncio.Event
) -> AsyncIterator[Lease | None]:
    """Waits for the Lease, and gives it back at the end; None: stopped while it waited."""
    lease = Lease(
        cluster, settings.operator_lease_namespace, settings.operator_lease, settings.name
    )
    waiting, stopping = asyncio.create_task(lease.acquire()), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((waiting, stopping), return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            waiting.result()
    finally:
        await end((waiting, stopping))
    try:
        yield None if stop.is_set() else lease
    finally:
        await lease.release()


@asynccontextmanager
async def _working(
    cluster: Cluster, settings: OperatorSettings, liveness: Liveness, metrics: OperatorMetrics
) -> AsyncIterator[None]:
    async with admins(settings.operator_questions) as pods:
        reconciling = Reconciling(
            cluster,
            Looking(cluster, pods),
            Acting(cluster, pods),
            metrics,
            name=settings.name,
        )
        loops = Loops(reconciling, liveness, metrics, only=settings.operator_names)
        watch = Watch(
            namespaces=settings.operator_namespaces,
            labels=settings.operator_child_labels,
            seen=loops.seen,
            wake=loops.wake,
        )
        async with (
            loops.running(),
            background(
                watch=watch.run(),
                lists=loops.keep_listing(cluster, settings.operator_namespaces),
            ),
        ):
            yield


def _stats(settings: OperatorSettings, liveness: Liveness) -> Mapping[str, Any]:
    return {
        "name": settings.name,
        "version": chatcluster.__version__,
        "working": liveness.working,
        "chatclusters": [f"{key.namespace}/{key.name}" for key in liveness.keys],
    }
