"""One of the fan-outs between which a gateway changes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from msgspec.structs import replace

from chatcluster.core.append import without_unstored
from chatcluster.core.envelope import Envelope
from chatcluster.core.errors import FanoutError
from chatcluster.core.switch import Target
from chatcluster.fanout.port import Fanout, State, store_of


class Carrier:
    """*fanout*, which carries the envelopes of *epoch*, and the publishes that are under way."""

    def __init__(self, epoch: int, target: Target, fanout: Fanout) -> None:
        self.epoch = epoch
        self.target = target
        self.fanout = fanout
        self._publishing: set[asyncio.Task[Any]] = set()
        self._given_up: set[asyncio.Task[Any]] = set()
        self._idle = asyncio.Event()

    @property
    def is_up(self) -> bool:
        return self.fanout.state is State.UP

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        """As the port says, with this epoch on the envelopes. Raises FanoutError, too, when `quiet`
        gave up waiting for it: then nothing may be published here any more.
        """
        if store_of(self.fanout) is None and not (envelopes := without_unstored(envelopes)):
            return
        task = asyncio.current_task()
        assert task is not None
        self._publishing.add(task)
        try:
            await self.fanout.publish(self._stamped(envelopes))
        except asyncio.CancelledError:
            if task not in self._given_up or task.uncancel() > 0:
                raise
            raise FanoutError(f"{self.target} did not take it before it was left") from None
        finally:
            self._publishing.discard(task)
            self._given_up.discard(task)
            if not self._publishing:
                self._idle.set()

    async def quiet(self, seconds: float) -> None:
        """Return when no publish is under way; those that take longer than *seconds* fail."""
        if not self._publishing:
            return
        self._idle.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()
                return
        self._given_up |= self._publishing
        for task in self._given_up:
            task.cancel()
        await self._idle.wait()

    def _stamped(self, envelopes: Iterable[Envelope]) -> Sequence[Envelope]:
        if self.epoch == 0:
            return tuple(envelopes)
        return [replace(envelope, epoch=self.epoch) for envelope in envelopes]
