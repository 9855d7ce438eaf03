"""Each message of a room once and in order, from any carrier."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatcluster.core.feed import Feed
from chatcluster.core.position import Position

PAGE = 3


def at(offset: int, epoch: str = "a") -> Position:
    return Position(epoch, offset)


def offered(feed: Feed[str], *positions: Position) -> list[str]:
    """Each position's own text is its message."""
    return [item for one in positions for _, item in feed.offer(one, str(one))]


def entries(*positions: Position) -> list[tuple[Position, str]]:
    return [(one, str(one)) for one in positions]


def texts(ready: list[tuple[Position, str]]) -> list[str]:
    assert all(str(position) == item for position, item in ready)
    return [item for _, item in ready]


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


@dataclass
class Log:
    """A room's log that is lost now and then; `keeps` at most that many messages."""

    keeps: int = 1000
    epoch: int = 0
    length: int = 0
    all: list[Position] = field(default_factory=list)

    @property
    def head(self) -> Position:
        return Position(f"e{self.epoch}", self.length)

    def append(self) -> Position:
        self.length += 1
        self.all.append(self.head)
        return self.head

    def lose(self) -> None:
        self.epoch, self.length = self.epoch + 1, 0

    def since(self, after: Position) -> tuple[list[tuple[Position, str]], bool]:
        """As the port says it, with pages of three."""
        oldest = max(1, self.length - self.keeps + 1)
        start = after.offset + 1
        complete = after.epoch == self.head.epoch and oldest <= start <= self.length + 1
        if not complete:
            start = max(oldest, self.length + 1 - PAGE)
        offsets = range(start, min(start + PAGE, self.length + 1))
        return entries(*(Position(self.head.epoch, offset) for offset in offsets)), complete


class Run:
    """One feed on a log whose carrier loses, repeats and reorders."""

    def __init__(self, random: Random, log: Log) -> None:
        self.random = random
        self.log = log
        self.feed: Feed[str] = Feed()
        self.sent: list[Position] = []
        self.out: list[str] = []

    def step(self) -> None:
        what = self.random.random()
        if what < 0.4:
            self.sent.append(self.log.append())
        elif what < 0.45:
            self.log.lose()
        elif what < 0.5 and self.feed.position is None:
            self.out += texts(self.feed.start(self.log.head))
        elif what < 0.6 and self.feed.gap is not None:
            self.read()
        elif self.sent:
            # Mostly recent ones; never removed, so that any may come again.
            back = min(len(self.sent), 1 + int(self.random.expovariate(0.5)))
            self.out += offered(self.feed, self.sent[-back])

    def read(self) -> None:
        assert self.feed.position is not None
        found, complete = self.log.since(self.feed.position)
        self.out += texts(self.feed.fill(found, complete=complete))

    def settle(self) -> None:
        """The carrier is quiet; the log is read as long as it is ahead or there is a gap."""
        self.out += texts(self.feed.start(self.log.head))
        for _ in range(len(self.log.all) + 3):
            if self.feed.gap is None and self.feed.position == self.log.head:
                return
            self.read()
            if not self.log.length and self.feed.position != self.log.head:
                return  # an empty log says nothing


RUNS = given(random=st.randoms(use_true_random=True), steps=st.integers(1, 120))


@RUNS
@settings(max_examples=300, deadline=None)
def test_every_message_of_the_log_goes_out_once_and_in_order(random, steps):
    """Of a log that was lost, a beginning; of the last one, everything."""
    run = Run(random, Log())
    for _ in range(steps):
        run.step()
    run.settle()
    first = run.feed.first
    assert first is not None
    expected: list[str] = []
    for epoch in range(int(first.epoch[1:]), run.log.epoch + 1):
        start = first.offset if f"e{epoch}" == first.epoch else 0
        mine = [one for one in run.out if one.startswith(f"e{epoch}-")]
        expected += [f"e{epoch}-{start + 1 + index}" for index in range(len(mine))]
    assert run.out == expected
    if run.log.length:
        assert run.feed.position == run.log.head


@RUNS
@example(random=Random(1), steps=120)
@settings(max_examples=300, deadline=None)
def test_with_a_log_that_forgets_nothing_is_repeated_or_turned_round(random, steps):
    run = Run(random, Log(keeps=2))
    for _ in range(steps):
        run.step()
    run.settle()
    places = [run.log.all.index(Position(*_split(one))) for one in run.out]
    assert places == sorted(set(places))
    if run.log.length:
        assert run.feed.position == run.log.head


def _split(text: str) -> tuple[str, int]:
    epoch, offset = text.split("-")
    return epoch, int(offset)
