"""What a feed skipped is remembered in little room, and given up when it was made good."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.skipped import Skipped
from tests.unit.feed_words import at

OFFSETS = st.integers(0, 40)
EPOCHS = st.sampled_from(["a", "b"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), OFFSETS, OFFSETS, EPOCHS),
        st.tuples(st.just("discard"), OFFSETS, OFFSETS, EPOCHS),
        st.tuples(st.just("forget"), OFFSETS, OFFSETS, EPOCHS),
        st.tuples(st.just("clear"), OFFSETS, OFFSETS, EPOCHS),
    ),
    max_size=40,
)


class Model:
    """The same as a plain set of offsets."""

    def __init__(self) -> None:
        self.epoch = ""
        self.offsets: set[int] = set()

    def step(self, skipped: Skipped, what: str, one: int, other: int, epoch: str) -> None:
        same = epoch == self.epoch
        if what == "add":
            skipped.add(at(one, epoch), at(other, epoch))
            self.offsets = (self.offsets if same else set()) | set(range(one + 1, other + 1))
            self.epoch = epoch
        elif what == "discard":
            skipped.discard(at(one, epoch))
            self.offsets -= {one} if same else set()
        elif what == "forget":
            skipped.forget(at(one, epoch))
            self.offsets -= set(range(one + 1)) if same else set()
        else:
            skipped.clear()
            self.offsets = set()


def held(skipped: Skipped) -> set[int]:
    return {offset for offset in range(60) for epoch in "ab" if at(offset, epoch) in skipped}


@given(STEPS)
def test_it_is_a_set_of_positions(steps):
    skipped, model = Skipped(1000), Model()
    for step in steps:
        model.step(skipped, *step)
        assert held(skipped) == model.offsets
        assert bool(skipped) == bool(model.offsets)
        first = at(min(model.offsets) - 1, model.epoch) if model.offsets else None
        assert skipped.after == first
        assert not any(at(offset, epoch) in skipped for offset in range(60) for epoch in "cd")


@given(STEPS, st.integers(1, 4))
def test_with_little_room_more_is_made_good_and_never_less(steps, limit):
    skipped, model = Skipped(limit), Model()
    for step in steps:
        model.step(skipped, *step)
        assert held(skipped) >= model.offsets
        assert len(skipped._starts) == len(skipped._stops) <= limit


def test_what_follows_each_other_takes_the_room_of_one():
    skipped = Skipped(1)
    for offset in range(100_000):
        skipped.add(at(offset), at(offset + 1))
    assert (skipped.after, at(100_000) in skipped) == (at(0), True)


def test_past_the_limit_the_oldest_are_taken_together():
    skipped = Skipped(2)
    for offset in (1, 3, 5, 7):
        skipped.add(at(offset - 1), at(offset))
    assert [offset for offset in range(9) if at(offset) in skipped] == [1, 2, 3, 4, 5, 7]


def test_of_a_log_that_was_begun_anew_it_begins_with_the_first():
    skipped = Skipped(9)
    skipped.add(at(3), at(5))
    skipped.add(at(5), at(2, "b"))
    assert (skipped.after, at(4) in skipped, at(2, "b") in skipped) == (at(0, "b"), False, True)
