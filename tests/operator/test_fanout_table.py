"""The way to another fan-out: one row per case."""

from __future__ import annotations

from typing import Any

import pytest

from chat_operator.plan import plan
from chat_operator.status import CalledOff, Memory, Preparing
from chat_operator.steps import (
    GiveOrders,
    Scale,
    ScaleHubs,
    ScaleWorkers,
    Step,
    WriteFanoutConfig,
)
from chat_operator.view import View
from chatcluster.core import switch
from chatcluster.core.switch import Next, Order, Previous, Switch, Target
from tests.operator.views import IN_FORCE, NOW, pod, seconds, spec, starting, view, worker, workload

REDIS, HUB, ISOLATED = Target("redis"), Target("hub"), Target("isolated")
PREPARED = Switch(0, Target("adapter"), next=Next(1, REDIS, ready=True))
OPENING = Switch(0, Target("adapter"), next=Next(1, REDIS))
BEGUN = Switch(0, Target("adapter"), next=Next(1, REDIS))
COMMITTED = Switch(1, REDIS, previous=Previous(0, Target("adapter")))
FINISHED = Switch(1, REDIS)
PREPARING = Memory(preparing=Preparing(epoch=1, since=NOW - seconds(10)))
FAILED = CalledOff(target="redis", reason="a: no answer", at=NOW - seconds(29), times=1)


def _to(mode: str, *switches: Switch, **given: Any) -> View:
    """Of gateways a, b, … in these states."""
    pods = given.pop("pods", ())
    named = [pod(name, switch=one) for name, one in zip("abcd", switches, strict=False)]
    more = given.pop("spec", {})
    there = len(named) + sum(not one.deleting for one in pods)
    wanted = spec(mode=mode, gateways={"replicas": there}, **more)
    return view(*named, *pods, spec=wanted, **given)


def _orders(step: switch.Step, *names: str, epoch: int = 1, target: Target = REDIS) -> GiveOrders:
    return GiveOrders(dict.fromkeys(names, Order(step, epoch, target)))


HUBS: dict[str, Any] = {"hubs": {"replicas": 2}}
WORKERS: dict[str, Any] = {"workers": {"replicas": 1}}
STEPS: dict[str, tuple[View, Memory, Step | None]] = {
    "what is wanted is in force: nothing": (
        _to("redis", FINISHED, FINISHED, fanout_config=FINISHED),
        Memory(),
        None,
    ),
    "another is wanted: first, those that start have to find it": (
        _to("redis", IN_FORCE, IN_FORCE),
        Memory(),
        WriteFanoutConfig(BEGUN),
    ),
    "then all prepare": (
        _to("redis", IN_FORCE, IN_FORCE, fanout_config=BEGUN),
        PREPARING,
        _orders(switch.Step.PREPARE, "a", "b"),
    ),
    "who prepares is not told again": (
        _to("redis", OPENING, IN_FORCE, fanout_config=BEGUN),
        PREPARING,
        _orders(switch.Step.PREPARE, "b"),
    ),
    "while they prepare: nothing": (
        _to("redis", OPENING, PREPARED, fanout_config=BEGUN),
        PREPARING,
        None,
    ),
    "all are ready: commit": (
        _to("redis", PREPARED, PREPARED, fanout_config=BEGUN),
        PREPARING,
        _orders(switch.Step.COMMIT, "a", "b"),
    ),
    "a gateway starts: no commit without it": (
        _to("redis", PREPARED, PREPARED, pods=[starting("c")], fanout_config=BEGUN),
        PREPARING,
        None,
    ),
    "a gateway waits for its image: commit": (
        _to(
            "redis",
            PREPARED,
            PREPARED,
            pods=[pod("c", None, started=None, ready=False)],
            fanout_config=BEGUN,
        ),
        PREPARING,
        _orders(switch.Step.COMMIT, "a", "b"),
    ),
    "a gateway that stops and does not answer is not waited for": (
        _to(
            "redis",
            PREPARED,
            PREPARED,
            pods=[pod("c", None, deleting=True)],
            fanout_config=BEGUN,
        ),
        PREPARING,
        _orders(switch.Step.COMMIT, "a", "b"),
    ),
    "a worker takes part": (
        _to("redis", PREPARED, worker_pods=(worker("w"),), fanout_config=BEGUN),
        PREPARING,
        _orders(switch.Step.PREPARE, "w"),
    ),
    "one has committed: those that start listen to both": (
        _to("redis", COMMITTED, PREPARED, fanout_config=BEGUN),
        PREPARING,
        WriteFanoutConfig(COMMITTED),
    ),
    "one has committed: the others follow": (
        _to("redis", COMMITTED, PREPARED, fanout_config=COMMITTED),
        PREPARING,
        _orders(switch.Step.FOLLOW, "b"),
    ),
    "one has committed: no timeout any more": (
        _to("redis", COMMITTED, PREPARED, fanout_config=COMMITTED),
        Memory(preparing=Preparing(epoch=1, since=NOW - seconds(999))),
        _orders(switch.Step.FOLLOW, "b"),
    ),
    "one has committed: another mode waits for its turn": (
        _to("adapter", COMMITTED, PREPARED, fanout_config=COMMITTED),
        Memory(),
        _orders(switch.Step.FOLLOW, "b"),
    ),
    "not ready in time: back, and first for those that start": (
        _to("redis", OPENING, PREPARED, fanout_config=BEGUN),
        Memory(preparing=Preparing(epoch=1, since=NOW - seconds(60))),
        WriteFanoutConfig(IN_FORCE),
    ),
    "one cannot: back": (
        _to(
            "redis",
            Switch(0, Target("adapter"), next=Next(1, REDIS, error="refused")),
            PREPARED,
            fanout_config=IN_FORCE,
        ),
        PREPARING,
        _orders(switch.Step.CALL_OFF, "a", "b"),
    ),
    "called off a moment ago: nothing": (
        _to("redis", IN_FORCE, IN_FORCE),
        Memory(called_off=FAILED),
        None,
    ),
    "called off long enough ago: again": (
        _to("redis", IN_FORCE, IN_FORCE),
        Memory(called_off=FAILED.model_copy(update={"at": NOW - seconds(30)})),
        WriteFanoutConfig(BEGUN),
    ),
    "called off for the third time: four times as long": (
        _to("redis", IN_FORCE, IN_FORCE),
        Memory(called_off=FAILED.model_copy(update={"at": NOW - seconds(119), "times": 3})),
        None,
    ),
    "called off, and something else is wanted: at once": (
        _to("postgres", IN_FORCE, IN_FORCE),
        Memory(called_off=FAILED),
        WriteFanoutConfig(Switch(0, Target("adapter"), next=Next(1, Target("postgres")))),
    ),
    "what called it off is still prepared somewhere: it goes": (
        _to("redis", PREPARED, IN_FORCE),
        Memory(called_off=FAILED),
        _orders(switch.Step.CALL_OFF, "a"),
    ),
    "the carrier does not answer: it does not begin": (
        _to("redis", IN_FORCE, IN_FORCE, carriers={"redis": "nobody listens there"}),
        Memory(),
        None,
    ),
    "somebody lost what those that start read": (
        _to("adapter", IN_FORCE, IN_FORCE, fanout_config=None),
        Memory(),
        WriteFanoutConfig(IN_FORCE),
    ),
    "nobody answers, and some are said to be ready: nothing": (
        _to("redis", pods=[pod("a", None)]),
        Memory(),
        None,
    ),
    "nobody lives: those that start take what is wanted": (
        _to("redis", pods=[pod("a", None, ready=False, started=None)]),
        Memory(),
        WriteFanoutConfig(FINISHED),
    ),
    "nobody lives, and the carrier is not there either": (
        _to(
            "redis",
            pods=[pod("a", None, ready=False, started=None)],
            carriers={"redis": "nobody listens there"},
        ),
        Memory(),
        None,
    ),
    "more gateways come even now": (
        view(pod("a"), spec=spec(mode="redis", gateways={"replicas": 3})),
        Memory(),
        Scale(3, was=1),
    ),
    "a change holds fewer": (
        view(
            pod("a", switch=OPENING),
            pod("b", switch=OPENING),
            spec=spec(mode="redis", gateways={"replicas": 1}),
            fanout_config=BEGUN,
        ),
        PREPARING,
        None,
    ),
    "hub: the hubs come first": (
        _to("hub", IN_FORCE, spec=HUBS, hubs=workload(0)),
        Memory(),
        ScaleHubs(2),
    ),
    "hub: they have to be ready": (
        _to("hub", IN_FORCE, spec=HUBS, hubs=workload(2, ready=1)),
        Memory(),
        None,
    ),
    "hub: then it begins": (
        _to("hub", IN_FORCE, spec=HUBS, hubs=workload(2)),
        Memory(),
        WriteFanoutConfig(Switch(0, Target("adapter"), next=Next(1, HUB))),
    ),
    "hub: there are no hubs at all": (_to("hub", IN_FORCE, spec=HUBS), Memory(), None),
    "hub: they are somebody else's": (
        _to("hub", IN_FORCE),
        Memory(),
        WriteFanoutConfig(Switch(0, Target("adapter"), next=Next(1, HUB))),
    ),
    "away from hub: they stay until it is over": (
        _to("redis", COMMITTED, FINISHED, fanout_config=FINISHED, spec=HUBS, hubs=workload(2)),
        Memory(),
        WriteFanoutConfig(COMMITTED),
    ),
    "away from hub: then they go": (
        _to("redis", FINISHED, FINISHED, fanout_config=FINISHED, spec=HUBS, hubs=workload(2)),
        Memory(),
        ScaleHubs(0),
    ),
    "away from hub, called off: they stay": (
        _to(
            "redis",
            Switch(0, HUB),
            fanout_config=Switch(0, HUB),
            spec=HUBS,
            hubs=workload(2),
        ),
        Memory(called_off=FAILED),
        None,
    ),
    "isolated: workers stop first": (
        _to("isolated", IN_FORCE, spec=WORKERS, workers=workload(1), worker_pods=(worker("w"),)),
        Memory(),
        ScaleWorkers(0),
    ),
    "isolated: and are waited for": (
        _to("isolated", IN_FORCE, spec=WORKERS, workers=workload(0), worker_pods=(worker("w"),)),
        Memory(),
        None,
    ),
    "isolated: then it begins": (
        _to("isolated", IN_FORCE, spec=WORKERS, workers=workload(0)),
        Memory(),
        WriteFanoutConfig(Switch(0, Target("adapter"), next=Next(1, ISOLATED))),
    ),
    "away from isolated: workers come when it is over": (
        _to("redis", FINISHED, fanout_config=FINISHED, spec=WORKERS, workers=workload(0)),
        Memory(),
        ScaleWorkers(1),
    ),
}


@pytest.mark.parametrize("row", STEPS.values(), ids=STEPS)
def test_the_next_step_is(row: tuple[View, Memory, Step | None]) -> None:
    seen, memory, step = row
    assert plan(seen, memory, NOW).step == step


def test_options_of_a_mode_are_part_of_what_is_wanted() -> None:
    wanted = spec(mode="adapter", fanout={"adapter": {"protocol": "sharded"}, "redis": {}})
    assert wanted.fanout.target == Target("adapter", {"adapter_protocol": "sharded"})


def test_how_often_a_change_failed_is_counted_once_per_attempt() -> None:
    broken = Switch(0, Target("adapter"), next=Next(1, REDIS, error="refused"))
    seen = _to("redis", broken, fanout_config=IN_FORCE)
    first = plan(seen, PREPARING, NOW)
    assert first.memory.called_off is not None
    assert first.memory.called_off.times == 1
    again = plan(_to("redis", IN_FORCE), first.memory, NOW + seconds(1))
    assert again.step is None
    assert again.memory == first.memory
