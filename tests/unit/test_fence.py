"""Each origin's order survives its change from one fan-out to another."""

from __future__ import annotations

import random
from collections import deque
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.envelope import Action, Envelope, RoomKey
from chatcluster.core.fence import (
    EVERYBODY,
    LAST,
    LAST_HERE,
    NAMESPACE,
    Fence,
    marks,
    without_marks,
)

EPOCH = 7
PATIENCE = 5.0
NUMBERS = count(1)


def said(origin: str, room: str = "tea", *, epoch: int = 0) -> Envelope:
    rooms = (room,) if room else ()
    return Envelope(origin, next(NUMBERS), "/", Action.EMIT, rooms=rooms, epoch=epoch)


def fence(*, wanted=lambda room: True, expects=lambda origin: True) -> Fence:
    return Fence(EPOCH, patience=PATIENCE, expects=expects, wanted=wanted)


def marks_of(origin: str, *rooms: str, epoch: int = EPOCH) -> list[Envelope]:
    return marks(origin, epoch, [RoomKey("/", room) for room in rooms], NUMBERS)


def test_what_comes_on_the_old_one_passes_at_once():
    before = said("a")
    assert fence().old([before]) == [before]


def test_what_comes_on_the_new_one_waits_for_the_origin_s_marks():
    between, after = fence(), said("a", epoch=EPOCH)
    assert between.new([after], 0.0) == []
    assert between.holds
    *in_rooms, last = marks_of("a", "tea")
    assert between.old(in_rooms) == []
    assert between.old([last]) == [after]
    assert not between.holds


def test_marks_may_come_in_any_order_since_rooms_have_ways_of_their_own():
    between, after = fence(), said("a", epoch=EPOCH)
    between.new([after], 0.0)
    first, second, last = marks_of("a", "tea", "milk")
    assert between.old([last]) == []
    assert between.old([second]) == []
    assert between.old([first]) == [after]


def test_marks_in_rooms_that_are_not_wanted_here_are_not_waited_for():
    between = fence(wanted=lambda room: room.room == "tea")
    after = said("a", epoch=EPOCH)
    between.new([after], 0.0)
    tea, _, last = marks_of("a", "tea", "milk")
    assert between.old([tea, last]) == [after]


def test_after_its_marks_an_origin_passes():
    between = fence()
    between.old(marks_of("a", "tea"))
    after = said("a", epoch=EPOCH)
    assert between.new([after], 0.0) == [after]


def test_one_origin_does_not_wait_for_another():
    between = fence()
    between.old(marks_of("a"))
    of_a, of_b = said("a", epoch=EPOCH), said("b", epoch=EPOCH)
    assert between.new([of_b, of_a], 0.0) == [of_a]
    assert between.marked == {"a"}


def test_marks_reach_no_receiver():
    assert fence().old(marks_of("a", "tea", "")) == []


def test_marks_of_another_change_are_not_taken_for_this_one_s():
    between, after = fence(), said("a", epoch=EPOCH)
    between.new([after], 0.0)
    assert between.old(marks_of("a", epoch=EPOCH - 1)) == []
    assert between.marked == frozenset()


def test_a_mark_that_says_nothing_is_ignored():
    between = fence()
    assert between.old([Envelope("a", 1, NAMESPACE, Action.SIGNAL, event=LAST)]) == []
    assert not between.begun


def test_a_client_s_event_of_the_same_name_is_no_mark():
    event = Envelope("a", 1, "/", Action.EMIT, event=LAST_HERE, args=(EPOCH,))
    assert fence().old([event]) == [event]


def test_what_other_socket_io_servers_say_passes():
    """They do not change with us, and their envelopes have no epoch."""
    theirs = said("node", epoch=0)
    assert fence().new([theirs], 0.0) == [theirs]


def test_an_origin_whose_marks_cannot_come_passes():
    between = fence(expects=lambda origin: origin == "me")
    theirs, ours = said("a", epoch=EPOCH), said("me", epoch=EPOCH)
    assert between.new([theirs, ours], 0.0) == [theirs]


def test_patience_has_an_end():
    between, after = fence(), said("a", epoch=EPOCH)
    between.new([after], 10.0)
    between.new([said("a", epoch=EPOCH)], 14.0)
    assert between.late(14.9) == []
    assert between.late(15.0)[0] == after
    assert not between.holds
    again = said("a", epoch=EPOCH)
    assert between.new([again], 15.1) == [again]


def test_late_marks_are_no_harm():
    between = fence()
    between.new([said("a", epoch=EPOCH)], 0.0)
    between.late(PATIENCE)
    assert between.old(marks_of("a", "tea")) == []
    assert between.marked == {"a"}


def test_an_origin_may_say_that_its_marks_were_not_taken():
    between, after = fence(), said("a", epoch=EPOCH)
    assert between.new([after, without_marks("a", EPOCH, NUMBERS)], 0.0) == [after]
    assert between.marked == {"a"}


def test_when_the_old_one_is_gone_nothing_is_held():
    between, after = fence(), said("a", epoch=EPOCH)
    between.new([after], 0.0)
    assert between.give_up() == [after]
    other = said("b", epoch=EPOCH)
    assert between.new([other], 0.0) == [other]


def test_marks_come_by_the_ways_of_the_rooms_they_are_for():
    *in_rooms, last = marks("a", EPOCH, [RoomKey("/", "tea"), RoomKey("/room", "")], count(5))
    assert [one.keys[0] for one in in_rooms] == [RoomKey("/", "tea"), RoomKey("/room", "")]
    assert last.keys == (EVERYBODY,)
    assert [one.sequence for one in (*in_rooms, last)] == [5, 6, 7]


@pytest.mark.parametrize("rooms", [1, 4])
@given(seed=st.integers(0, 2**32), changes_at=st.integers(0, 30))
def test_order_per_origin_and_room_whatever_the_ways_do(rooms, seed, changes_at):
    """Each room has a way of its own on each fan-out, which keeps its order and may be slow."""
    chance = random.Random(seed)
    names = [f"room {number}" for number in range(rooms)]
    between = fence()
    old: dict[tuple[str, str], deque[Envelope]] = {}
    new: dict[tuple[str, str], deque[Envelope]] = {}
    sent: dict[tuple[str, str], list[int]] = {}
    for origin in ("a", "b"):
        numbers = count(1)
        used: set[RoomKey] = set()
        for step in range(40):
            room = chance.choice(names)
            way, epoch = (old, 0) if step < changes_at else (new, EPOCH)
            if step == changes_at:
                for mark in marks(origin, EPOCH, sorted(used), numbers):
                    key = mark.keys[0]
                    old.setdefault((origin, key.room or key.namespace), deque()).append(mark)
            used.add(RoomKey("/", room))
            number = next(numbers)
            one = Envelope(origin, number, "/", Action.EMIT, rooms=(room,), epoch=epoch)
            way.setdefault((origin, room), deque()).append(one)
            sent.setdefault((origin, room), []).append(number)
    got: dict[tuple[str, str], list[int]] = {}
    while old or new:
        ways = chance.choice([way for way in (old, new) if way])
        queue = chance.choice(list(ways))
        one = ways[queue].popleft()
        if not ways[queue]:
            del ways[queue]
        for out in between.old([one]) if ways is old else between.new([one], 0.0):
            got.setdefault((out.origin, out.rooms[0]), []).append(out.sequence)
    assert got == sent
    assert not between.holds
