"""Each envelope once, although carriers repeat."""

from __future__ import annotations

from array import array


class Once:
    """Tells an envelope's first arrival from its repeats, by (origin, sequence).

    A repeat is noticed however late it comes. Sequences, which count from 1, may arrive in any
    order within a *window* (a power of two): one that comes after the one that is a window, or
    several, ahead of it counts as seen. The last *origins* origins are remembered, and up to as
    many older ones.
    """

    __slots__ = ("_lately", "_mask", "_max_origins", "_older")

    def __init__(self, window: int = 8192, origins: int = 1024) -> None:
        assert window & (window - 1) == 0, "a power of two"
        self._mask = window - 1
        self._max_origins = origins
        # Of each origin the highest sequence for each remainder by the window. Two generations of
        # origins: to keep the order of use would cost more than all the rest.
        self._lately: dict[str, array[int]] = {}
        self._older: dict[str, array[int]] = {}

    def first(self, origin: str, sequence: int) -> bool:
        """True the first time that it is asked for this origin and sequence."""
        seen = self._lately.get(origin)
        if seen is None:
            seen = self._remember(origin)
        place = sequence & self._mask
        if seen[place] >= sequence:
            return False
        seen[place] = sequence
        return True

    def _remember(self, origin: str) -> array[int]:
        if len(self._lately) >= self._max_origins:
            self._older, self._lately = self._lately, {}
        seen = self._older.pop(origin, None) or array("Q", bytes(8 * (self._mask + 1)))
        self._lately[origin] = seen
        return seen
