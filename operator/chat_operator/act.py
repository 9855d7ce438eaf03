"""Carries out one step."""

from __future__ import annotations

from datetime import datetime

import orjson

from chat_operator.cluster import (
    CHAT_CLUSTERS,
    CONFIG_MAPS,
    DEPLOYMENTS,
    PODS,
    STATEFUL_SETS,
    Cluster,
    Object,
)
from chat_operator.gateways import Admins
from chat_operator.look import Key, Seen
from chat_operator.steps import (
    DELETION_COST,
    LEAVING,
    LEAVING_COST,
    Drain,
    GiveOrders,
    MarkForDeletion,
    Scale,
    ScaleHubs,
    ScaleWorkers,
    SeedScale,
    Shed,
    Stay,
    Step,
    WriteFanoutConfig,
)
from chatcluster.control.gateway_admin import GatewayAdmin, NoAnswerError
from chatcluster.core.switch import Switch
from chatcluster.core.switch_json import switch_as_json


class Acting:
    """On the API server and the pods' admin servers."""

    def __init__(self, cluster: Cluster, admins: Admins) -> None:
        self._cluster = cluster
        self._admins = admins

    async def perform(self, step: Step, key: Key, seen: Seen) -> str:
        """Once; returns what did not work of it though it was carried out, for people. Raises
        ApiError, NoAnswerError and AccessError where it was not.
        """
        match step:
            case Drain(pod, per_second):
                await _admin(seen, pod).drain(per_second=per_second)
            case Shed(pod, clients, per_second):
                await _admin(seen, pod).shed(clients, per_second=per_second)
            case Stay(pod):
                await _admin(seen, pod).stay()
                await self._annotate(key, pod, None)
            case MarkForDeletion(pod, since):
                await self._annotate(key, pod, since)
            case GiveOrders(orders):
                refused = await self._admins.give(orders, seen.admins)
                return "; ".join(f"{name}: {why}" for name, why in sorted(refused.items()))
            case WriteFanoutConfig(start):
                await self._write_start(key, seen, start)
            case _:
                await self._scale(step, key, seen)
        return ""

    async def _scale(
        self, step: Scale | SeedScale | ScaleHubs | ScaleWorkers, key: Key, seen: Seen
    ) -> None:
        names, scale = seen.view.spec.objects, self._cluster.scale
        match step:
            case Scale(replicas, was):
                await scale(
                    DEPLOYMENTS, key.namespace, names.gateways.deployment, replicas, was=was
                )
            case SeedScale(replicas):
                await scale(CHAT_CLUSTERS, key.namespace, key.name, replicas)
            case ScaleHubs(replicas):
                assert names.hubs is not None, "they were seen"
                await scale(STATEFUL_SETS, key.namespace, names.hubs.stateful_set, replicas)
            case ScaleWorkers(replicas):
                assert names.workers is not None, "they were seen"
                await scale(DEPLOYMENTS, key.namespace, names.workers.deployment, replicas)

    async def _annotate(self, key: Key, pod: str, since: datetime | None) -> None:
        """With when it was chosen to leave; None: it was not."""
        annotations = {
            DELETION_COST: None if since is None else str(LEAVING_COST),
            LEAVING: None if since is None else since.isoformat(),
        }
        body: Object = {"metadata": {"annotations": annotations}}
        await self._cluster.merge(PODS, key.namespace, pod, body)

    async def _write_start(self, key: Key, seen: Seen, start: Switch) -> None:
        at = seen.view.spec.objects.fanout
        body: Object = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": at.name, "namespace": key.namespace},
            "data": {at.key: orjson.dumps(switch_as_json(start)).decode()},
        }
        await self._cluster.apply(CONFIG_MAPS, key.namespace, at.name, body)


def _admin(seen: Seen, pod: str) -> GatewayAdmin:
    admin = seen.admins.get(pod)
    if admin is None:
        raise NoAnswerError(f"{pod} has no address any more")
    return admin
