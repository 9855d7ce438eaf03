"""Gathers what is known of a cluster."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout
from pydantic import ValidationError

from chat_local.doctor.facts import Cluster, Examined, Gateway, Kubernetes
from chat_local.kubectl import Kubectl
from chat_local.places import Where, targets
from chat_local.seen import Target
from chatcluster.control.gateway_admin import sentence

ANSWER = ClientTimeout(total=15.0)  # it asks others, and servers, which take their time too


async def examine(where: Where) -> Cluster:
    """Ask all gateways. Raises StartError when there are none."""
    async with targets(where) as known, ClientSession(timeout=ANSWER) as session:
        at = [target for target in await known() if target.kind == "gateway"]
        gateways = await asyncio.gather(*(_ask(session, target) for target in at))
        kubectl = where.kubectl()
        return Cluster(tuple(gateways), await _release(kubectl) if kubectl else None)


async def _ask(session: ClientSession, at: Target) -> Gateway:
    name = at.name or at.admin
    began = time.time()
    try:
        # A first, quick answer tells the time: the second one takes as long as the slowest server.
        async with session.get(f"{at.admin}/healthz") as answer:
            await answer.read()
        opened = time.time()
        async with session.get(f"{at.admin}/examination", headers=at.headers) as answer:
            body = await answer.read()
            if answer.status != 200:
                return Gateway(name, error=_refused(answer.status))
        examined = Examined.model_validate_json(body)
    except ValidationError:
        return Gateway(name, error="what answers is no gateway")
    except (ClientError, TimeoutError) as error:
        return Gateway(name, error=sentence(error))
    # The gateway noted the time as it got the question, which went as fast as the one before.
    doubt = opened - began
    return Gateway(examined.name, examined, skew=examined.time - opened, doubt=doubt)


def _refused(status: int) -> str:
    if status == 401:
        return "it wants another token (CHAT_ADMIN_TOKEN)"
    if status == 404:
        return "it knows no /examination: it is older than this command"
    return f"it answers {status}"


async def _release(kubectl: Kubectl) -> Kubernetes:
    pods, budgets = await asyncio.gather(kubectl.pods(), kubectl.budgets())
    return release_of(pods, budgets)


def release_of(
    pods: Sequence[Mapping[str, Any]], budgets: Sequence[Mapping[str, Any]]
) -> Kubernetes:
    """What *pods* and *budgets* say, as Kubernetes describes them."""
    gateways = [pod for pod in pods if _labels(pod).get("app.kubernetes.io/component") == "gateway"]
    images = {container["image"] for pod in gateways for container in pod["spec"]["containers"]}
    return Kubernetes(
        gateways=len(gateways),
        ready=sum(map(_is_ready, gateways)),
        nodes=len({pod["spec"].get("nodeName") for pod in gateways}),
        images=tuple(sorted(images)),
        restarts={pod["metadata"]["name"]: count for pod in pods if (count := _restarts(pod)) > 0},
        disruption_budget=any(
            _selects(budget, _labels(pod)) for budget in budgets for pod in gateways[:1]
        ),
    )


def _labels(pod: Mapping[str, Any]) -> Mapping[str, str]:
    labels: Mapping[str, str] = pod["metadata"].get("labels", {})
    return labels


def _is_ready(pod: Mapping[str, Any]) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _restarts(pod: Mapping[str, Any]) -> int:
    statuses = pod.get("status", {}).get("containerStatuses", [])
    return sum(status.get("restartCount", 0) for status in statuses)


def _selects(budget: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """By `matchLabels` alone, as the chart's does."""
    wanted = budget["spec"].get("selector", {}).get("matchLabels", {})
    return bool(wanted) and all(labels.get(name) == value for name, value in wanted.items())
