"""How many gateways there should be, and who leaves: one row per case."""

from __future__ import annotations

from typing import Any

import pytest

from chat_operator.plan import plan
from chat_operator.status import Level, Memory
from chat_operator.steps import Drain, MarkForDeletion, Scale, SeedScale, Stay, Step
from chat_operator.view import View
from tests.operator.views import (
    NOW,
    OLD,
    autoscale,
    leaving,
    pod,
    seconds,
    spec,
    starting,
    view,
    workload,
)

CROWD = [pod("a", 90), pod("b", 40), pod("c", 60)]
FULL = Memory(recommended=3)


def _fixed(replicas: int, **more: Any) -> Any:
    return spec(gateways={"replicas": replicas}, **more)


def _auto(*args: int, **more: Any) -> Any:
    return spec(gateways=autoscale(*args, **more))


STEPS: dict[str, tuple[View, Memory, Step | None]] = {
    "as many as wanted: nothing": (view(*CROWD, spec=_fixed(3)), Memory(), None),
    "more are wanted: at once": (view(*CROWD, spec=_fixed(5)), Memory(), Scale(5, was=3)),
    "fewer are wanted: the emptiest is marked": (
        view(*CROWD, spec=_fixed(2)),
        Memory(),
        MarkForDeletion("b", NOW),
    ),
    "who is not ready goes before the emptiest": (
        view(*CROWD[:2], pod("c", 80, ready=False), spec=_fixed(2)),
        Memory(),
        MarkForDeletion("c", NOW),
    ),
    "who does not even run goes before that": (
        view(*CROWD, pod("d", None, started=None, ready=False), spec=_fixed(2)),
        Memory(),
        MarkForDeletion("d", NOW),
    ),
    "of equally empty ones the youngest": (
        view(pod("a", 5), pod("b", 5, created=NOW), spec=_fixed(1)),
        Memory(),
        MarkForDeletion("b", NOW),
    ),
    "a missing figure holds": (
        view(*CROWD[:2], pod("c", None), spec=_fixed(2)),
        Memory(),
        None,
    ),
    "the only ready one stays": (
        view(pod("a", 9, ready=False), pod("b", 3, ready=False), spec=_fixed(1)),
        Memory(),
        None,
    ),
    "a rollout holds": (
        view(*CROWD, spec=_fixed(2), gateways=workload(3, updated=1)),
        Memory(),
        None,
    ),
    "a spec that the Deployment has not seen holds": (
        view(*CROWD, spec=_fixed(2), gateways=workload(3, generation=2)),
        Memory(),
        None,
    ),
    "a pod that still stops holds": (
        view(*CROWD, pod("d", 0, deleting=True), spec=_fixed(2)),
        Memory(),
        None,
    ),
    "a pod that is not there yet holds": (
        view(*CROWD, spec=_fixed(2), gateways=workload(4)),
        Memory(),
        None,
    ),
    "who is marked is drained, a tenth of all in five seconds": (
        view(CROWD[0], leaving(CROWD[1]), CROWD[2], spec=_fixed(2)),
        Memory(),
        Drain("b", 3.8),
    ),
    "who drains at nearly that pace goes on": (
        view(
            CROWD[0],
            leaving(pod("b", 40, draining=True, per_second=4.0)),
            CROWD[2],
            spec=_fixed(2),
        ),
        Memory(),
        None,
    ),
    "who drains much faster is slowed down": (
        view(
            CROWD[0],
            leaving(pod("b", 40, draining=True, per_second=40.0)),
            CROWD[2],
            spec=_fixed(2),
        ),
        Memory(),
        Drain("b", 3.8),
    ),
    "who is empty but takes newcomers is drained first": (
        view(CROWD[0], leaving(pod("b", 0)), CROWD[2], spec=_fixed(2)),
        Memory(),
        Drain("b", 3.0),
    ),
    "who is drained is removed": (
        view(CROWD[0], leaving(pod("b", 0, draining=True, ready=False)), CROWD[2], spec=_fixed(2)),
        Memory(),
        Scale(2, was=3),
    ),
    "who takes too long is removed with the rest": (
        view(CROWD[0], leaving(pod("b", 7, draining=True), OLD), CROWD[2], spec=_fixed(2)),
        Memory(),
        Scale(2, was=3),
    ),
    "who leaves and does not answer is waited for": (
        view(CROWD[0], leaving(pod("b", None)), CROWD[2], spec=_fixed(2)),
        Memory(),
        None,
    ),
    "who leaves and never answers is removed in the end": (
        view(CROWD[0], leaving(pod("b", None), OLD), CROWD[2], spec=_fixed(2)),
        Memory(),
        Scale(2, was=3),
    ),
    "who leaves and does not run is removed at once": (
        view(
            CROWD[0],
            leaving(pod("b", None, started=None, ready=False)),
            CROWD[2],
            spec=_fixed(2),
        ),
        Memory(),
        Scale(2, was=3),
    ),
    "the Deployment asks for fewer already: not again": (
        view(
            CROWD[0],
            leaving(pod("b", 0, draining=True)),
            CROWD[2],
            spec=_fixed(1),
            gateways=workload(2, current=3, updated=3),
        ),
        Memory(),
        None,
    ),
    "who leaves stays when as many are wanted again": (
        view(CROWD[0], leaving(pod("b", 20, draining=True)), CROWD[2], spec=_fixed(3)),
        Memory(),
        Stay("b"),
    ),
    "who leaves stays when no other is ready": (
        view(pod("a", 90, ready=False), leaving(pod("b", 20, draining=True)), spec=_fixed(1)),
        Memory(),
        Stay("b"),
    ),
    "of two who are marked the later one stays": (
        view(CROWD[0], leaving(CROWD[1], OLD), leaving(CROWD[2]), spec=_fixed(1)),
        Memory(),
        Stay("c"),
    ),
    "scale-in is paused: nobody is chosen": (
        view(*CROWD, spec=_fixed(2, paused="ScaleIn")),
        Memory(),
        None,
    ),
    "scale-in is paused: who leaves stays": (
        view(CROWD[0], leaving(CROWD[1]), CROWD[2], spec=_fixed(2, paused="ScaleIn")),
        Memory(),
        Stay("b"),
    ),
    "scale-in is paused: more still come": (
        view(*CROWD, spec=_fixed(4, paused="ScaleIn")),
        Memory(),
        Scale(4, was=3),
    ),
    "everything is paused: nothing": (
        view(CROWD[0], leaving(CROWD[1]), CROWD[2], spec=_fixed(5, paused="All")),
        Memory(),
        None,
    ),
    "no Deployment: nothing": (view(spec=_fixed(2), gateways=None), Memory(), None),
    "external, before anybody said a number: what is there": (
        view(*CROWD, spec=spec(gateways={"external": True})),
        Memory(),
        SeedScale(3),
    ),
    "external says fewer: drained like any other": (
        view(*CROWD, spec=spec(gateways={"external": True, "replicas": 2})),
        Memory(),
        MarkForDeletion("b", NOW),
    ),
    "external says more": (
        view(*CROWD, spec=spec(gateways={"external": True, "replicas": 7})),
        Memory(),
        Scale(7, was=3),
    ),
    "autoscale: 190 clients at 100 are two, which are not enough for long": (
        view(*CROWD, spec=_auto()),
        FULL,
        None,
    ),
    "autoscale: two have been enough for long": (
        view(*CROWD, spec=_auto()),
        Memory(recommended=2, levels=(Level(replicas=3, until=NOW - seconds(300)),)),
        MarkForDeletion("b", NOW),
    ),
    "autoscale: and a second less is not": (
        view(*CROWD, spec=_auto()),
        Memory(recommended=2, levels=(Level(replicas=3, until=NOW - seconds(299)),)),
        None,
    ),
    "autoscale: rounds up": (view(*CROWD, spec=_auto(1, 10, 47)), FULL, Scale(5, was=3)),
    "autoscale: headroom counts": (
        view(*CROWD, spec=_auto(headroom=211)),
        FULL,
        Scale(5, was=3),
    ),
    "autoscale: capped": (view(*CROWD, spec=_auto(1, 4, 10)), FULL, Scale(4, was=3)),
    "autoscale: at least": (view(*CROWD, spec=_auto(5)), FULL, Scale(5, was=3)),
    "autoscale: a lower maximum is obeyed at once": (
        view(*CROWD, spec=_auto(1, 2, 10)),
        FULL,
        MarkForDeletion("b", NOW),
    ),
    "autoscale: a missing figure is no reason for fewer": (
        view(*CROWD[:2], pod("c", None), spec=_auto(1, 10, 1000)),
        Memory(recommended=1),
        None,
    ),
    "autoscale: what is known may be reason enough for more": (
        view(*CROWD[:2], pod("c", None), spec=_auto(1, 10, 30)),
        FULL,
        Scale(5, was=3),
    ),
    "autoscale: one that starts has no clients, and nothing is missing": (
        view(*CROWD[:2], starting("c"), spec=_auto(1, 10, 20)),
        FULL,
        Scale(7, was=3),
    ),
}


@pytest.mark.parametrize("row", STEPS.values(), ids=STEPS)
def test_the_next_step_is(row: tuple[View, Memory, Step | None]) -> None:
    seen, memory, step = row
    assert plan(seen, memory, NOW).step == step
