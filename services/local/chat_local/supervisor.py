"""Several programs as one: started in order, kept running, ended in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from chat_local.control_server import UnknownServerError
from chat_local.keeper import Audience, Keeper, Probe
from chat_local.on_demand import OnDemand
from chat_local.plan import Program, stages
from chatcluster.runtime.background import background


class Supervisor:
    """Runs *programs*, whose log files are in *folder*, and by name those of *on_demand* that
    somebody asks for.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        folder: Path,
        *,
        probe: Probe,
        audience: Audience,
        on_demand: Mapping[str, Callable[[], Program]] | None = None,
    ) -> None:
        self._audience = audience
        kept = partial(Keeper, folder=folder, probe=probe, audience=audience)
        self._stages = [[kept(program) for program in stage] for stage in stages(programs)]
        self._on_demand = {name: OnDemand(make, kept) for name, make in (on_demand or {}).items()}

    async def run(self, stop: asyncio.Event) -> None:
        """Start all, keep them running until *stop*, then end all; nothing runs afterwards.

        Raises StartError when one of them does not start.
        """
        try:
            if await _done_before(stop, self._start()):
                self._audience.ready()
                async with background(**self._loops()):
                    await stop.wait()
            self._audience.stopping()
        finally:
            for stage in reversed(self._stages):
                await asyncio.gather(*(keeper.stop() for keeper in stage))
            await asyncio.gather(*(server.stop() for server in self._on_demand.values()))

    async def start(self, name: str) -> bool:
        """Return when the server *name* is ready: whether it was started for this. Raises
        StartError, and UnknownServerError.
        """
        if name in self._on_demand:
            return await self._on_demand[name].start()
        if any(keeper.program.name == name for keeper in self._stages[0]):
            return False
        raise UnknownServerError(name)

    async def _start(self) -> None:
        for stage in self._stages:
            await _together(keeper.start() for keeper in stage)

    def _loops(self) -> dict[str, Coroutine[Any, Any, None]]:
        keepers = [keeper for stage in self._stages for keeper in stage]
        return {
            **{keeper.program.name: keeper.keep() for keeper in keepers},
            **{name: server.keep() for name, server in self._on_demand.items()},
        }


async def _together(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Return when all is done; the first that fails cancels the others and is raised."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        await _cancelled(tasks)


async def _done_before(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Whether *work* was done before *stop*; if not, it is cancelled. Raises what *work* does."""
    working = asyncio.create_task(work)
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
        return working.done()
    finally:
        await _cancelled([working, stopping])


async def _cancelled(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
