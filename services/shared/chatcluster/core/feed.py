"""A room's messages in their order, whatever order the carrier brings them in."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Generic, TypeVar

from chatcluster.core.cursor import Deliver, Ignore, Replay, RoomCursor
from chatcluster.core.position import Position
from chatcluster.core.skipped import Skipped

T = TypeVar("T")


class Feed(Generic[T]):
    """Gives each message once and in order; holds back those that came too early.

    Before `start` everything is held back. While `gap` is not None, messages after that position
    are missing: they may still arrive, or be read from the log and given to `fill`.

    `skipped` is what `skip` and `pass_over` left out, in at most *ranges* ranges.
    """

    def __init__(self, *, ranges: int = 1000) -> None:
        self.skipped = Skipped(ranges)
        self.first: Position | None = None  # where it was started
        self._cursor: RoomCursor | None = None
        self._held: list[tuple[int, int, Position, T]] = []
        self._order = itertools.count()

    @property
    def position(self) -> Position | None:
        """The last message that was given out; None before `start`."""
        return None if self._cursor is None else self._cursor.position

    @property
    def gap(self) -> Position | None:
        """After which position messages are missing; None if none is known to be."""
        return self.position if self._held else None

    def start(self, at: Position) -> list[tuple[Position, T]]:
        """Begin after *at*: what the room's members have by other ways. Gives what can go out."""
        if self._cursor is None:
            self._cursor = RoomCursor(at)
            self.first = at
        return self._release()

    def offer(self, at: Position, item: T) -> list[tuple[Position, T]]:
        """The carrier brought *item*. Gives what can go out now, oldest first."""
        if self._cursor is not None and not self._held:
            decision = self._cursor.accept(at)
            if isinstance(decision, Deliver):
                return [(at, item)]
            if isinstance(decision, Ignore):
                return []
        self.hold(at, item)
        return self._release() if self._cursor is not None else []

    def hold(self, at: Position, item: T) -> None:
        """The carrier brought *item*, which has to wait for what is before it."""
        self._held.append((at.offset, next(self._order), at, item))

    def fill(
        self, entries: Iterable[tuple[Position, T]], *, complete: bool
    ) -> list[tuple[Position, T]]:
        """The log was read from `gap` on. *complete*: these follow it directly; otherwise what lies
        between is gone, and the feed goes on with them.

        Entries of another epoch than `gap`'s are the newest of a log that was begun anew: if they
        are not its first ones, the gap is then before them.
        """
        assert self._cursor is not None, "a feed is filled after its start"
        asked, out = self._cursor.position.epoch, []
        for at, item in entries:
            self._cursor.restart(at.epoch)
            decision = self._cursor.accept(at)
            if isinstance(decision, Replay) and at.epoch != asked:
                self.hold(at, item)
            elif isinstance(decision, Replay) and not complete:
                self._cursor.skip_to(at)
                decision = Deliver()
            if isinstance(decision, Deliver):
                out.append((at, item))
        if complete:  # the log is of our epoch, so what is held of others are stragglers
            self._held = [one for one in self._held if not self._foreign(one[2])]
        return out + self._release()

    def skip(self) -> list[tuple[Position, T]]:
        """Give up the gap: go on with what is held back, without what is missing before it."""
        assert self._cursor is not None, "a feed skips after its start"
        out = []
        while self._held:
            # What is held of this epoch first, then that of the epoch which came next.
            earliest = min(self._held, key=lambda one: (self._foreign(one[2]), one[1]))
            epoch = earliest[2].epoch
            at, item = next((one[2], one[3]) for one in self._held if one[2].epoch == epoch)
            self._pass_over(Position(epoch, at.offset - 1))
            self._cursor.skip_to(at)
            out += [(at, item), *self._release()]
        return out

    def pass_over(self, until: Position) -> list[tuple[Position, T]]:
        """Go on after *until* without what lies before it, unless it is of another epoch. Gives
        what is held back.
        """
        out = self.skip()
        if not self._foreign(until):
            self._pass_over(until)
        return out

    def _pass_over(self, until: Position) -> None:
        assert self._cursor is not None
        self._cursor.restart(until.epoch)
        self.skipped.add(self._cursor.position, until)
        self._cursor.skip_to(until)

    def _foreign(self, at: Position) -> bool:
        return self._cursor is None or at.epoch != self._cursor.position.epoch

    def _release(self) -> list[tuple[Position, T]]:
        assert self._cursor is not None
        held, self._held = sorted(self._held, key=lambda one: one[:2]), []
        out = []
        for one in held:
            decision = self._cursor.accept(one[2])
            if isinstance(decision, Deliver):
                out.append((one[2], one[3]))
            elif isinstance(decision, Replay):
                self._held.append(one)
        return out
