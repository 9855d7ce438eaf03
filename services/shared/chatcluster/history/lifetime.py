"""How long a room that nobody writes to is remembered."""

from __future__ import annotations

from chatcluster.history.port import Retention

_LONGEST = 100 * 365 * 86_400.0  # a server computes dates with it, so it has to stay a date
_BEYOND = 86_400.0


def age_seconds(retention: Retention) -> float:
    """`retention.age`, but at most a hundred years."""
    return min(retention.age, _LONGEST)


def idle_seconds(retention: Retention) -> float:
    """Seconds without a new message after which a room's epoch may be forgotten: a day after the
    last message is over age for certain. Who comes later has missed what is gone anyway."""
    return 2 * age_seconds(retention) + _BEYOND
