"""Mode `hub`: one stream per origin out of several hubs."""

from __future__ import annotations

import pytest

from chatcluster.core.envelope import Action, Envelope, RoomKey
from chatcluster.fanout.hub.merge import Merge
from chatcluster.fanout.hub.parcel import Carried, Leg, Mark

A, B, C = "http://hub-a", "http://hub-b", "http://hub-c"
BOTH = (Leg(A, "/", ("a",)), Leg(B, "/", ("b",)))


class Hubs:
    """What is expected at which hub, and a merge that is asked at one moment after the other."""

    def __init__(self) -> None:
        self.up = {A, B, C}
        self.now = 0.0
        self.merge = Merge((A, B, C), lambda hub, keys: hub in self.up, patience=1.0)

    def arrive(self, hub: str, parcel: Carried | Mark) -> list[int]:
        return [envelope.sequence for envelope in self.merge.arrive(hub, parcel, self.now)]

    def look_again(self) -> list[int]:
        return [envelope.sequence for envelope in self.merge.look_again(self.now)]


@pytest.fixture
def hubs() -> Hubs:
    return Hubs()


def carried(
    sequence: int, legs: tuple[Leg, ...] = (), again: tuple[str, ...] = (), origin: str = "one"
) -> Carried:
    return Carried(Envelope(origin, sequence, "/", Action.EMIT, event="e"), legs, again)


def test_what_comes_through_one_hub_is_delivered_at_once(hubs: Hubs) -> None:
    assert hubs.arrive(A, carried(2)) == [2]
    assert hubs.arrive(B, carried(1)) == [1]
    assert hubs.merge.next_at() is None


def test_what_comes_through_two_hubs_is_delivered_once(hubs: Hubs) -> None:
    assert hubs.arrive(A, carried(1, BOTH)) == []
    assert hubs.arrive(B, carried(1, BOTH)) == [1]
    assert hubs.merge.next_at() is None


def test_it_waits_for_what_the_other_hub_has_yet_to_bring_before_it(hubs: Hubs) -> None:
    """1 is for room b, 2 for both rooms, 3 for room a: nobody may see 2 before 1, or 3 before 2."""
    assert hubs.arrive(A, carried(2, BOTH)) == []
    assert hubs.arrive(A, carried(3)) == []
    assert hubs.arrive(B, carried(1)) == [1]
    assert hubs.arrive(B, carried(2, BOTH)) == [2, 3]


def test_other_origins_do_not_wait(hubs: Hubs) -> None:
    hubs.arrive(A, carried(1, BOTH))
    assert hubs.arrive(A, carried(7, origin="two")) == [7]


def test_it_does_not_wait_for_a_hub_that_brings_no_copy(hubs: Hubs) -> None:
    hubs.up.remove(B)
    assert hubs.arrive(A, carried(1, BOTH)) == [1]


def test_it_waits_no_longer_when_the_other_hub_is_gone(hubs: Hubs) -> None:
    hubs.arrive(A, carried(1, BOTH))
    hubs.arrive(A, carried(2))
    hubs.up.remove(B)
    assert hubs.look_again() == [1, 2]


def test_it_waits_no_longer_than_its_patience(hubs: Hubs) -> None:
    hubs.arrive(A, carried(1, BOTH))
    hubs.now = 0.5
    hubs.arrive(A, carried(2, BOTH))
    assert hubs.merge.next_at() == 1.0
    hubs.now = 1.0
    assert hubs.look_again() == [1]
    assert hubs.merge.next_at() == 1.5
    assert hubs.arrive(B, carried(1, BOTH)) == []  # too late, and a repeat
    assert hubs.arrive(B, carried(2, BOTH)) == [2]


def test_it_need_not_be_asked_again_before_anything_can_change(hubs: Hubs) -> None:
    """What has waited too long behind something else waits for that."""
    hubs.arrive(A, carried(1, BOTH))
    hubs.now = 0.5
    hubs.arrive(B, carried(2, BOTH))
    hubs.arrive(B, carried(1, BOTH))
    hubs.arrive(A, carried(2, BOTH))
    assert hubs.merge.next_at() == 1.0
    hubs.now = 1.2
    hubs.look_again()
    at = hubs.merge.next_at()
    assert at is None or at > hubs.now


def test_a_copy_that_is_late_holds_up_nothing(hubs: Hubs) -> None:
    hubs.up.remove(B)
    hubs.arrive(A, carried(1, BOTH))
    hubs.up.add(B)
    assert hubs.arrive(B, carried(1, BOTH)) == []
    assert hubs.arrive(B, carried(2)) == [2]
    assert hubs.merge.next_at() is None


def test_after_a_mark_comes_what_was_sent_after_it(hubs: Hubs) -> None:
    """The room moved from B to A: 1 was sent through B before the mark, 2 through A after it."""
    mark = Mark("one", 1, (Leg(A, "", ("m",)), Leg(B, "", ("m",))))
    assert hubs.arrive(A, mark) == []
    assert hubs.arrive(A, carried(2)) == []
    assert hubs.arrive(B, carried(1)) == [1]
    assert hubs.arrive(B, mark) == [2]
    assert hubs.arrive(B, carried(3)) == [3]


def test_what_came_by_a_hub_that_died_does_not_come_by_another_one(hubs: Hubs) -> None:
    hubs.arrive(A, carried(1))
    assert hubs.arrive(B, carried(1, again=(A,))) == []
    assert hubs.arrive(B, carried(2, again=(A,))) == [2]
    assert hubs.arrive(C, carried(2, again=(A, B))) == []


def test_what_is_sent_again_is_delivered_however_far_the_hub_is_ahead(hubs: Hubs) -> None:
    for sequence in range(10, 10_000):
        hubs.arrive(B, carried(sequence))
    assert hubs.arrive(B, carried(5, again=(A,))) == [5]


def test_the_caller_may_send_again(hubs: Hubs) -> None:
    everywhere = (A, B, C)
    assert hubs.arrive(A, carried(1, again=everywhere)) == [1]
    assert hubs.arrive(A, carried(1, again=everywhere)) == []
    assert hubs.arrive(B, carried(1, again=everywhere)) == []


def test_a_hub_that_is_not_known_here_is_not_asked(hubs: Hubs) -> None:
    assert hubs.arrive(A, carried(1, again=("http://elsewhere",))) == [1]


def test_a_copy_that_is_sent_again_joins_the_one_that_waits(hubs: Hubs) -> None:
    """The publisher lost B, and sent the copy for B by C."""
    assert hubs.arrive(A, carried(1, BOTH)) == []
    assert hubs.arrive(C, carried(1, (Leg(C, "/", ("b",)),), (B,))) == []
    assert hubs.arrive(C, carried(2)) == []
    hubs.up.remove(B)
    assert hubs.look_again() == [1, 2]


def test_whether_a_copy_is_expected_is_asked_for_its_rooms() -> None:
    asked: list[tuple[str, tuple[RoomKey, ...]]] = []

    def expects(hub: str, keys: tuple[RoomKey, ...]) -> bool:
        asked.append((hub, keys))
        return False

    merge = Merge((A, B), expects, patience=1.0)  # type: ignore[arg-type]
    merge.arrive(A, carried(1, BOTH), 0.0)
    assert (B, (RoomKey("/", "b"),)) in asked
