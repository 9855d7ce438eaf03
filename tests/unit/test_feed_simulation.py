"""A feed on a log that is lost and forgets, and a carrier that loses, repeats and reorders."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatcluster.core.feed import Feed
from chatcluster.core.position import Position
from tests.unit.feed_words import entries, offered, texts

PAGE = 3


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
        self.page: tuple[list[tuple[Position, str]], bool] | None = None

    def step(self) -> None:
        what = self.random.random()
        if what < 0.4:
            self.sent.append(self.log.append())
        elif what < 0.45:
            self.log.lose()
        elif what < 0.5 and self.feed.position is None:
            self.out += texts(self.feed.start(self.log.head))
        elif what < 0.6 and self.page is not None:
            self.fill()
        elif what < 0.7 and self.feed.gap is not None and self.page is None:
            self.read()
        elif self.sent:
            # Mostly recent ones; never removed, so that any may come again.
            back = min(len(self.sent), 1 + int(self.random.expovariate(0.5)))
            self.out += offered(self.feed, self.sent[-back])

    def read(self) -> None:
        """What the log answers is on its way while other things happen."""
        assert self.feed.position is not None
        self.page = self.log.since(self.feed.position)

    def fill(self) -> None:
        assert self.page is not None
        (found, complete), self.page = self.page, None
        self.out += texts(self.feed.fill(found, complete=complete))

    def settle(self) -> None:
        """The carrier is quiet; the log is read as long as it is ahead or there is a gap."""
        self.out += texts(self.feed.start(self.log.head))
        if self.page is not None:
            self.fill()
        for _ in range(len(self.log.all) + 3):
            if self.feed.gap is None and self.feed.position == self.log.head:
                return
            self.read()
            self.fill()
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
