"""What became different in a room, between two tellings."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.people import Change, Person

STEPS = st.lists(st.tuples(st.booleans(), st.sampled_from("abc"), st.sampled_from("xyz")))


@given(before=st.sets(st.sampled_from("abc")), steps=STEPS)
def test_a_change_makes_the_list_before_into_the_list_after(before, steps):
    real = {id: Person(id, "old", "one") for id in before}
    shown = dict(real)
    change = Change()
    for comes, id, nickname in steps:
        if comes:
            real[id] = Person(id, nickname, "one")
            change.add(real[id])
        else:
            real.pop(id, None)
            change.remove(id)
    assert change.left.isdisjoint(change.joined)
    shown.update(change.joined)
    for id in change.left:
        shown.pop(id, None)
    assert shown == real


def test_who_came_and_went_is_told_as_gone():
    change = Change()
    change.add(Person("a", "ada", "one"))
    change.remove("a")
    assert (change.joined, change.left) == ({}, {"a"})
