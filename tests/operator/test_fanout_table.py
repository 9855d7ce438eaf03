"""The way to another fan-out: one row per case."""

from __future__ import annotations

import pytest

from chat_operator.plan import plan
from chat_operator.status import CalledOff, Memory, Preparing
from chat_operator.steps import (
    GiveOrders,
    Scale,
    Step,
    WriteFanoutConfig,
)
from chat_operator.view import View
from chatcluster.core import switch
from chatcluster.core.switch import Next, Order, Previous, Switch, Target
from tests.operator.views import IN_FORCE, NOW, pod, seconds, spec, starting, towards, view

REDIS, HUB, ISOLATED = Target("redis"), Target("hub"), Target("isolated")
PREPARED = Switch(0, Target("adapter"), next=Next(1, REDIS, ready=True))
OPENING = Switch(0, Target("adapter"), next=Next(1, REDIS))
BEGUN = Switch(0, Target("adapter"), next=Next(1, REDIS))
COMMITTED = Switch(1, REDIS, previous=Previous(0, Target("adapter")))
FINISHED = Switch(1, REDIS)
PREPARING = Memory(preparing=Preparing(epoch=1, since=NOW - seconds(10)))
FAILED = CalledOff(target="redis", reason="a: no answer", at=NOW - seconds(29), times=1)


def _orders(step: switch.Step, *names: str, epoch: int = 1, target: Target = REDIS) -> GiveOrders:
    return GiveOrders(dict.fromkeys(names, Order(step, epoch, target)))


STEPS: dict[str, tuple[View, Memory, Step | None]] = {
    "what is wanted is in force: nothing": (
        towards("redis", FINISHED, FINISHED, fanout_config=FINISHED),
        Memory(),
        None,
    ),
    "another is wanted: first, those that start have to find it": (
        towards("redis", IN_FORCE, IN_FORCE),
        Memory(),
        WriteFanoutConfig(BEGUN),
    ),
    "then all prepare": (
        towards("redis", IN_FORCE, IN_FORCE, fanout_config=BEGUN),
        PREPARING,
        _orders(switch.Step.PREPARE, "a", "b"),
    ),
    "who prepares is not told again": (
        towards("redis", OPENING, IN_FORCE, fanout_config=BEGUN),
        PREPARING,
        _orders(switch.Step.PREPARE, "b"),
    ),
    "while they prepare: nothing": (
        towards("redis", OPENING, PREPARED, fanout_config=BEGUN),
        PREPARING,
        None,
    ),
    "all are ready: commit": (
        towards("redis", PREPARED, PREPARED, fanout_config=BEGUN),
        PREPARING,
        _orders(switch.Step.COMMIT, "a", "b"),
    ),
    "a gateway starts: no commit without it": (
        towards("redis", PREPARED, PREPARED, pods=[starting("c")], fanout_config=BEGUN),
        PREPARING,
        None,
    ),
    "a gateway waits for its image: commit": (
        towards(
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
        towards(
            "redis",
            PREPARED,
            PREPARED,
            pods=[pod("c", None, deleting=True)],
            fanout_config=BEGUN,
        ),
        PREPARING,
        _orders(switch.Step.COMMIT, "a", "b"),
    ),
    "one has committed: those that start listen to both": (
        towards("redis", COMMITTED, PREPARED, fanout_config=BEGUN),
        PREPARING,
        WriteFanoutConfig(COMMITTED),
    ),
    "one has committed: the others follow": (
        towards("redis", COMMITTED, PREPARED, fanout_config=COMMITTED),
        PREPARING,
        _orders(switch.Step.FOLLOW, "b"),
    ),
    "one has committed: no timeout any more": (
        towards("redis", COMMITTED, PREPARED, fanout_config=COMMITTED),
        Memory(preparing=Preparing(epoch=1, since=NOW - seconds(999))),
        _orders(switch.Step.FOLLOW, "b"),
    ),
    "one has committed: another mode waits for its turn": (
        towards("adapter", COMMITTED, PREPARED, fanout_config=COMMITTED),
        Memory(),
        _orders(switch.Step.FOLLOW, "b"),
    ),
    "not ready in time: back, and first for those that start": (
        towards("redis", OPENING, PREPARED, fanout_config=BEGUN),
        Memory(preparing=Preparing(epoch=1, since=NOW - seconds(60))),
        WriteFanoutConfig(IN_FORCE),
    ),
    "one cannot: back": (
        towards(
            "redis",
            Switch(0, Target("adapter"), next=Next(1, REDIS, error="refused")),
            PREPARED,
            fanout_config=IN_FORCE,
        ),
        PREPARING,
        _orders(switch.Step.CALL_OFF, "a", "b"),
    ),
    "called off a moment ago: nothing": (
        towards("redis", IN_FORCE, IN_FORCE),
        Memory(called_off=FAILED),
        None,
    ),
    "called off long enough ago: again": (
        towards("redis", IN_FORCE, IN_FORCE),
        Memory(called_off=FAILED.model_copy(update={"at": NOW - seconds(30)})),
        WriteFanoutConfig(BEGUN),
    ),
    "called off for the third time: four times as long": (
        towards("redis", IN_FORCE, IN_FORCE),
        Memory(called_off=FAILED.model_copy(update={"at": NOW - seconds(119), "times": 3})),
        None,
    ),
    "called off, and something else is wanted: at once": (
        towards("postgres", IN_FORCE, IN_FORCE),
        Memory(called_off=FAILED),
        WriteFanoutConfig(Switch(0, Target("adapter"), next=Next(1, Target("postgres")))),
    ),
    "what called it off is still prepared somewhere: it goes": (
        towards("redis", PREPARED, IN_FORCE),
        Memory(called_off=FAILED),
        _orders(switch.Step.CALL_OFF, "a"),
    ),
    "the carrier does not answer: it does not begin": (
        towards("redis", IN_FORCE, IN_FORCE, carriers={"redis": "nobody listens there"}),
        Memory(),
        None,
    ),
    "somebody lost what those that start read": (
        towards("adapter", IN_FORCE, IN_FORCE, fanout_config=None),
        Memory(),
        WriteFanoutConfig(IN_FORCE),
    ),
    "nobody answers, and some are said to be ready: nothing": (
        towards("redis", pods=[pod("a", None)]),
        Memory(),
        None,
    ),
    "nobody lives: those that start take what is wanted": (
        towards("redis", pods=[pod("a", None, ready=False, started=None)]),
        Memory(),
        WriteFanoutConfig(FINISHED),
    ),
    "nobody lives, and the carrier is not there either": (
        towards(
            "redis",
            pods=[pod("a", None, ready=False, started=None)],
            carriers={"redis": "nobody listens there"},
        ),
        Memory(),
        None,
    ),
    "nobody lives, and nothing is written": (
        towards("redis", pods=[pod("a", None, ready=False, started=None)], fanout_config=None),
        Memory(),
        WriteFanoutConfig(Switch(0, REDIS)),
    ),
    "who has noted that it commits is not told again": (
        towards(
            "redis",
            COMMITTED,
            Switch(0, Target("adapter"), next=Next(1, REDIS, forward=True)),
            fanout_config=COMMITTED,
        ),
        PREPARING,
        None,
    ),
    "paused, and nobody answers: nothing": (
        towards("redis", pods=[pod("a", None)], spec={"paused": "All"}),
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
    seen = towards("redis", broken, fanout_config=IN_FORCE)
    first = plan(seen, PREPARING, NOW)
    assert first.memory.called_off is not None
    assert first.memory.called_off.times == 1
    again = plan(towards("redis", IN_FORCE), first.memory, NOW + seconds(1))
    assert again.step is None
    assert again.memory == first.memory
