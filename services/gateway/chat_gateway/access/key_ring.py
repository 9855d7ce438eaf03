"""The keys that tokens are checked with, as their source has them now, or had them last."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from chat_gateway.access.keys import SigningKey
from chat_gateway.access.tokens import Header, candidates
from chatcluster.connections.ending import end
from chatcluster.core import codes
from chatcluster.core.errors import ChatClusterError, Refused
from chatcluster.runtime.logs import get_logger

log = get_logger(__name__)

Read = Callable[[], Awaitable[tuple[SigningKey, ...]]]


class KeyRing:
    """Reads the keys again and again, and keeps the last ones while *read* fails with one of our
    errors. Times in seconds: *every* so many it looks, and no two looks are nearer than *cooldown*,
    however many tokens name keys that it does not have. Keys that cannot be read anew are used for
    *kept*.
    """

    def __init__(
        self,
        read: Read,
        *,
        every: float,
        cooldown: float,
        kept: float,
        clock: Callable[[], float],
    ) -> None:
        self._read = read
        self._every = every
        self._cooldown = cooldown
        self._kept = kept
        self._clock = clock
        self._keys: tuple[SigningKey, ...] = ()
        self._looked = float("-inf")
        self._read_at = float("-inf")  # when that went well
        self._looking: asyncio.Task[None] | None = None

    async def find(self, header: Header) -> tuple[SigningKey, ...]:
        """The keys that a token with this header may have been signed with; when there is none, as
        the source has them at its next look. Raises Refused while they cannot be known.
        """
        found = candidates(self._current(), header)
        if found:
            return found
        await self.look()
        found = candidates(self._current(), header)
        if not found and self._read_at < self._looked:
            raise Refused(
                codes.UNAVAILABLE, "the keys for tokens cannot be read: try again in a moment"
            )
        return found

    async def look(self) -> None:
        """Return when the source was read, or could not be: all who wait wait for the same look."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="keys")
        await asyncio.shield(self._looking)

    async def keep(self) -> None:
        """Look again and again, for ever."""
        while True:
            await asyncio.sleep(self._every)
            await self.look()

    async def stop(self) -> None:
        if self._looking is not None:
            await end([self._looking])

    def _current(self) -> tuple[SigningKey, ...]:
        return self._keys if self._clock() - self._read_at <= self._kept else ()

    async def _look(self) -> None:
        await asyncio.sleep(max(0.0, self._looked + self._cooldown - self._clock()))
        self._looked = self._clock()
        try:
            keys = await self._read()
        except ChatClusterError as error:
            log.warning("keys_not_read", error=str(error), kept=len(self._current()))
            return
        self._read_at = self._clock()
        if {key.kid for key in keys} != {key.kid for key in self._keys}:
            log.info("keys_read", keys=[key.kid or key.algorithm for key in keys])
        self._keys = keys
