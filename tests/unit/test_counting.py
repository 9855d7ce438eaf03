"""What is counted: names of a closed set, and how values are distributed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.counting import Distribution, Tally


def test_a_name_that_somebody_made_up_is_counted_as_other():
    tally = Tally(("slow", "invalid"))
    for name in ("slow", "slow", "<script>", "other", ""):
        tally.add(name)
    assert tally.counts == {"slow": 2, "invalid": 0, "other": 3}


def test_names_can_be_added_before_they_are_counted():
    tally = Tally(())
    tally.add("join")
    tally.expect(("join", "leave"))
    tally.add("join")
    tally.expect(("join",))
    assert tally.counts == {"other": 1, "join": 1, "leave": 0}


def test_a_value_at_a_bound_belongs_below_it():
    some = Distribution((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 7.0):
        some.add(value)
    assert some.cumulative() == [(1.0, 2), (2.0, 3), (float("inf"), 4)]
    assert (some.count, some.sum) == (4, 10.0)


@given(st.lists(st.floats(0, 100)))
def test_a_distribution_counts_as_one_would_by_hand(values: list[float]):
    some = Distribution()
    for value in values:
        some.add(value)
    for bound, count in some.cumulative():
        assert count == sum(value <= bound for value in values)
