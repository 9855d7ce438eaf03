"""Newcomers are let in at a steady pace."""

from __future__ import annotations

import pytest

from chat_gateway.limits.admission import LONGEST_SECONDS, Admission


def test_those_who_come_at_once_are_spread():
    admission = Admission(10, lambda: 5.0)
    assert [admission.wait() for _ in range(4)] == pytest.approx([0.0, 0.1, 0.2, 0.3])


def test_those_who_come_slowly_enough_do_not_wait():
    times = iter([1.0, 1.2, 1.4])
    admission = Admission(10, lambda: next(times))
    assert [admission.wait() for _ in range(3)] == [0.0, 0.0, 0.0]


def test_who_would_wait_too_long_is_sent_away_and_takes_nobodys_place():
    admission = Admission(1, lambda: 0.0)
    waits = [admission.wait() for _ in range(20)]
    assert waits[:11] == [float(number) for number in range(int(LONGEST_SECONDS) + 1)]
    assert waits[11:] == [None] * 9


def test_without_a_rate_nobody_waits():
    admission = Admission(0, lambda: 0.0)
    assert {admission.wait() for _ in range(1000)} == {0.0}
