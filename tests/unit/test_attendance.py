"""Who of the other gateways is taken to be there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.attendance import BEATS, Attendance


def beats(attendance: Attendance, count: int) -> list[str]:
    return [origin for _ in range(count) for origin in attendance.came_back()]


def test_who_beats_is_there() -> None:
    attendance = Attendance()
    attendance.heard("two")
    for _ in range(10):
        assert beats(attendance, BEATS) == []
        attendance.heard("two")
    assert set(attendance.others) == {"two"}


def test_who_misses_three_beats_is_gone() -> None:
    attendance = Attendance()
    attendance.heard("two")
    assert beats(attendance, BEATS) == []
    assert beats(attendance, 1) == ["two"]
    assert not attendance.others


def test_who_says_goodbye_is_gone_at_once() -> None:
    attendance = Attendance()
    attendance.heard("two")
    attendance.left("two")
    attendance.left("nobody")
    assert not attendance.others


def test_nobody_is_missed_while_own_beats_do_not_come_back() -> None:
    """The carrier stands still, or this gateway does; that time passes changes nothing."""
    attendance = Attendance()
    attendance.heard("two")
    assert set(attendance.others) == {"two"}


def test_after_an_interruption_everybody_has_twice_as_long() -> None:
    attendance = Attendance()
    attendance.heard("two")
    beats(attendance, BEATS)
    attendance.interrupted()
    assert beats(attendance, 2 * BEATS) == []
    assert beats(attendance, 1) == ["two"]


def test_all_are_known_one_beat_after_the_greeting_came_back() -> None:
    attendance = Attendance()
    assert not attendance.all_known
    attendance.came_back()
    assert not attendance.all_known
    attendance.came_back()
    assert attendance.all_known
    attendance.greet()
    assert not attendance.all_known
    beats(attendance, 2)
    assert attendance.all_known


@given(st.lists(st.sampled_from(["one", "two", "three", "own"])))
def test_exactly_those_are_there_who_were_heard_within_the_last_beats(events: list[str]) -> None:
    attendance, gone = Attendance(), set()
    for event in events:
        if event == "own":
            gone.update(attendance.came_back())
        else:
            attendance.heard(event)
            gone.discard(event)
    ages: dict[str, int] = {}
    for position, event in enumerate(events):
        if event != "own":
            ages[event] = events[position:].count("own")
    assert set(attendance.others) == {origin for origin, age in ages.items() if age <= BEATS}
    assert gone == ages.keys() - attendance.others
