"""How long to wait before trying again."""

from __future__ import annotations

from collections.abc import Callable, Iterator


def delays(first: float, cap: float, random: Callable[[], float]) -> Iterator[float]:
    """Seconds to wait before each further attempt, for ever: doubling from *first* up to *cap*.

    Each is spread over its upper half by *random* (0 to 1), so that many who lost the same server
    do not return in step ("equal jitter": never close to zero, never above the cap).
    """
    ceiling = first
    while True:
        yield ceiling / 2 + ceiling / 2 * random()
        ceiling = min(cap, ceiling * 2)
