"""Which of a room's messages were passed over, to be made good later."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from chatcluster.core.position import Position


class Skipped:
    """A set of positions of one epoch, kept as ranges: its size goes with how often what was
    skipped and what was not took turns.

    At most *limit* ranges: past that the two oldest become one, with what lies between. It is then
    given out again, unless the log has forgotten it: a log that keeps no more than *limit* messages
    has.
    """

    __slots__ = ("_epoch", "_limit", "_starts", "_stops")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._epoch = ""
        self._starts: list[int] = []
        self._stops: list[int] = []  # each the first offset after its range

    def __bool__(self) -> bool:
        return bool(self._starts)

    def __contains__(self, at: Position) -> bool:
        return at.epoch == self._epoch and self._range(at.offset) is not None

    @property
    def after(self) -> Position | None:
        """Which position the first one follows; None if there is none."""
        return Position(self._epoch, self._starts[0] - 1) if self._starts else None

    def add(self, after: Position, until: Position) -> None:
        """What lies between *after* and *until*, *until* included. What was skipped of another
        epoch is forgotten: that log is no more.
        """
        if until.epoch != self._epoch:
            self.clear()
            self._epoch = until.epoch
        start = after.offset + 1 if after.epoch == until.epoch else 1
        stop = until.offset + 1
        if start < stop:
            self._insert(start, stop)

    def discard(self, at: Position) -> None:
        """It was given out after all."""
        index = self._range(at.offset) if at.epoch == self._epoch else None
        if index is None:
            return
        parts = ((self._starts[index], at.offset), (at.offset + 1, self._stops[index]))
        left = [(start, stop) for start, stop in parts if start < stop]
        self._starts[index : index + 1] = [start for start, _ in left]
        self._stops[index : index + 1] = [stop for _, stop in left]
        self._bound()

    def forget(self, until: Position) -> None:
        """All up to *until*, itself included, were given out or are no more."""
        if until.epoch != self._epoch:
            return
        gone = bisect_right(self._stops, until.offset + 1)
        del self._starts[:gone], self._stops[:gone]
        if self._starts:
            self._starts[0] = max(self._starts[0], until.offset + 1)

    def clear(self) -> None:
        self._starts.clear()
        self._stops.clear()

    def _range(self, offset: int) -> int | None:
        index = bisect_right(self._starts, offset) - 1
        return index if index >= 0 and offset < self._stops[index] else None

    def _insert(self, start: int, stop: int) -> None:
        first, last = bisect_left(self._stops, start), bisect_right(self._starts, stop)
        if first < last:
            start = min(start, self._starts[first])
            stop = max(stop, self._stops[last - 1])
        self._starts[first:last] = [start]
        self._stops[first:last] = [stop]
        self._bound()

    def _bound(self) -> None:
        if len(self._starts) > self._limit:
            del self._starts[1], self._stops[0]
