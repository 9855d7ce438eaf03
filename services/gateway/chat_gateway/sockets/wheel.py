"""Deadlines of many sockets that are all equally far away when they are set: one timer for all."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

_STEPS = 50  # how finely time is divided: deadlines come late by a fiftieth at most


class Turn(list[T]):
    """What is due at the same time; also says, by being the same object, whether a deadline is
    still the one that was set last.
    """

    __slots__ = ("due",)

    def __init__(self, due: float) -> None:
        super().__init__()
        self.due = due


class Wheel(Generic[T]):
    """Calls *act* with each item, and the turn that `add` gave for it, *seconds* after it was
    added, or up to a fiftieth of that later.

    There is no cancelling: whoever added an item remembers its turn, and *act* does nothing when it
    is not the item's turn any more. So setting a deadline costs next to nothing, and one that is
    out of date costs a reference until it comes.
    """

    def __init__(self, seconds: float, act: Callable[[T, Turn[T]], None]) -> None:
        self.seconds = seconds
        self._grain = seconds / _STEPS
        self._act = act
        self._turns: deque[Turn[T]] = deque()  # the earliest first
        self._timer: asyncio.TimerHandle | None = None

    def add(self, item: T) -> Turn[T]:
        loop = asyncio.get_running_loop()
        due = loop.time() + self.seconds
        if not self._turns or self._turns[-1].due < due:
            self._turns.append(Turn(due + self._grain))
            if self._timer is None:
                self._timer = loop.call_at(self._turns[0].due, self._come)
        turn = self._turns[-1]
        turn.append(item)
        return turn

    def stop(self) -> list[T]:
        """Forget all deadlines; whose they were."""
        items = [item for turn in self._turns for item in turn]
        self._turns.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        return items

    def _come(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        now = loop.time()
        while self._turns and self._turns[0].due <= now + self._grain / 2:
            turn = self._turns.popleft()
            for item in turn:
                self._act(item, turn)
        if self._turns and self._timer is None:
            self._timer = loop.call_at(self._turns[0].due, self._come)
