"""How far a room's log was delivered, whatever a carrier brings."""

from __future__ import annotations

import pytest

from chatcluster.core.cursor import Deliver, Ignore, Replay, RoomCursor
from chatcluster.core.position import Position


def at(offset: int, epoch: str = "a") -> Position:
    return Position(epoch, offset)


def test_the_next_one_is_delivered_and_counts():
    cursor = RoomCursor(at(5))
    assert cursor.accept(at(6)) == Deliver()
    assert cursor.position == at(6)
    assert cursor.accept(at(7)) == Deliver()


@pytest.mark.parametrize("offset", [1, 4, 5])
def test_what_was_delivered_before_is_ignored(offset):
    cursor = RoomCursor(at(5))
    assert cursor.accept(at(offset)) == Ignore()
    assert cursor.position == at(5)


def test_a_gap_is_read_from_the_last_one_delivered():
    cursor = RoomCursor(at(5))
    assert cursor.accept(at(7)) == Replay(after=at(5))
    assert cursor.position == at(5)


@pytest.mark.parametrize("offset", [1, 5, 6, 9])
def test_an_unknown_epoch_is_for_the_log_to_judge(offset):
    """It may be a new log's message, or a straggler of one that was there before this cursor."""
    cursor = RoomCursor(at(5))
    assert cursor.accept(at(offset, "b")) == Replay(after=at(5))
    assert cursor.position == at(5)


def test_a_new_log_is_delivered_from_its_beginning():
    cursor = RoomCursor(at(5))
    cursor.restart("b")
    assert cursor.position == at(0, "b")
    assert cursor.accept(at(1, "b")) == Deliver()


def test_an_epoch_that_was_left_is_ignored():
    cursor = RoomCursor(at(5))
    cursor.restart("b")
    assert cursor.accept(at(6)) == Ignore()
    assert cursor.position == at(0, "b")


def test_a_log_that_came_back_goes_on_where_it_was_left():
    cursor = RoomCursor(at(5))
    cursor.restart("b")
    cursor.skip_to(at(3, "b"))
    cursor.restart("a")
    assert cursor.position == at(5)
    assert cursor.accept(at(6)) == Deliver()
    assert cursor.accept(at(4, "b")) == Ignore()


def test_restarting_in_the_same_epoch_changes_nothing():
    cursor = RoomCursor(at(5))
    cursor.restart("a")
    assert cursor.accept(at(6)) == Deliver()


def test_what_the_log_no_longer_has_is_skipped():
    cursor = RoomCursor(at(5))
    cursor.skip_to(at(9))
    assert cursor.position == at(9)
    assert cursor.accept(at(10)) == Deliver()


def test_skipping_never_goes_back():
    cursor = RoomCursor(at(5))
    cursor.skip_to(at(3))
    assert cursor.position == at(5)


def test_skipping_to_another_epoch_leaves_the_former():
    cursor = RoomCursor(at(5))
    cursor.skip_to(at(3, "b"))
    assert cursor.position == at(3, "b")
    assert cursor.accept(at(6)) == Ignore()
