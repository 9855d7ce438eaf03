"""A room's messages in their order, whatever order the carrier brings them in."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable
from typing import Generic, TypeVar

from chatcluster.core.cursor import Deliver, Replay, RoomCursor
from chatcluster.core.position import Position

T = TypeVar("T")


class Feed(Generic[T]):
    """Gives each message once and in order; holds back those that came too early.

    Before `start` everything is held back. While `gap` is not None, messages after that position
    are missing: they may still arrive, or be read from the log and given to `fill`.
    """

    def __init__(self) -> None:
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
            if not isinstance(decision, Replay):
                return []
        heapq.heappush(self._held, (at.offset, next(self._order), at, item))
        return self._release() if self._cursor is not None else []

    def fill(
        self, entries: Iterable[tuple[Position, T]], *, complete: bool
    ) -> list[tuple[Position, T]]:
        """The log was read from `gap` on. *complete*: these follow it directly; otherwise what lies
        between is gone, and the feed goes on with them."""
        assert self._cursor is not None, "a feed is filled after its start"
        out = []
        for at, item in entries:
            decision = self._cursor.accept(at)
            if isinstance(decision, Replay) and not complete:
                self._cursor.skip_to(at)
                decision = Deliver()
            if isinstance(decision, Deliver):
                out.append((at, item))
        return out + self._release()

    def skip(self) -> list[tuple[Position, T]]:
        """Give up the gap: go on with what is held back, without what is missing before it."""
        assert self._cursor is not None, "a feed skips after its start"
        out = []
        for _, _, at, item in self._take():
            if at.epoch != self._cursor.position.epoch or at.offset > self._cursor.position.offset:
                self._cursor.skip_to(at)
                out.append((at, item))
        return out

    def _release(self) -> list[tuple[Position, T]]:
        assert self._cursor is not None
        out = []
        still = []
        for held in self._take():
            decision = self._cursor.accept(held[2])
            if isinstance(decision, Deliver):
                out.append((held[2], held[3]))
            elif isinstance(decision, Replay):
                still.append(held)
        self._held = still  # sorted, so it is a heap
        return out

    def _take(self) -> list[tuple[int, int, Position, T]]:
        held, self._held = sorted(self._held, key=lambda one: one[:2]), []
        return held
