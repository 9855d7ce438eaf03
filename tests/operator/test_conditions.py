"""What each condition says: one row per case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chat_operator.view import View
from chatcluster.core.switch import Next, Previous, Switch, Target
from tests.operator.statuses import QUIET, said, status_at
from tests.operator.views import (
    autoscale,
    leaving,
    pod,
    spec,
    starting,
    view,
    worker,
    workload,
)

A, B = pod("a", 5), pod("b", 7)
COMMITTED = Switch(1, Target("redis"), previous=Previous(0, Target("adapter")))
FAILING = Switch(0, Target("adapter"), next=Next(1, Target("redis"), error="no", forward=True))


CARRIER_DOWN = view(A, B, spec=spec(mode="redis"), carriers={"redis": "nobody listens there"})
DRAINING = leaving(pod("b", 7, draining=True))
ROWS: dict[str, tuple[View, str, tuple[str, str]]] = {
    "all is well: ready": (QUIET, "Ready", ("True", "Ready")),
    "all is well: nothing is on its way": (QUIET, "Progressing", ("False", "Settled")),
    "all is well: nothing is broken": (QUIET, "Degraded", ("False", "AsExpected")),
    "all is well: the mode": (QUIET, "FanoutReady", ("True", "InForce")),
    "all is well: scaling": (QUIET, "AbleToScale", ("True", "Ready")),
    "all is well: nobody leaves": (QUIET, "Draining", ("False", "NoneLeaves")),
    "all is well: figures": (QUIET, "MetricsAvailable", ("True", "AllAnswer")),
    "all is well: not paused": (QUIET, "Paused", ("False", "NotPaused")),
    "all is well: no warnings": (QUIET, "NoWarnings", ("True", "NoWarnings")),
    "one is missing: not ready": (
        view(A, spec=spec(gateways={"replicas": 2})),
        "Ready",
        ("False", "GatewaysMissing"),
    ),
    "one is missing: on its way": (
        view(A, starting("b")),
        "Progressing",
        ("True", "GatewaysStarting"),
    ),
    "one is to leave: on its way": (
        view(A, DRAINING, spec=spec(gateways={"replicas": 1})),
        "Progressing",
        ("True", "Scaling"),
    ),
    "one is to leave: as many as wanted are ready": (
        view(A, DRAINING, spec=spec(gateways={"replicas": 1})),
        "Ready",
        ("True", "Ready"),
    ),
    "one is to leave: it drains": (
        view(A, DRAINING, spec=spec(gateways={"replicas": 1})),
        "Draining",
        ("True", "GatewayLeaves"),
    ),
    "one is to leave: that is scaling": (
        view(
            A,
            leaving(pod("b", 7, draining=True, per_second=0.2)),
            spec=spec(gateways={"replicas": 1}),
        ),
        "AbleToScale",
        ("True", "Draining"),
    ),
    "a rollout": (
        view(A, B, gateways=workload(2, updated=1)),
        "Progressing",
        ("True", "RolloutInProgress"),
    ),
    "a rollout holds scale-in": (
        view(A, B, gateways=workload(2, updated=1), spec=spec(gateways={"replicas": 1})),
        "AbleToScale",
        ("False", "RolloutInProgress"),
    ),
    "no Deployment: degraded": (view(gateways=None), "Degraded", ("True", "NoDeployment")),
    "no Deployment: not ready": (view(gateways=None), "Ready", ("False", "NoDeployment")),
    "none is ready for long": (
        view(pod("a", 5, ready=False)),
        "Degraded",
        ("True", "NoGatewayReady"),
    ),
    "the first one starts": (view(starting("a")), "Degraded", ("False", "Starting")),
    "one does not answer: degraded": (
        view(A, pod("b", None)),
        "Degraded",
        ("True", "GatewaySilent"),
    ),
    "one does not answer: no figures": (
        view(A, pod("b", None)),
        "MetricsAvailable",
        ("False", "GatewaySilent"),
    ),
    "one does not answer: its fan-out is not known": (
        view(A, pod("b", None)),
        "FanoutReady",
        ("Unknown", "Waiting"),
    ),
    "nobody answers: nor the fan-out": (
        view(pod("a", None)),
        "FanoutReady",
        ("Unknown", "NoAnswer"),
    ),
    "no gateway runs: figures are not known": (
        view(pod("a", None, started=None, ready=False)),
        "MetricsAvailable",
        ("Unknown", "NoGateway"),
    ),
    "another mode is wanted": (
        view(A, B, spec=spec(mode="redis")),
        "FanoutReady",
        ("False", "Preparing"),
    ),
    "another mode is wanted: not ready": (
        view(A, B, spec=spec(mode="redis")),
        "Ready",
        ("False", "Preparing"),
    ),
    "another mode is wanted: on its way": (
        view(A, B, spec=spec(mode="redis")),
        "Progressing",
        ("True", "FanoutChanging"),
    ),
    "another mode is wanted, its carrier is down": (
        CARRIER_DOWN,
        "FanoutReady",
        ("False", "CarrierDown"),
    ),
    "its carrier is down: degraded": (CARRIER_DOWN, "Degraded", ("True", "FanoutCarrierDown")),
    "last messages are on their way: nothing is broken": (
        view(
            pod("a", switch=COMMITTED),
            pod("b", switch=COMMITTED),
            spec=spec(mode="redis"),
            fanout_config=COMMITTED,
        ),
        "Degraded",
        ("False", "AsExpected"),
    ),
    "last messages are on their way: not yet": (
        view(
            pod("a", switch=COMMITTED),
            pod("b", switch=COMMITTED),
            spec=spec(mode="redis"),
            fanout_config=COMMITTED,
        ),
        "FanoutReady",
        ("False", "Finishing"),
    ),
    "one cannot follow: degraded": (
        view(
            pod("a", switch=COMMITTED),
            pod("b", switch=FAILING),
            spec=spec(mode="redis"),
            fanout_config=COMMITTED,
        ),
        "Degraded",
        ("True", "FanoutWaiting"),
    ),
    "a worker does not answer: degraded": (
        view(A, B, worker_pods=(replace(worker("w"), report=None),)),
        "Degraded",
        ("True", "FanoutWaiting"),
    ),
    "its carrier is down: nothing is on its way": (
        CARRIER_DOWN,
        "Progressing",
        ("False", "Settled"),
    ),
    "paused": (view(A, B, spec=spec(paused="All")), "Paused", ("True", "All")),
    "paused: ready all the same": (view(A, B, spec=spec(paused="All")), "Ready", ("True", "Ready")),
    "paused, another mode is wanted": (
        view(A, B, spec=spec(mode="redis", paused="All")),
        "FanoutReady",
        ("False", "Paused"),
    ),
    "paused, more are wanted": (
        view(A, B, spec=spec(gateways={"replicas": 3}, paused="All")),
        "AbleToScale",
        ("False", "Paused"),
    ),
    "scale-in is paused": (
        view(A, B, spec=spec(gateways={"replicas": 1}, paused="ScaleIn")),
        "AbleToScale",
        ("False", "ScaleInPaused"),
    ),
    "fewer are enough, not for long": (
        view(A, B, spec=spec(gateways=autoscale())),
        "AbleToScale",
        ("True", "Stabilizing"),
    ),
    "users are split": (
        view(
            pod("a", switch=Switch(0, Target("isolated"))),
            pod("b", switch=Switch(0, Target("isolated"))),
            spec=spec(mode="isolated"),
            fanout_config=Switch(0, Target("isolated")),
        ),
        "NoWarnings",
        ("False", "UsersAreSplit"),
    ),
    "one gateway splits nobody": (
        view(pod("a"), spec=spec(mode="isolated", gateways={"replicas": 1})),
        "NoWarnings",
        ("True", "NoWarnings"),
    ),
    "users are split, and may be": (
        view(A, B, spec=spec(mode="isolated", fanout={"acceptSplitUsers": True})),
        "NoWarnings",
        ("True", "NoWarnings"),
    ),
    "more are needed than there may be": (
        view(A, B, spec=spec(gateways=autoscale(1, 2, 1))),
        "NoWarnings",
        ("False", "AtMaximum"),
    ),
    "somebody else sets deletion costs": (
        view(A, replace(B, foreign_cost=True)),
        "NoWarnings",
        ("False", "ForeignDeletionCost"),
    ),
    "a drain that cannot be done in its time": (
        view(A, B, spec=spec(drain={"maxMovingPercent": 1, "timeoutSeconds": 60})),
        "NoWarnings",
        ("False", "HastyDrain"),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_the_condition_is(row: tuple[View, str, tuple[str, str]]) -> None:
    seen, name, expected = row
    assert said(status_at(seen), name) == expected
