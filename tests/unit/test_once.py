"""Each envelope once, with memory that has an end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.once import Once


def test_only_the_first_arrival_is_the_first():
    once = Once()
    assert once.first("a", 1)
    assert not once.first("a", 1)
    assert once.first("a", 2)
    assert not once.first("a", 1)


def test_each_origin_counts_by_itself():
    once = Once()
    assert once.first("a", 1)
    assert once.first("b", 1)
    assert not once.first("a", 1)


def test_what_comes_a_window_late_counts_as_seen():
    once = Once(window=2)
    assert [once.first("a", number) for number in (5, 6, 7)] == [True, True, True]
    assert not once.first("a", 5)
    assert not once.first("a", 3)


def test_an_origin_that_was_silent_while_many_others_spoke_is_forgotten():
    once = Once(origins=2)
    assert [once.first(origin, 1) for origin in "abcde"] == [True] * 5
    assert not once.first("c", 1)
    assert once.first("a", 1)


def test_an_origin_that_goes_on_speaking_is_remembered():
    once = Once(origins=2)
    assert once.first("a", 1)
    for number in range(20):
        once.first(f"other {number}", 1)
        assert not once.first("a", 1)


def test_an_origin_begins_anywhere():
    """A gateway that starts late hears the others in the middle of their counting."""
    once = Once(window=4)
    assert once.first("a", 1000)
    assert once.first("a", 999)


@given(st.lists(st.integers(1, 40), max_size=200), st.sampled_from([1, 2, 4, 8, 16]))
def test_nothing_is_first_twice_and_what_comes_within_the_window_is_first_once(arrivals, window):
    once = Once(window=window)
    seen: set[int] = set()
    for number in arrivals:
        first = once.first("a", number)
        if number in seen:
            assert not first
        elif number > max(seen, default=0) - window:
            assert first
        seen.add(number)


def test_memory_has_an_end():
    once = Once(window=4, origins=3)
    for number in range(1, 100):
        once.first("abcdefgh"[number % 8], number * 7 % 101)
        assert len(once._lately) <= 3
        assert len(once._older) <= 3


def test_the_window_is_a_power_of_two():
    with pytest.raises(AssertionError, match="power of two"):
        Once(window=6)


def test_by_default_thousands_of_envelopes_and_a_thousand_gateways_are_remembered():
    once = Once()
    assert all(once.first("a", number) for number in range(8192, 0, -1))
    assert not any(once.first("a", number) for number in range(1, 8193))
    for number in range(1023):
        once.first(f"other {number}", 1)
    assert not once.first("a", 4096)
