"""What was seen, for tables: a quiet cluster, and what differs from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chat_operator.spec import ChatClusterSpec, read_spec
from chat_operator.status import Memory
from chat_operator.view import Figures, GatewayPod, Program, View, Workload
from chatcluster.core.switch import Switch, Target
from chatcluster.core.switch_plan import Report

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
OLD = NOW - timedelta(hours=1)
IN_FORCE = Switch(0, Target("adapter"))

OBJECTS: dict[str, Any] = {
    "gateways": {"deployment": "chat-gateway"},
    "hubs": {"statefulSet": "chat-hub"},
    "workers": {"deployment": "chat-worker"},
    "fanout": {"name": "chat-fanout"},
    "adminToken": {"name": "chat-admin-token", "key": "token"},
}


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def spec(*, mode: str = "adapter", **given: Any) -> ChatClusterSpec:
    """A fixed number of two gateways, unless said otherwise."""
    raw = {
        "gateways": {"replicas": 2},
        "fanout": {"mode": mode, **given.pop("fanout", {})},
        "objects": OBJECTS,
    }
    return read_spec({**raw, **given})


def autoscale(minimum: int = 1, maximum: int = 10, per: int = 100, **more: Any) -> dict[str, Any]:
    return {
        "autoscale": {"min": minimum, "max": maximum, "connectionsPerGateway": per, **more},
    }


def pod(name: str, connections: int | None = 0, **given: Any) -> GatewayPod:
    """One that serves and has that many clients; None: it does not say."""
    switch = given.pop("switch", IN_FORCE)
    draining = given.pop("draining", False)
    pace = given.pop("per_second", None)
    silent = connections is None
    values: dict[str, Any] = {
        "created": OLD,
        "started": OLD,
        "report": None if silent else Report(name, switch, frozenset({name})),
        "problem": "no answer within 2 s" if silent else "",
        "figures": None if connections is None else Figures(connections, draining, pace),
    }
    return GatewayPod(name, **{**values, **given})


def starting(name: str, age: float = 5.0) -> GatewayPod:
    begun = NOW - seconds(age)
    return pod(name, None, created=begun, started=begun, ready=False)


def worker(name: str, switch: Switch = IN_FORCE) -> Program:
    return Program(name, OLD, OLD, report=Report(name, switch, frozenset({name})))


def workload(replicas: int, **given: Any) -> Workload:
    values = {"current": replicas, "updated": replicas, "ready": replicas}
    return Workload(replicas, **{**values, **given})


def view(*pods: GatewayPod, **given: Any) -> View:
    """Of as many replicas as pods, unless said otherwise; no hubs, no workers."""
    alive = sum(not one.deleting for one in pods)
    values: dict[str, Any] = {
        "spec": spec(gateways={"replicas": max(1, alive)}),
        "generation": 1,
        "gateways": workload(alive),
        "pods": pods,
        "fanout_config": IN_FORCE,
        "selector": "app=gateway",
    }
    return View(**{**values, **given})


def remembering(**given: Any) -> Memory:
    return Memory(**given)


def leaving(one: GatewayPod, since: datetime = NOW) -> GatewayPod:
    return replace(one, leaving_since=since)
