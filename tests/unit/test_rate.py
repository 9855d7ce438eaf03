"""Rates: what may come at once, what may come in the long run, and what is remembered."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatcluster.core.rate import Rate, Rates

rates = st.tuples(st.floats(0.1, 1000), st.integers(1, 200))
pauses = st.lists(st.floats(0, 5), min_size=1, max_size=30)


def taken(rate, times, many=1):
    """Those of *times* at which it was allowed."""
    until, allowed = 0.0, []
    for now in times:
        after = rate.spend(until, now, many)
        if after is not None:
            until = after
            allowed.append(now)
    return allowed


def times_of(pauses):
    now, times = 1000.0, []
    for pause in pauses:
        now += pause
        times.append(now)
    return times


@given(rates, st.floats(0, 1e6))
def test_exactly_the_burst_may_come_at_once(numbers, now):
    per_second, burst = numbers
    assert len(taken(Rate.of(per_second, burst), [now] * (burst + 50))) == burst


@given(rates, pauses)
def test_in_no_span_of_time_more_comes_than_the_burst_and_what_the_span_brings(numbers, pauses):
    per_second, burst = numbers
    allowed = taken(Rate.of(per_second, burst), times_of(pauses))
    for first in range(len(allowed)):
        for last in range(first, len(allowed)):
            most = burst + (allowed[last] - allowed[first]) * per_second
            assert last - first + 1 <= most + 1


@given(rates, st.integers(1, 100))
def test_who_keeps_to_the_rate_is_never_refused(numbers, count):
    per_second, burst = numbers
    times = [5.0 + number / per_second for number in range(count)]
    assert taken(Rate.of(per_second, burst), times) == times


@given(rates, pauses)
@example((83.0, 1), [0.0, 1 / 83 / 2])  # where adding the wait to the time loses a bit of it
def test_the_wait_is_as_long_as_it_says(numbers, pauses):
    rate = Rate.of(*numbers)
    until = 0.0
    for now in times_of(pauses):
        wait = rate.wait(until, now)
        after = rate.spend(until, now)
        assert (after is not None) == (wait <= 0) or wait < rate.interval
        assert rate.spend(until, now + wait) is not None
        until = until if after is None else after


@given(rates, st.integers(1, 20), st.floats(0, 1e6))
def test_several_at_once_cost_as_much_as_one_by_one(numbers, many, now):
    rate = Rate.of(*numbers)
    together = rate.spend(0.0, now, many)
    alone: float | None = 0.0
    for _ in range(many):
        alone = None if alone is None else rate.spend(alone, now)
    assert (together is None) == (alone is None)
    if together is not None and alone is not None:
        assert together == pytest.approx(alone)


@given(st.lists(st.floats(0, 1e6), max_size=100))
def test_without_a_rate_everything_may_come(times):
    assert taken(Rate.of(0, 1), sorted(times)) == sorted(times)
    assert Rate.of(0, 1).wait(5.0, 1.0) == 0.0


def test_each_key_has_its_own_share():
    rates = Rates(Rate.of(1, 2))
    assert [rates.spend(key, 10.0) for key in "aabba"] == [True, True, True, True, False]
    assert rates.wait("a", 10.0) == pytest.approx(0.5, abs=1e-5)
    assert rates.wait("nobody", 10.0) == 0.0


def test_no_more_keys_are_remembered_than_asked_for():
    rates = Rates(Rate.of(1, 1), most=10)
    for number in range(1000):
        rates.spend(str(number), 1.0)
    assert len(rates) == 10
    assert not rates.spend("999", 1.0)


def test_who_tries_again_and_again_is_not_forgotten_for_others():
    rates = Rates(Rate.of(1, 1), most=10)
    rates.spend("often", 1.0)
    for number in range(100):
        rates.spend(str(number), 1.0)
        assert not rates.spend("often", 1.0)


def test_without_a_rate_nobody_is_remembered():
    rates = Rates(Rate.of(0, 1))
    assert rates.spend("a", 1.0)
    assert not len(rates)
