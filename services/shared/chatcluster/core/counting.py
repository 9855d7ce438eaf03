"""What is counted while it happens, as plain numbers: whoever wants to see them comes and reads."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

OTHER = "other"
# Seconds: from what one machine needs to what nobody waits for.
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Tally:
    """How often each of *names* was counted, and together, as `other`, whatever else was: what
    somebody made up can never become a name of its own.
    """

    __slots__ = ("counts",)

    def __init__(self, names: Iterable[str]) -> None:
        self.counts = {**dict.fromkeys(names, 0), OTHER: 0}

    def expect(self, names: Iterable[str]) -> None:
        """Count these by their names, too."""
        for name in names:
            self.counts.setdefault(name, 0)

    def add(self, name: str) -> None:
        counts = self.counts
        counts[name if name in counts else OTHER] += 1


class Distribution:
    """How many values were at most each of *bounds* (ascending), or more than all of them."""

    __slots__ = ("_bounds", "_counts", "sum")

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self.sum = 0.0

    def add(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self.sum += value

    @property
    def count(self) -> int:
        return sum(self._counts)

    def cumulative(self) -> list[tuple[float, int]]:
        """For each bound, and infinity, how many values were at most that."""
        total, out = 0, []
        for bound, count in zip((*self._bounds, float("inf")), self._counts, strict=True):
            total += count
            out.append((bound, total))
        return out
