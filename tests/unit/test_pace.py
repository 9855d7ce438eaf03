"""Clients leave evenly."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chat_gateway.pace import LONGEST_STEP_SECONDS, Pace

rates = st.floats(0.1, 1000)
steps = st.lists(st.floats(0, 5), max_size=50)


@given(rates, steps)
def test_never_more_than_the_pace_allows_for_the_time_that_passed(rate, waits):
    pace, now, gone = Pace(rate, 0), 0.0, 0
    for wait in waits:
        now += wait
        gone += pace.allowed(now)
        assert gone <= rate * now + 1 + 1e-6


@given(rates, st.integers(1, 300))
def test_who_asks_often_enough_gets_all_that_the_pace_allows(rate, asked):
    pace = Pace(rate, 0)
    gone = sum(pace.allowed(step / 10) for step in range(1, asked + 1))
    assert gone >= rate * asked / 10 - 1e-6 - 1


def test_a_loop_that_stood_still_does_not_make_up_for_it():
    pace = Pace(10, 0)
    assert pace.allowed(60) == 10 * LONGEST_STEP_SECONDS + 1


def test_the_first_goes_at_once():
    assert Pace(0.1, 5).allowed(5) == 1
