"""Which rooms' envelopes have to come to this gateway."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Set
from contextlib import suppress

from chatcluster.core.envelope import RoomKey
from chatcluster.core.errors import FanoutError


class Interest:
    """Counts who wants a room, and keeps the fan-out's wants equal to what is counted.

    Changes that nobody waits for are gathered for *gather* seconds: when thousands connect, each
    wants the room of its own id. One loop brings every change about, however many come and go: it
    tells the fan-out the whole set, so that somebody's coming and somebody else's going cannot
    cross.
    """

    def __init__(self, gather: float = 0.0) -> None:
        self._gather = gather
        self._counts: Counter[RoomKey] = Counter()
        self._told: Set[RoomKey] = frozenset()
        self._changed = asyncio.Event()
        self._awaited = asyncio.Event()
        self._round = asyncio.Condition()

    def add(self, key: RoomKey) -> None:
        self._counts[key] += 1
        if self._counts[key] == 1:
            self._changed.set()

    def discard(self, key: RoomKey) -> None:
        self._counts[key] -= 1
        if self._counts[key] <= 0:
            del self._counts[key]
            self._changed.set()

    async def in_force(self, key: RoomKey) -> None:
        """Return when envelopes for *key*, which was added before, come here.

        While the carrier is down it returns as well: the fan-out then knows of the wish, brings the
        envelopes when the carrier is back, and says that it was interrupted.
        """
        if key in self._told:
            return
        self._awaited.set()
        async with self._round:
            await self._round.wait_for(lambda: key in self._told)

    async def keep(self, want: Callable[[Set[RoomKey]], Awaitable[None]]) -> None:
        """Tell the fan-out's *want* about every change, for ever."""
        while True:
            await self._changed.wait()
            if self._gather:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._gather):
                        await self._awaited.wait()
            self._changed.clear()
            self._awaited.clear()
            wanted = frozenset(self._counts)
            # The fan-out remembers the set and restores it when its carrier is back.
            self._told &= wanted  # what is dropped now and wanted again meanwhile has to be told
            with suppress(FanoutError):
                await want(wanted)
            async with self._round:
                self._told = wanted
                self._round.notify_all()
