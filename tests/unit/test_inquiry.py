"""When a question is over, and who is missing then."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.inquiry import Inquiry


def asked(*others: str) -> Inquiry:
    inquiry = Inquiry()
    inquiry.asked(others)
    return inquiry


def test_it_is_over_at_once_when_nobody_is_there() -> None:
    inquiry = Inquiry()
    assert not inquiry.over
    inquiry.asked(())
    assert inquiry.over
    assert inquiry.missing == 0


def test_it_waits_for_the_last_part_of_everybody() -> None:
    inquiry = asked("one", "two")
    assert inquiry.heard("one", 0, last=True)
    assert inquiry.heard("two", 0, last=False)
    assert not inquiry.over
    assert inquiry.missing == 1
    assert inquiry.heard("two", 1, last=True)
    assert inquiry.over
    assert inquiry.missing == 0


def test_a_part_counts_once() -> None:
    inquiry = asked("one")
    assert inquiry.heard("one", 0, last=False)
    assert not inquiry.heard("one", 0, last=False)


def test_an_answer_with_a_lost_part_is_not_complete() -> None:
    inquiry = asked("one")
    inquiry.heard("one", 0, last=False)
    inquiry.heard("one", 2, last=True)
    assert not inquiry.over
    assert inquiry.missing == 1
    assert inquiry.heard("one", 1, last=False)
    assert inquiry.over


def test_nobody_waits_for_a_gateway_that_is_gone_and_it_is_missing() -> None:
    inquiry = asked("one", "two")
    inquiry.gone("two")
    inquiry.gone("nobody")
    assert not inquiry.over
    inquiry.heard("one", 0, last=True)
    assert inquiry.over
    assert inquiry.missing == 1


def test_who_answered_before_going_is_not_missing() -> None:
    inquiry = asked("one")
    inquiry.heard("one", 0, last=True)
    inquiry.gone("one")
    assert inquiry.missing == 0


def test_a_newcomer_that_begins_to_answer_is_waited_for() -> None:
    inquiry = Inquiry()
    inquiry.heard("late", 0, last=False)
    inquiry.asked(["one"])
    inquiry.heard("one", 0, last=True)
    assert not inquiry.over
    inquiry.heard("late", 1, last=True)
    assert inquiry.over


@given(
    parts=st.dictionaries(st.sampled_from("abc"), st.integers(1, 4), min_size=1),
    random=st.randoms(use_true_random=False),
    repeats=st.integers(0, 3),
)
def test_in_whatever_order_parts_come_each_counts_once_and_the_end_is_seen(
    parts: dict[str, int], random: Random, repeats: int
) -> None:
    inquiry = asked(*parts)
    all_parts = [(origin, n) for origin, count in parts.items() for n in range(count)]
    coming = all_parts * (repeats + 1)
    random.shuffle(coming)
    taken = []
    for origin, number in coming:
        done = inquiry.over
        first = inquiry.heard(origin, number, last=number == parts[origin] - 1)
        if first:
            taken.append((origin, number))
            assert not done
    assert sorted(taken) == sorted(all_parts)
    assert inquiry.over
    assert inquiry.missing == 0
