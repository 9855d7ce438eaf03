"""How many gateways there should be: one row per case."""

from __future__ import annotations

from typing import Any

import pytest

from chat_operator.plan import plan
from chat_operator.status import Level, Memory
from chat_operator.steps import MarkForDeletion, Scale, SeedScale, Step
from chat_operator.view import View
from tests.operator.views import NOW, autoscale, pod, seconds, spec, starting, view

CROWD = [pod("a", 90), pod("b", 40), pod("c", 60)]
FULL = Memory(recommended=3)


def _auto(*args: int, **more: Any) -> Any:
    return spec(gateways=autoscale(*args, **more))


STEPS: dict[str, tuple[View, Memory, Step | None]] = {
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
