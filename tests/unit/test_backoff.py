"""Attempts are spread out, and never further apart than the cap."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.backoff import delays

PART = st.floats(0.0, 1.0)


@pytest.mark.parametrize(
    ("random", "expected"),
    [(0.0, [0.5, 1.0, 2.0, 2.5, 2.5]), (0.5, [0.75, 1.5, 3.0, 3.75, 3.75])],
)
def test_delays_double_up_to_the_cap(random, expected):
    assert list(islice(delays(1.0, 5.0, lambda: random), 5)) == expected


@given(st.floats(0.001, 10.0), st.floats(10.0, 100.0), st.lists(PART, min_size=1, max_size=40))
def test_each_delay_is_in_the_upper_half_of_its_step(first, cap, parts):
    randoms = iter(parts)
    for step, delay in enumerate(islice(delays(first, cap, lambda: next(randoms)), len(parts))):
        ceiling = min(cap, first * 2.0**step)
        assert ceiling / 2 * 0.999 <= delay <= ceiling * 1.001
