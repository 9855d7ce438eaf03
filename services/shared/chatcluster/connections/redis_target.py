"""Where a carrier connects to: one server, one that Sentinels know, or a cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from chatcluster.connections.redis_link import Endpoint, RedisLink, connect_link
from chatcluster.connections.redis_pair import Links, Pair, Wiring
from chatcluster.core.errors import FanoutError

SEED_SECONDS = 1.0  # for one of several servers to answer; the next one may be well


@runtime_checkable
class Target(Protocol):
    """Knows how to connect, and finds out anew each time who serves."""

    async def connect(self, wiring: Wiring, old: Links | None) -> Links:
        """What still serves of *old*, which was let go, may become a part of the result. Raises
        FanoutError, but may wait for ever if nobody answers."""


@dataclass(frozen=True, slots=True)
class Single:
    """One server at a known place."""

    endpoint: Endpoint

    async def connect(self, wiring: Wiring, old: Links | None) -> Links:
        return await Pair(wiring).connect(self.endpoint, [wiring.keys] if wiring.keys else [])


@asynccontextmanager
async def first_that_answers(seeds: Iterable[Endpoint]) -> AsyncIterator[RedisLink]:
    """A connection to the first of *seeds* that serves. Raises FanoutError if none does."""
    link, reasons = None, []
    for seed in seeds:
        try:
            async with asyncio.timeout(SEED_SECONDS):
                link = await connect_link(seed)
                break
        except (FanoutError, TimeoutError) as error:
            reasons.append(f"{seed.host}:{seed.port}: {error or 'no answer'}")
    if link is None:
        raise FanoutError(f"none of the servers answers: {'; '.join(reasons)}")
    try:
        yield link
    finally:
        link.close(FanoutError("not needed any more"))
