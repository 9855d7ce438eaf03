"""Keeps the sanctions of this gateway in line with those of all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from chat_gateway.moderation.announcing import Lifted
from chat_gateway.moderation.enforcing import Enforcing
from chatcluster.core.errors import HistoryError
from chatcluster.core.sanctions import Against, Sanction, Sanctions
from chatcluster.history.port import ModerationStore
from chatcluster.runtime.logs import get_logger

LOOK_SECONDS = 3.0  # between looks whether the store has others: a signal may be lost

log = get_logger(__name__)

Others = Callable[[], Awaitable[Sequence[Sanction]]]


class Register:
    """`sanctions` are in force here, and hold at once for those who are connected here.

    Where the store is shared it is what counts, and signals only bring forward what it will say.
    Where it is not, *others* tells what the other gateways have, when this one begins.
    """

    def __init__(
        self,
        store: ModerationStore,
        sanctions: Sanctions,
        enforcing: Enforcing,
        *,
        others: Others,
        now: Callable[[], float],
    ) -> None:
        self.sanctions = sanctions
        self._store = store
        self._enforcing = enforcing
        self._others = others
        self._now = now
        self._version = -1
        self._stale = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()

    async def begin(self) -> None:
        """Return when the sanctions are known, or cannot be: then they are later."""
        try:
            await self._read()
        except HistoryError as error:
            log.warning("sanctions_unknown", error=str(error))
            self._stale.set()

    async def impose(self, sanction: Sanction) -> None:
        """Raises HistoryError."""
        async with self._one_at_a_time:
            await self._store.impose(sanction)
            self.hear(sanction)

    async def lift(self, against: Against) -> bool:
        """Whether there was one. Raises HistoryError."""
        async with self._one_at_a_time:
            kept = await self._store.lift(against.id)
            return self.sanctions.lift(against) or kept

    def hear(self, news: Sanction | Lifted) -> None:
        """It is so already, wherever that is kept."""
        if isinstance(news, Lifted):
            self.sanctions.lift(news.against)
        else:
            self.sanctions.impose(news)
            self._enforcing.impose([news], self._now())
        if self._store.shared:  # it may be late, and not so any more
            self._version = -1
            self._stale.set()

    def interrupted(self) -> None:
        """Signals may have been missed."""
        self._stale.set()

    async def keep(self) -> None:
        """Look for changes, for ever."""
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._stale.wait()
            except TimeoutError:
                if not self._store.shared:
                    continue
            self._stale.clear()
            try:
                await self._look()
            except HistoryError as error:
                log.warning("sanctions_wait", error=str(error))
                await asyncio.sleep(LOOK_SECONDS)
                self._stale.set()

    async def _look(self) -> None:
        if not self._store.shared or await self._store.version() != self._version:
            await self._read()

    async def _read(self) -> None:
        async with self._one_at_a_time:
            if self._store.shared:
                self._version, found = await self._store.sanctions()
            else:
                found = [*self.sanctions.all(self._now()), *await self._others()]
            now = self._now()
            new = self.sanctions.replace(one for one in found if one.holds(now))
            self._enforcing.impose(new, now)
