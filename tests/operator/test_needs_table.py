"""What a mode needs beside the gateways, and when: one row per case."""

from __future__ import annotations

from typing import Any

import pytest

from chat_operator.plan import plan
from chat_operator.status import CalledOff, Memory, Preparing
from chat_operator.steps import GiveOrders, ScaleHubs, ScaleWorkers, Step, WriteFanoutConfig
from chat_operator.view import View
from chatcluster.core import switch
from chatcluster.core.switch import Next, Order, Previous, Switch, Target
from tests.operator.views import IN_FORCE, NOW, pod, seconds, towards, worker, workload

REDIS, HUB, ISOLATED = Target("redis"), Target("hub"), Target("isolated")
PREPARED = Switch(0, Target("adapter"), next=Next(1, REDIS, ready=True))
BEGUN = Switch(0, Target("adapter"), next=Next(1, REDIS))
COMMITTED = Switch(1, REDIS, previous=Previous(0, Target("adapter")))
FINISHED = Switch(1, REDIS)
PREPARING = Memory(preparing=Preparing(epoch=1, since=NOW - seconds(10)))
FAILED = CalledOff(target="redis", reason="a: no answer", at=NOW - seconds(29), times=1)
HUBS: dict[str, Any] = {"hubs": {"replicas": 2}}
WORKER = worker("w")
WORKERS: dict[str, Any] = {"workers": {"replicas": 1}}

STEPS: dict[str, tuple[View, Memory, Step | None]] = {
    "hub: the hubs come first": (
        towards("hub", IN_FORCE, spec=HUBS, hubs=workload(0)),
        Memory(),
        ScaleHubs(2),
    ),
    "hub: they have to be ready": (
        towards("hub", IN_FORCE, spec=HUBS, hubs=workload(2, ready=1)),
        Memory(),
        None,
    ),
    "hub: then it begins": (
        towards("hub", IN_FORCE, spec=HUBS, hubs=workload(2)),
        Memory(),
        WriteFanoutConfig(Switch(0, Target("adapter"), next=Next(1, HUB))),
    ),
    "hub: there are no hubs at all": (towards("hub", IN_FORCE, spec=HUBS), Memory(), None),
    "hub: they are somebody else's": (
        towards("hub", IN_FORCE),
        Memory(),
        WriteFanoutConfig(Switch(0, Target("adapter"), next=Next(1, HUB))),
    ),
    "away from hub: they stay until it is over": (
        towards("redis", COMMITTED, FINISHED, fanout_config=FINISHED, spec=HUBS, hubs=workload(2)),
        Memory(),
        WriteFanoutConfig(COMMITTED),
    ),
    "away from hub: then they go": (
        towards("redis", FINISHED, FINISHED, fanout_config=FINISHED, spec=HUBS, hubs=workload(2)),
        Memory(),
        ScaleHubs(0),
    ),
    "away from hub, called off: they stay": (
        towards(
            "redis",
            Switch(0, HUB),
            fanout_config=Switch(0, HUB),
            spec=HUBS,
            hubs=workload(2),
        ),
        Memory(called_off=FAILED),
        None,
    ),
    "nobody says which mode is in use: hubs stay": (
        towards("redis", pods=[pod("a", None)], fanout_config=None, spec=HUBS, hubs=workload(2)),
        Memory(),
        None,
    ),
    "away from hub: none are left": (
        towards("redis", FINISHED, fanout_config=FINISHED, spec=HUBS, hubs=workload(0)),
        Memory(),
        None,
    ),
    "hub: another number of them": (
        towards(
            "hub",
            Switch(0, HUB),
            fanout_config=Switch(0, HUB),
            spec=HUBS,
            hubs=workload(1),
        ),
        Memory(),
        ScaleHubs(2),
    ),
    "isolated: workers stop first": (
        towards(
            "isolated", IN_FORCE, spec=WORKERS, workers=workload(1), worker_pods=(worker("w"),)
        ),
        Memory(),
        ScaleWorkers(0),
    ),
    "isolated: and are waited for": (
        towards(
            "isolated", IN_FORCE, spec=WORKERS, workers=workload(0), worker_pods=(worker("w"),)
        ),
        Memory(),
        None,
    ),
    "isolated: then it begins": (
        towards("isolated", IN_FORCE, spec=WORKERS, workers=workload(0)),
        Memory(),
        WriteFanoutConfig(Switch(0, Target("adapter"), next=Next(1, ISOLATED))),
    ),
    "away from isolated: workers come when it is over": (
        towards("redis", FINISHED, fanout_config=FINISHED, spec=WORKERS, workers=workload(0)),
        Memory(),
        ScaleWorkers(1),
    ),
    "nobody lives, and the mode needs hubs": (
        towards(
            "hub",
            pods=[pod("a", None, ready=False, started=None)],
            spec=HUBS,
            hubs=workload(0),
        ),
        Memory(),
        ScaleHubs(2),
    ),
    "isolated: workers that are not ours are not stopped": (
        towards("isolated", IN_FORCE, workers=workload(1)),
        Memory(),
        WriteFanoutConfig(Switch(0, Target("adapter"), next=Next(1, ISOLATED))),
    ),
    "a worker takes part": (
        towards("redis", PREPARED, worker_pods=(worker("w"),), fanout_config=BEGUN),
        PREPARING,
        GiveOrders({"w": Order(switch.Step.PREPARE, 1, REDIS)}),
    ),
}


@pytest.mark.parametrize("row", STEPS.values(), ids=STEPS)
def test_the_next_step_is(row: tuple[View, Memory, Step | None]) -> None:
    seen, memory, step = row
    assert plan(seen, memory, NOW).step == step
