"""Each envelope once, although carriers repeat."""

from __future__ import annotations

from collections import OrderedDict, deque


class Once:
    """Tells an envelope's first arrival from its repeats, by (origin, sequence).

    Remembers the last *window* sequences of each of the last *origins* origins; a repeat comes soon
    (a carrier that sends twice, a message that took two ways), so what is older than the window
    counts as seen.
    """

    __slots__ = ("_max_origins", "_origins", "_window")

    def __init__(self, window: int = 4096, origins: int = 1024) -> None:
        self._window = window
        self._max_origins = origins
        self._origins: OrderedDict[str, _Seen] = OrderedDict()

    def first(self, origin: str, sequence: int) -> bool:
        """True the first time that it is asked for this origin and sequence."""
        seen = self._origins.get(origin)
        if seen is None:
            seen = self._origins[origin] = _Seen()
            if len(self._origins) > self._max_origins:
                self._origins.popitem(last=False)
        else:
            self._origins.move_to_end(origin)
        return seen.first(sequence, self._window)


class _Seen:
    __slots__ = ("forgotten", "order", "sequences")

    def __init__(self) -> None:
        self.forgotten = 0  # everything up to here counts as seen
        self.order: deque[int] = deque()
        self.sequences: set[int] = set()

    def first(self, sequence: int, window: int) -> bool:
        if sequence <= self.forgotten or sequence in self.sequences:
            return False
        self.sequences.add(sequence)
        self.order.append(sequence)
        if len(self.order) > window:
            oldest = self.order.popleft()
            self.sequences.discard(oldest)
            self.forgotten = max(self.forgotten, oldest)
        return True
