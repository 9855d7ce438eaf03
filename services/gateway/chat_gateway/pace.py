"""How fast clients are moved to other gateways."""

from __future__ import annotations

LONGEST_STEP_SECONDS = 1.0  # a loop that stood still for longer does not make up for it


class Pace:
    """Allows *per_second* clients, evenly; who is not asked for a while does not have them at once.

    Times are seconds of one monotonic clock.
    """

    def __init__(self, per_second: float, now: float) -> None:
        self.per_second = per_second
        self._credit = 1.0  # the first may go at once
        self._at = now

    def allowed(self, now: float) -> int:
        """How many may go now, who count as gone."""
        earned = min(now - self._at, LONGEST_STEP_SECONDS) * self.per_second
        self._at = now
        whole, self._credit = divmod(self._credit + earned, 1)
        return int(whole)
