"""What happened lately, by name."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

V = TypeVar("V")


class Recent(Generic[V]):
    """Remembers a value for each name for *seconds*, and at most the last *limit* names.

    Times are seconds of one monotonic clock.
    """

    def __init__(self, seconds: float, limit: int) -> None:
        self._seconds = seconds
        self._limit = limit
        self._values: OrderedDict[str, tuple[float, V]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, name: str, now: float) -> V | None:
        self._forget_old(now)
        found = self._values.get(name)
        return None if found is None else found[1]

    def put(self, name: str, value: V, now: float) -> None:
        """In the place of what was remembered for this name."""
        self._values.pop(name, None)
        self._values[name] = (now, value)
        self._forget_old(now)
        if len(self._values) > self._limit:
            self._values.popitem(last=False)

    def forget(self, name: str) -> None:
        self._values.pop(name, None)

    def _forget_old(self, now: float) -> None:
        while self._values:
            name, (since, _) = next(iter(self._values.items()))
            if now < since + self._seconds:
                return
            del self._values[name]
