"""Each message of a room once and in order, from any carrier."""

from __future__ import annotations

import pytest

from chatcluster.core.feed import Feed
from tests.unit.feed_words import at, entries, offered, texts


@pytest.fixture
def feed() -> Feed[str]:
    feed: Feed[str] = Feed()
    assert feed.start(at(5)) == []
    return feed


def test_messages_that_come_in_order_go_out_at_once(feed):
    assert offered(feed, at(6), at(7)) == ["a-6", "a-7"]
    assert (feed.position, feed.first, feed.gap) == (at(7), at(5), None)


def test_one_that_came_too_early_waits(feed):
    assert offered(feed, at(8), at(7)) == []
    assert feed.gap == at(5)
    assert offered(feed, at(6)) == ["a-6", "a-7", "a-8"]
    assert feed.gap is None


def test_repeats_are_dropped_in_whatever_state(feed):
    assert offered(feed, at(6), at(6), at(8), at(8), at(6), at(7), at(8)) == ["a-6", "a-7", "a-8"]
    assert feed.gap is None


def test_before_the_start_everything_is_held_back():
    feed: Feed[str] = Feed()
    assert (feed.position, feed.first, feed.gap) == (None, None, None)
    assert offered(feed, at(7), at(5), at(6)) == []
    assert feed.gap is None
    assert texts(feed.start(at(5))) == ["a-6", "a-7"]


def test_a_second_start_changes_nothing(feed):
    assert feed.start(at(9)) == []
    assert (feed.position, feed.first) == (at(5), at(5))


def test_a_gap_is_filled_from_the_log(feed):
    offered(feed, at(8))
    assert texts(feed.fill(entries(at(6), at(7)), complete=True)) == ["a-6", "a-7", "a-8"]


def test_a_gap_may_be_filled_in_parts(feed):
    offered(feed, at(9))
    assert texts(feed.fill(entries(at(6), at(7)), complete=True)) == ["a-6", "a-7"]
    assert feed.gap == at(7)
    assert texts(feed.fill(entries(at(8), at(9)), complete=True)) == ["a-8", "a-9"]


def test_what_arrived_while_the_log_was_read_is_not_repeated(feed):
    offered(feed, at(7), at(6))
    assert texts(feed.fill(entries(at(6), at(7), at(8)), complete=True)) == ["a-8"]


def test_nor_when_the_log_has_lost_something(feed):
    offered(feed, at(7), at(6))
    assert texts(feed.fill(entries(at(6), at(7), at(9)), complete=False)) == ["a-9"]


def test_what_the_log_lost_is_passed_over(feed):
    offered(feed, at(12))
    assert texts(feed.fill(entries(at(10), at(11)), complete=False)) == ["a-10", "a-11", "a-12"]


def test_a_new_log_begins_with_its_first_message(feed):
    assert offered(feed, at(2, "b")) == []
    assert feed.gap == at(5)
    assert texts(feed.fill(entries(at(1, "b")), complete=False)) == ["b-1", "b-2"]
    assert offered(feed, at(6)) == []
    assert feed.gap is None


def test_of_a_new_log_no_message_is_passed_over_that_it_still_has(feed):
    """The newest page of a log that has more: the gap is now before it."""
    assert feed.fill(entries(at(3, "b"), at(4, "b")), complete=False) == []
    assert feed.gap == at(0, "b")
    rest = feed.fill(entries(at(1, "b"), at(2, "b")), complete=True)
    assert texts(rest) == ["b-1", "b-2", "b-3", "b-4"]


def test_of_a_new_log_what_it_no_longer_has_is_passed_over(feed):
    feed.fill(entries(at(3, "b")), complete=False)
    assert texts(feed.fill(entries(at(3, "b")), complete=False)) == ["b-3"]


def test_a_straggler_of_a_log_from_before_the_start_is_dropped(feed):
    """The log says that it still is the feed's own: so the other one is older."""
    assert offered(feed, at(9, "old"), at(6)) == ["a-6"]
    assert feed.fill([], complete=True) == []
    assert (feed.position, feed.gap) == (at(6), None)


def test_a_gap_is_skipped_when_nobody_has_it(feed):
    offered(feed, at(9), at(8), at(11))
    assert texts(feed.skip()) == ["a-8", "a-9", "a-11"]
    assert (feed.position, feed.gap) == (at(11), None)
    assert feed.skip() == []


def test_skipping_gives_the_old_log_before_the_new_one(feed):
    """By offsets alone the new log's messages would come first, and end the old one's."""
    offered(feed, at(9), at(2, "b"), at(3, "c"), at(1, "b"))
    assert texts(feed.skip()) == ["a-9", "b-1", "b-2", "c-3"]
    assert feed.position == at(3, "c")


def test_what_is_skipped_is_remembered(feed):
    offered(feed, at(9), at(8), at(11))
    feed.skip()
    assert [offset for offset in range(15) if at(offset) in feed.skipped] == [6, 7, 10]


def test_so_is_what_is_skipped_of_a_new_log(feed):
    offered(feed, at(9), at(3, "b"))
    feed.skip()
    assert [offset for offset in range(15) if at(offset, "b") in feed.skipped] == [1, 2]
    assert at(6) not in feed.skipped  # that log is no more


def test_what_is_passed_over_is_remembered_but_for_what_was_held_back(feed):
    offered(feed, at(8))
    assert texts(feed.pass_over(at(10))) == ["a-8"]
    assert feed.position == at(10)
    assert [offset for offset in range(15) if at(offset) in feed.skipped] == [6, 7, 9, 10]
    assert offered(feed, at(10), at(11)) == ["a-11"]


def test_nothing_is_passed_over_that_was_given_out(feed):
    assert offered(feed, at(6), at(7)) == ["a-6", "a-7"]
    assert feed.pass_over(at(6)) == []
    assert (feed.position, bool(feed.skipped)) == (at(7), False)


def test_nothing_is_passed_over_of_another_log(feed):
    assert feed.pass_over(at(9, "b")) == []
    assert (feed.position, bool(feed.skipped)) == (at(5), False)


def test_what_is_held_back_waits_for_what_is_before_it(feed):
    feed.hold(at(6), "a-6")
    assert feed.gap == at(5)
    assert texts(feed.fill([], complete=True)) == ["a-6"]
