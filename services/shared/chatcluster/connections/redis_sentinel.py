"""A server that Sentinels know by name, wherever it is just now."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from chatcluster.connections.redis_link import Endpoint, RedisLink, command
from chatcluster.connections.redis_pair import Links, Pair, Wiring
from chatcluster.connections.redis_target import SEED_SECONDS, first_that_answers
from chatcluster.core.errors import FanoutError

WATCH_SECONDS = 1.0  # between two looks for a failover

Place = tuple[str, int]  # host, port


@dataclass(frozen=True, slots=True)
class Sentinel:
    """The master called *name* of the Sentinels at *seeds*; *master* says how to speak to it, and
    not where it is. Source: Redis documentation, "Sentinel client spec".
    """

    seeds: Sequence[Endpoint]
    name: str
    master: Endpoint

    async def connect(self, wiring: Wiring, old: Links | None) -> Links:
        async with first_that_answers(self.seeds) as link:
            place = await self._where(link)
        host, port = place
        pair = _Watched(wiring, self, place)
        endpoint = replace(self.master, host=host, port=port)
        await pair.connect(endpoint, [wiring.keys] if wiring.keys else [])
        try:
            ((role, *_),) = await pair.publishing.ask([command(b"ROLE")], 1)
            if role != b"master":  # promoted, but it does not know yet; or the reverse
                raise FanoutError(f"{host}:{port} is not the master of {self.name!r}")
        except FanoutError as error:
            pair.close(error)
            raise
        return pair

    async def moved(self, place: Place) -> None:
        """Return when the Sentinels say that the master is not at *place* any more.

        In a failover that somebody asked for, the old master goes on for some ten seconds before it
        is told; whoever stayed with it would be alone.
        """
        while True:
            with suppress(FanoutError, TimeoutError):
                async with first_that_answers(self.seeds) as link:
                    while await self._where(link) == place:  # noqa: ASYNC110 - it is far away
                        await asyncio.sleep(WATCH_SECONDS)
                    return
            await asyncio.sleep(WATCH_SECONDS)

    async def _where(self, link: RedisLink) -> Place:
        question = command(b"SENTINEL", b"GET-MASTER-ADDR-BY-NAME", self.name.encode())
        async with asyncio.timeout(SEED_SECONDS):
            (place,) = await link.ask([question], 1)
        if place is None:
            raise FanoutError(f"the Sentinels know no master {self.name!r}")
        host, port = place
        return host.decode(), int(port)


class _Watched(Pair):
    """Ends also when the master is another one."""

    def __init__(self, wiring: Wiring, sentinel: Sentinel, place: Place) -> None:
        super().__init__(wiring)
        self._sentinel = sentinel
        self._place = place

    async def ended(self) -> FanoutError:
        moved = asyncio.create_task(self._sentinel.moved(self._place), name="sentinel")
        moved.add_done_callback(self._leave)
        try:
            return await super().ended()
        finally:
            moved.cancel()

    def _leave(self, moved: asyncio.Task[None]) -> None:
        if not moved.cancelled():
            moved.result()
            self.close(FanoutError(f"{self._sentinel.name!r} has another master"))
