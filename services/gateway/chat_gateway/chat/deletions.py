"""Which messages were deleted, for those who were away meanwhile or come just then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from chatcluster.core.position import Position
from chatcluster.core.recent import Recent
from chatcluster.history.port import RoomLog

# A log that was read before a deletion is told of within this time after it.
LATELY_SECONDS = 60.0
LATELY = 10_000  # messages
TOLD = 300  # of one room at once


class Deletions:
    """`note` those that are told of here, while they are told of; a message that was read from
    the log before that is left out of what is given out after it.
    """

    def __init__(
        self, room_log: RoomLog | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._log = room_log
        self._clock = clock
        self._lately: Recent[bool] = Recent(LATELY_SECONDS, LATELY)

    def note(self, id: str) -> None:
        self._lately.put(id, True, self._clock())

    def __contains__(self, id: str) -> bool:
        """Whether this was deleted lately."""
        return len(self._lately) > 0 and bool(self._lately.get(id, self._clock()))

    async def up_to(self, room: str, after: Position | None) -> list[str]:
        """The newest of the messages up to *after* that were deleted. Raises HistoryError."""
        if after is None or self._log is None:
            return []
        return [str(at) for at in (await self._log.redacted(room, after))[-TOLD:]]

    def tell(self, reply: dict[str, Any], gone: Iterable[str]) -> dict[str, Any]:
        """*reply*, which has `messages`, with those that are *gone* for a client, if any are."""
        late = [message["id"] for message in reply["messages"] if message["id"] in self]
        kept = [message for message in reply["messages"] if message["id"] not in self]
        deleted = [*gone, *late]
        return {**reply, "messages": kept, **({"deleted": deleted} if deleted else {})}
