"""What moderates the chat, inside one gateway and gone with it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import islice

from chatcluster.core.deeds import Deed
from chatcluster.core.sanctions import Sanction
from chatcluster.history.port import DEEDS, ENDED_SECONDS


class MemoryModeration:
    shared = False

    def __init__(self) -> None:
        self._sanctions: dict[str, Sanction] = {}
        self._deeds: deque[Deed] = deque(maxlen=DEEDS)
        self._version = 0

    async def impose(self, sanction: Sanction) -> None:
        ended = sanction.made - ENDED_SECONDS
        kept = {id: one for id, one in self._sanctions.items() if one.holds(ended)}
        self._sanctions = {**kept, sanction.id: sanction}
        self._version += 1

    async def lift(self, id: str) -> bool:
        lifted = self._sanctions.pop(id, None) is not None
        self._version += lifted
        return lifted

    async def version(self) -> int:
        return self._version

    async def sanctions(self) -> tuple[int, Sequence[Sanction]]:
        return self._version, tuple(self._sanctions.values())

    async def record(self, deed: Deed) -> None:
        self._deeds.appendleft(deed)

    async def deeds(self, skip: int, limit: int) -> Sequence[Deed]:
        return tuple(islice(self._deeds, skip, skip + limit))
