"""When a job that was not done is taken up again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_worker.patience import LONGEST, MARGIN, Patience, Pending

PATIENCE = Patience(retry=1.0, timeout=10.0)
GONE = 1.0 + 10.0 + MARGIN  # seconds after its first attempt began that a job of others is due


def due(*pending: Pending, running: frozenset[str] = frozenset()) -> list[str]:
    found = PATIENCE.due(pending, consumer="me", running=running)
    return [one.id for one, _ in found]


@pytest.mark.parametrize(
    ("consumer", "idle", "attempts", "expected"),
    [
        ("me", 0.9, 1, False),
        ("me", 1.0, 1, True),
        ("me", 3.9, 3, False),
        ("me", 4.0, 3, True),
        ("me", LONGEST, 99, True),
        ("other", GONE - 0.1, 1, False),
        ("other", GONE, 1, True),
    ],
)
def test_a_job_is_due(consumer: str, idle: float, attempts: int, expected: bool) -> None:
    assert (due(Pending("1-0", consumer, idle, attempts)) == ["1-0"]) is expected


def test_a_job_that_is_running_here_is_not_due() -> None:
    assert due(
        Pending("1-0", "me", 99, 1), Pending("2-0", "me", 99, 1), running=frozenset({"1-0"})
    ) == ["2-0"]


@given(st.integers(1, 1000))
def test_delays_grow_to_a_limit(attempts: int) -> None:
    assert PATIENCE.delay(attempts) <= PATIENCE.delay(attempts + 1) <= LONGEST


@given(st.floats(0, 200), st.integers(1, 20))
def test_others_come_only_after_a_worker_that_lives(idle: float, attempts: int) -> None:
    """Whatever others may take, its own worker might have taken before."""
    if due(Pending("1-0", "other", idle, attempts)):
        assert due(Pending("1-0", "me", idle - PATIENCE.timeout - MARGIN, attempts))
