"""Keeps one program running: starts it, notices its end, starts it again."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import NoReturn, Protocol

from chat_local.child import Child, how
from chat_local.log_line import notable
from chat_local.plan import Program
from chatcluster.core.backoff import delays
from chatcluster.runtime.lifecycle import StartError

POLL_SECONDS = 0.1
START_SECONDS = 30.0
# One that ran for this long was well: the next wait is a short one again.
WELL_SECONDS = 30.0

Probe = Callable[[Program], Awaitable[str | None]]  # why it is not ready; None: it is


class Audience(Protocol):
    """Who hears what happens to the programs."""

    def started(self, program: Program, pid: int) -> None:
        """It runs and is ready."""

    def said(self, name: str, line: str) -> None:
        """A line for people, of the program or about it."""

    def ready(self) -> None:
        """All have started."""

    def stopping(self) -> None:
        """All are about to be ended, as was asked."""


class Keeper:
    """Owns the process of *program*, which writes its log into *folder*."""

    def __init__(self, program: Program, folder: Path, *, probe: Probe, audience: Audience) -> None:
        self.program = program
        self._log = folder / f"{program.name}.log"
        self._probe = probe
        self._audience = audience
        self._child: Child | None = None
        self._held: list[str] = []
        self._ready = False

    async def start(self) -> None:
        """Return when the program is ready.

        Raises StartError when it ends instead, or is not ready within START_SECONDS; nothing of it
        runs then.
        """
        self._ready = False
        self._held.clear()
        try:
            self._child = await Child.start(self.program, self._log, self._hear)
        except OSError as error:
            raise StartError(f"{self.program.name} cannot be run: {error}") from error
        await self._until_ready(self._child)
        self._ready = True
        self._audience.started(self.program, self._child.pid)
        for line in self._held:
            self._audience.said(self.program.name, line)

    async def keep(self) -> NoReturn:
        """Start it again whenever it ends; waits longer after each quick end."""
        waits = _waits()
        while True:
            assert self._child is not None
            began = time.monotonic()
            code = await self._child.wait()
            if time.monotonic() - began > WELL_SECONDS:
                waits = _waits()
            pause = next(waits)
            self._audience.said(self.program.name, f"{how(code)}; starts again in {pause:.1f} s")
            await asyncio.sleep(pause)
            try:
                await self.start()
            except StartError as error:
                self._audience.said(self.program.name, str(error))

    async def stop(self) -> None:
        """Return when the process has ended; it is killed after its grace."""
        if self._child is not None:
            await self._child.stop()

    async def _until_ready(self, child: Child) -> None:
        deadline = time.monotonic() + START_SECONDS
        ended = asyncio.create_task(child.wait())
        try:
            while (reason := await self._probe(self.program)) is not None:
                if ended.done():
                    raise StartError(self._why_ended(ended.result()))
                if time.monotonic() > deadline:
                    await child.stop()
                    raise StartError(
                        f"{self.program.name} was not ready within {START_SECONDS:g} s: {reason}"
                    )
                await asyncio.wait([ended], timeout=POLL_SECONDS)
        finally:
            ended.cancel()

    def _why_ended(self, code: int) -> str:
        # Programs say in their last line why they cannot go on.
        return f"{self.program.name} did not start, it {how(code)}: " + (
            self._held[-1] if self._held else f"see {self._log}"
        )

    def _hear(self, line: str) -> None:
        shown = notable(self.program.kind, line)
        if shown is None:
            return
        if self._ready:
            self._audience.said(self.program.name, shown)
        else:  # if it does not get ready, one sentence says why, and this may be it
            self._held.append(shown)


def _waits() -> Iterator[float]:
    return delays(0.5, 15.0, random.random)
