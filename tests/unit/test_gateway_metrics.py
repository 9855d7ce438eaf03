"""Where a gateway is: in its life, in a drain, in a change of its fan-out."""

from __future__ import annotations

from typing import Any, cast

import pytest

from chat_gateway.health import Health, Phase
from chat_gateway.metrics import PHASES_OF_A_CHANGE, phase_of_change
from chatcluster.core.switch import Next, Previous, Switch, Target

HUB, REDIS = Target("hub"), Target("redis")


@pytest.mark.parametrize(
    ("switch", "phase"),
    [
        (None, "steady"),
        (Switch(0, HUB), "steady"),
        (Switch(0, HUB, next=Next(1, REDIS)), "preparing"),
        (Switch(0, HUB, next=Next(1, REDIS, ready=True)), "ready"),
        (Switch(0, HUB, next=Next(1, REDIS, error="nobody answers")), "failing"),
        (Switch(1, REDIS, previous=Previous(0, HUB)), "committed"),
    ],
)
def test_a_change_is_in_one_of_five_phases(switch: Switch | None, phase: str):
    assert phase_of_change(switch) == phase
    assert phase in PHASES_OF_A_CHANGE


@pytest.mark.parametrize(
    ("leaving", "left", "done"), [(10, 10, 0.0), (10, 4, 0.6), (10, 0, 1.0), (10, 12, 0.0)]
)
def test_a_drain_is_done_as_far_as_connections_are_gone(leaving: int, left: int, done: float):
    health = Health(cast(Any, None), None)
    assert health.drained(left) == 0.0
    health.phase, health.leaving = Phase.DRAINING, leaving
    assert health.drained(left) == pytest.approx(done)


def test_a_drain_of_nobody_is_done():
    health = Health(cast(Any, None), None)
    health.phase = Phase.DRAINING
    assert health.drained(0) == 1.0
