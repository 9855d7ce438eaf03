"""Looks at everything that belongs to one ChatCluster."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from chat_operator import carriers, objects
from chat_operator.cluster import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    PODS,
    SECRETS,
    STATEFUL_SETS,
    ApiError,
    Cluster,
    Object,
    selector_text,
)
from chat_operator.gateways import Admins, Answer
from chat_operator.spec import ChatClusterSpec, SecretKey, read_spec
from chat_operator.view import GatewayPod, Program, View
from chatcluster.control.gateway_admin import GatewayAdmin
from chatcluster.control.switching import PATIENCE_SECONDS
from chatcluster.core.switch import Switch, Target

NO_ADDRESS = "it has no address yet"

Ask = Callable[[GatewayAdmin, float], Awaitable[Answer]]


class Key(NamedTuple):
    """A ChatCluster."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A look's result, and where the programs are told what to do, by their pods' names."""

    view: View
    admins: Mapping[str, GatewayAdmin]


class _Found(NamedTuple):
    """The objects of a chat."""

    gateways: Object | None
    hubs: Object | None
    workers: Object | None
    fanout: Object | None
    token: str


class Looking:
    """With the API server and the pods' admin servers."""

    def __init__(self, cluster: Cluster, admins: Admins) -> None:
        self._cluster = cluster
        self._admins = admins

    async def look(self, body: Object) -> Seen:
        """At the ChatCluster that *body* is. Raises ApiError, and SpecError for one that is of a
        newer version.
        """
        namespace = body["metadata"]["namespace"]
        spec = read_spec(body["spec"])
        found = await self._find(namespace, spec)
        pods, workers = await asyncio.gather(
            self._pods(namespace, found.gateways), self._pods(namespace, found.workers)
        )
        admins = {
            **self._reach(pods, spec.objects.gateways.admin_port, found.token),
            **self._reach(workers, _worker_port(spec), found.token),
        }
        start = objects.start_state(found.fanout, spec.objects.fanout.key)
        patience = PATIENCE_SECONDS if _in_motion(start, spec.fanout.target) else 0.0
        gateways, worker_pods = await asyncio.gather(
            _ask(map(objects.gateway, pods), admins, self._admins.gateway, patience),
            _ask(map(objects.program, workers), admins, self._admins.worker, patience),
        )
        view = View(
            spec=spec,
            generation=body["metadata"]["generation"],
            gateways=objects.workload(found.gateways),
            pods=tuple(_gateway(pod, answer) for pod, answer in gateways),
            hubs=objects.workload(found.hubs),
            workers=objects.workload(found.workers),
            worker_pods=tuple(_program(pod, answer) for pod, answer in worker_pods),
            fanout_config=start,
            selector=_selector(found.gateways),
            deleting="deletionTimestamp" in body["metadata"],
        )
        return Seen(replace(view, carriers=await _carriers(view)), admins)

    async def _find(self, namespace: str, spec: ChatClusterSpec) -> _Found:
        get, names = self._cluster.get, spec.objects
        hubs, workers = names.hubs, names.workers
        return _Found(
            *await asyncio.gather(
                get(DEPLOYMENTS, namespace, names.gateways.deployment),
                get(STATEFUL_SETS, namespace, hubs.stateful_set) if hubs else _nothing(),
                get(DEPLOYMENTS, namespace, workers.deployment) if workers else _nothing(),
                get(CONFIG_MAPS, namespace, names.fanout.name),
                self._token(namespace, names.admin_token),
            )
        )

    async def _token(self, namespace: str, at: SecretKey | None) -> str:
        """What admin servers want to be shown. Raises ApiError where it is not there."""
        if at is None:
            return ""
        secret = await self._cluster.get(SECRETS, namespace, at.name)
        try:
            return base64.b64decode((secret or {})["data"][at.key]).decode()
        except (KeyError, ValueError) as error:
            raise ApiError(404, f"Secret {at.name} has no key {at.key}") from error

    async def _pods(self, namespace: str, workload: Object | None) -> list[Object]:
        """Those that have not ended."""
        if workload is None:
            return []
        found = await self._cluster.list(PODS, namespace, _selector(workload))
        return [pod for pod in found if not objects.ended(pod)]

    def _reach(self, pods: Iterable[Object], port: int, token: str) -> dict[str, GatewayAdmin]:
        urls = {pod["metadata"]["name"]: objects.admin_url(pod, port) for pod in pods}
        return {name: self._admins.admin(url, token) for name, url in urls.items() if url}


async def _ask(
    pods: Iterable[Any], admins: Mapping[str, GatewayAdmin], ask: Ask, patience: float
) -> list[tuple[Any, Answer]]:
    """All that run, at once."""

    async def answer(pod: Program) -> Answer:
        if pod.started is None:
            return Answer()
        if (admin := admins.get(pod.name)) is None:
            return Answer(problem=NO_ADDRESS)
        return await ask(admin, patience if pod.ready and not pod.deleting else 0.0)

    known = list(pods)
    return list(zip(known, await asyncio.gather(*map(answer, known)), strict=True))


def _in_motion(start: Switch | None, wanted: Target) -> bool:
    """Whether the fan-out is or is to be changed: then one late answer calls off too much."""
    if start is None:
        return True
    return start.target != wanted or start.next is not None or start.previous is not None


async def _nothing() -> None:
    return None


def _worker_port(spec: ChatClusterSpec) -> int:
    return spec.objects.workers.admin_port if spec.objects.workers else 0


def _selector(workload: Object | None) -> str:
    return "" if workload is None else selector_text(workload["spec"]["selector"])


def _program(pod: Program, answer: Answer) -> Program:
    return replace(pod, report=answer.report, problem=answer.problem)


def _gateway(pod: GatewayPod, answer: Answer) -> GatewayPod:
    return replace(pod, report=answer.report, figures=answer.figures, problem=answer.problem)


async def _carriers(view: View) -> dict[str, str]:
    """Only what is about to be changed to is asked: the gateways say how it is with the others."""
    fanout, known = view.spec.fanout, view.spec.objects.carriers
    address = known.postgres if fanout.mode == "postgres" else known.redis
    if address is None or fanout.mode not in carriers.ANSWERED or _in_force(view, fanout.target):
        return {}
    return {fanout.mode: await carriers.problem(fanout.mode, address)}


def _in_force(view: View, target: Target) -> bool:
    reports = [one.report for one in view.programs if one.report is not None]
    return bool(reports) and all(report.switch.target == target for report in reports)
