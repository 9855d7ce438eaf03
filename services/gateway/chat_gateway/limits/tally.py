"""How many of something each key has at a time."""

from __future__ import annotations


class Tally:
    """At most *limit* for each key (0: any number, and nothing is kept then)."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._held)

    def take(self, key: str) -> bool:
        """Whether *key* may have one more; then it has, until `give`."""
        if not self._limit:
            return True
        held = self._held.get(key, 0)
        if held >= self._limit:
            return False
        self._held[key] = held + 1
        return True

    def give(self, key: str) -> None:
        """One that was taken is given back."""
        if self._limit:
            held = self._held.pop(key) - 1
            if held:
                self._held[key] = held
