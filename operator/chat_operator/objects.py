"""What the API's objects say, as the values that a View has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chat_operator.steps import DELETION_COST, LEAVING
from chat_operator.view import GatewayPod, Program, Workload
from chatcluster.core.errors import MalformedError
from chatcluster.core.switch import Switch
from chatcluster.core.switch_json import read_switch

Object = Mapping[str, Any]

_MAIN = "kubectl.kubernetes.io/default-container"


def workload(body: Object | None) -> Workload | None:
    """Of a Deployment or StatefulSet."""
    if body is None:
        return None
    meta, spec, status = body["metadata"], body["spec"], body.get("status", {})
    return Workload(
        replicas=spec.get("replicas", 1),
        current=status.get("replicas", 0),
        updated=status.get("updatedReplicas", 0),
        ready=status.get("readyReplicas", 0),
        generation=meta.get("generation", 1),
        observed_generation=status.get("observedGeneration", 0),
        resource_version=meta["resourceVersion"],
    )


def ended(pod: Object) -> bool:
    """Whether it runs no more and never will."""
    return pod.get("status", {}).get("phase") in ("Succeeded", "Failed")


def program(pod: Object) -> Program:
    """What Kubernetes knows of a worker's pod."""
    return Program(**_common(pod))


def gateway(pod: Object) -> GatewayPod:
    """What Kubernetes knows of a gateway's pod."""
    annotations = _annotations(pod)
    leaving = _time(annotations.get(LEAVING))
    return GatewayPod(
        **_common(pod),
        leaving_since=leaving,
        foreign_cost=DELETION_COST in annotations and leaving is None,
    )


def admin_url(pod: Object, port: int) -> str:
    """Of its admin server; "" where it has no address yet."""
    address = pod.get("status", {}).get("podIP", "")
    if not address:
        return ""
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


def start_state(config_map: Object | None, key: str) -> Switch | None:
    """In which programs that start begin; None where it cannot be read."""
    text = (config_map or {}).get("data", {}).get(key)
    if text is None:
        return None
    try:
        return read_switch(text)
    except MalformedError:
        return None


def _common(pod: Object) -> dict[str, Any]:
    meta, status = pod["metadata"], pod.get("status", {})
    conditions = {one["type"]: one["status"] for one in status.get("conditions", ())}
    return {
        "name": meta["name"],
        "created": datetime.fromisoformat(meta["creationTimestamp"]),
        "started": _started(pod),
        "ready": conditions.get("Ready") == "True",
        "deleting": "deletionTimestamp" in meta,
    }


def _started(pod: Object) -> datetime | None:
    """When the program's container began to run, if it runs; others may stand beside it."""
    name = _annotations(pod).get(_MAIN, pod["spec"]["containers"][0]["name"])
    for one in pod.get("status", {}).get("containerStatuses", ()):
        if one["name"] == name and "running" in one.get("state", {}):
            return _time(one["state"]["running"].get("startedAt"))
    return None


def _annotations(pod: Object) -> Mapping[str, str]:
    found: Mapping[str, str] = pod["metadata"].get("annotations", {})
    return found


def _time(text: str | None) -> datetime | None:
    """None for what is no time in a known zone: an annotation can be anything."""
    try:
        time = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return time if time.tzinfo is not None else None
