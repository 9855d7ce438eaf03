"""Which changes of ChatClusters are worth a look: not those that the operator made itself."""

from __future__ import annotations

from chat_operator.look import Key


class News:
    """A status that is written comes back as a change, and would call for a look that writes a
    status, as long as clients come and go. Only a change of the spec has another generation.
    """

    def __init__(self) -> None:
        self._generations: dict[Key, int] = {}

    def is_news(self, key: Key, kind: str | None, generation: int) -> bool:
        """*kind*: ADDED, MODIFIED or DELETED, None for what was there when the watch began."""
        if kind == "DELETED":
            self._generations.pop(key, None)
            return True
        known = self._generations.get(key)
        self._generations[key] = generation
        return kind != "MODIFIED" or generation != known
