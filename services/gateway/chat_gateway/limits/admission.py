"""How fast newcomers are let in, so that thousands who come back at once do not stop a gateway."""

from __future__ import annotations

from collections.abc import Callable

LONGEST_SECONDS = 10.0  # clients give up after twenty


class Admission:
    """Gives each newcomer a time, *rate* of them a second (0: all at once)."""

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        self._interval = 1 / rate if rate else 0.0
        self._clock = clock
        self._next = 0.0

    def wait(self) -> float | None:
        """Seconds until the newcomer may come in; None if that is too long, and it has to come
        again.
        """
        if not self._interval:
            return 0.0
        now = self._clock()
        wait = max(0.0, self._next - now)
        if wait > LONGEST_SECONDS:
            return None
        self._next = now + wait + self._interval
        return wait
