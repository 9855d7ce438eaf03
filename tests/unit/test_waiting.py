"""The queue of what no carrier took."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.envelope import Action, Envelope
from chatcluster.core.waiting import BATCH_BYTES, Bounds, FullError, Waiting


def envelope(sequence: int, origin: str = "one") -> Envelope:
    return Envelope(origin, sequence, "/", Action.EMIT)


def everything(waiting: Waiting) -> list[tuple[str, int]]:
    found = []
    while batch := waiting.next_batch(3):
        found += [(one.origin, one.sequence) for one in batch]
        waiting.taken()
    return found


def test_what_was_added_out_of_order_goes_out_in_order() -> None:
    waiting = Waiting(Bounds())
    for sequence in (3, 1, 2, 5, 4):
        waiting.add(envelope(sequence), 1)
    assert everything(waiting) == [("one", number) for number in range(1, 6)]


def test_nothing_is_put_before_what_is_on_its_way() -> None:
    waiting = Waiting(Bounds())
    for sequence in (5, 6, 7):
        waiting.add(envelope(sequence), 1)
    assert len(waiting.next_batch(2)) == 2
    waiting.add(envelope(1), 1)
    waiting.taken()
    assert everything(waiting) == [("one", 1), ("one", 7)]


def test_what_was_put_back_goes_out_again() -> None:
    waiting = Waiting(Bounds())
    waiting.add(envelope(2), 10)
    waiting.next_batch()
    waiting.put_back()
    waiting.add(envelope(1), 10)
    assert waiting.bytes == 20
    assert everything(waiting) == [("one", 1), ("one", 2)]
    assert waiting.bytes == 0


def test_cleared_it_is_as_new() -> None:
    waiting = Waiting(Bounds())
    waiting.add(envelope(5), 10)
    waiting.next_batch()
    waiting.clear()
    assert (len(waiting), waiting.bytes) == (0, 0)
    waiting.add(envelope(1), 10)
    assert everything(waiting) == [("one", 1)]


def test_one_that_waits_is_not_added_again() -> None:
    waiting = Waiting(Bounds())
    for sequence in (1, 2, 1, 2):
        waiting.add(envelope(sequence), 1)
    assert len(waiting) == waiting.bytes == 2


def test_one_that_comes_late_after_the_others_are_gone_waits_at_the_end() -> None:
    waiting = Waiting(Bounds())
    waiting.add(envelope(5), 1)
    waiting.add(envelope(1, "two"), 1)
    waiting.next_batch(1)
    waiting.taken()
    waiting.add(envelope(4), 1)
    assert everything(waiting) == [("two", 1), ("one", 4)]


def test_a_batch_ends_before_it_gets_too_large_but_has_one_in_any_case() -> None:
    waiting = Waiting(Bounds())
    for sequence, size in enumerate([BATCH_BYTES + 1, BATCH_BYTES // 2, BATCH_BYTES // 2, 1], 1):
        waiting.add(envelope(sequence), size)
    sizes = []
    while batch := waiting.next_batch():
        sizes.append(len(batch))
        waiting.taken()
    assert sizes == [1, 2, 1]


def test_it_says_when_there_is_no_room() -> None:
    waiting = Waiting(Bounds(envelopes=2, bytes=100))
    waiting.check(2, 100)
    waiting.add(envelope(1), 60)
    waiting.check(1, 40)
    with pytest.raises(FullError, match="1 envelopes wait, of 2 that may"):
        waiting.check(2)
    with pytest.raises(FullError, match="60 bytes wait, of 100 that may"):
        waiting.check(1, 41)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 30)), max_size=60))
def test_each_origin_keeps_its_order_however_they_are_added(arrivals) -> None:
    waiting = Waiting(Bounds())
    for origin, sequence in arrivals:
        waiting.add(envelope(sequence, origin), 1)
    found = everything(waiting)
    assert sorted(found) == sorted(set(arrivals))
    for origin in "ab":
        sequences = [sequence for of, sequence in found if of == origin]
        assert sequences == sorted(sequences)
