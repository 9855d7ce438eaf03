"""How often something may happen, decided without a clock.

Source: the generic cell rate algorithm (ITU-T I.371, annex A; a token bucket that is remembered as
one number).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

# Seconds: more than a clock's number loses when something is added to it, so that a wait is never
# too short.
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Rate:
    """Once every `interval` seconds on average (0: as often as you like); what `tolerance` seconds
    bring may be spent in advance.

    Who is limited is remembered as the time until which its share is spent: 0.0 for somebody new.
    Times are seconds of one monotonic clock.
    """

    interval: float
    tolerance: float

    @classmethod
    def of(cls, per_second: float, burst: int) -> Rate:
        """*per_second* (0: any number), of which up to *burst* may come at once."""
        if not per_second:
            return cls(0.0, inf)
        interval = 1 / per_second
        # Half a turn more than that, so that rounding never takes one away.
        return cls(interval, (burst + 0.5) * interval)

    def spend(self, until: float, now: float, many: int = 1) -> float | None:
        """What is to be remembered after *many* more; None, and nothing changes, if that is too
        many.
        """
        after = max(until, now) + many * self.interval
        return after if after - now <= self.tolerance else None

    def wait(self, until: float, now: float) -> float:
        """Seconds until one more is allowed."""
        if not self.interval:
            return 0.0
        wait = until - now + self.interval - self.tolerance
        return wait + _ROUNDING if wait > 0 else 0.0


class Rates:
    """The same rate for each of many keys, of which at most *most* are remembered: whoever has not
    been heard of for the longest time is forgotten first.
    """

    def __init__(self, rate: Rate, *, most: int = 10_000) -> None:
        self._rate = rate
        self._most = most
        self._spent: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._spent)

    def spend(self, key: str, now: float, many: int = 1) -> bool:
        """Whether *key* may *many* times more."""
        if not self._rate.interval:
            return True
        # Taken out and put back, so that the dictionary stays in the order of the last change.
        before = self._spent.pop(key, 0.0)
        after = self._rate.spend(before, now, many)
        self._spent[key] = before if after is None else after
        if len(self._spent) > self._most:
            del self._spent[next(iter(self._spent))]
        return after is not None

    def wait(self, key: str, now: float) -> float:
        """Seconds until *key* may once more."""
        return self._rate.wait(self._spent.get(key, 0.0), now)
