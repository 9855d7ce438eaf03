"""Each envelope once, with memory that has an end."""

from __future__ import annotations

from collections import deque

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


def test_what_is_older_than_the_window_counts_as_seen():
    once = Once(window=2)
    assert [once.first("a", number) for number in (5, 6, 7)] == [True, True, True]
    assert not once.first("a", 5)
    assert not once.first("a", 4)


def test_the_origin_that_was_silent_for_longest_is_forgotten():
    once = Once(origins=2)
    for origin in ("a", "b", "a", "c"):
        once.first(origin, 1)
    assert not once.first("a", 1)
    assert not once.first("c", 1)
    assert once.first("b", 1)
    assert once.first("a", 1)


def test_an_origin_begins_anywhere():
    """A gateway that starts late hears the others in the middle of their counting."""
    once = Once(window=4)
    assert once.first("a", 1000)
    assert once.first("a", 999)


@given(st.lists(st.integers(1, 30), max_size=200), st.integers(1, 8))
def test_in_any_order_within_the_window_each_is_first_once(arrivals, window):
    """The model: a repeat of one of the last *window* is always noticed, and one that never came is
    the first unless it is older than one that fell out of the window.
    """
    once = Once(window=window)
    recent: deque[int] = deque()
    seen: set[int] = set()
    fallen = 0
    for number in arrivals:
        first = once.first("a", number)
        if number in seen:
            assert not first
            continue
        assert first == (number > fallen)
        if first:
            seen.add(number)
            recent.append(number)
            if len(recent) > window:
                fallen = max(fallen, recent.popleft())


def test_memory_has_an_end():
    once = Once(window=5, origins=3)
    for number in range(1, 100):
        once.first("abcdef"[number // 10 % 6], number * 7 % 101)
        assert len(once._origins) <= 3
        for seen in once._origins.values():
            assert len(seen.order) == len(seen.sequences) <= 5


def test_by_default_thousands_of_envelopes_and_a_thousand_gateways_are_remembered():
    once = Once()
    assert all(once.first("a", number) for number in range(1, 4097))
    assert not any(once.first("a", number) for number in range(1, 4097))
    for number in range(1023):
        once.first(f"other {number}", 1)
    assert not once.first("a", 4096)
