"""A server that is started when somebody asks for it, and from then on kept like the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NoReturn

from chat_local.keeper import Keeper
from chat_local.plan import Program
from chatcluster.runtime.lifecycle import StartError


class OnDemand:
    """What *make* prepares and *kept* keeps; the former takes its time, and gets a thread."""

    def __init__(self, make: Callable[[], Program], kept: Callable[[Program], Keeper]) -> None:
        self._make = make
        self._kept = kept
        self._keeper: Keeper | None = None
        self._starting: asyncio.Task[None] | None = None
        self._runs = asyncio.Event()
        self._stopped = False

    async def start(self) -> bool:
        """Return when it is ready: whether it was started for this. Raises StartError when it
        cannot be; then it may be asked for again.
        """
        if self._runs.is_set():
            return False
        if self._stopped:
            raise StartError("the cluster is being stopped")
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self._start())
        await asyncio.wait((self._starting,))
        if self._starting.cancelled():
            raise StartError("the cluster is being stopped")
        self._starting.result()
        return True

    async def keep(self) -> NoReturn:
        """As its keeper does, from when it runs."""
        await self._runs.wait()
        assert self._keeper is not None
        await self._keeper.keep()

    async def stop(self) -> None:
        """Return when nothing of it runs, and nothing will."""
        self._stopped = True
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait((self._starting,))
        if self._keeper is not None:
            await self._keeper.stop()

    async def _start(self) -> None:
        making = asyncio.create_task(asyncio.to_thread(self._make))
        try:
            program = await asyncio.shield(making)
        except asyncio.CancelledError:
            await asyncio.wait((making,))  # a thread cannot be stopped, and uses the folder
            raise
        self._keeper = self._kept(program)
        await self._keeper.start()
        self._runs.set()
