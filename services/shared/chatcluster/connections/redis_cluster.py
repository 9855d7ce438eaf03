"""The servers of a Redis Cluster, as one carrier."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from operator import itemgetter
from typing import Any

from chatcluster.connections.redis_link import Endpoint, RefusedError, command
from chatcluster.connections.redis_pair import SHARDED, Links, Pair, Wiring, Words, first_end
from chatcluster.connections.redis_slots import Place, read_slots, slot
from chatcluster.connections.redis_target import first_that_answers
from chatcluster.core.errors import FanoutError
from chatcluster.core.hashing import choose


class Shards:
    """A pair of connections to every master.

    Sharded channels and keys are at the server of their slot. What is published to other channels
    reaches all servers, so one is enough for them: the same one for everybody who is connected to
    the same servers, because only there all see one order.
    """

    def __init__(self, pairs: dict[Place, Pair], masters: list[Place], wiring: Wiring) -> None:
        self.pairs = pairs
        self._masters = masters
        self._sharded = wiring.verbs is SHARDED
        self._publish = wiring.verbs.publish
        places = {f"{place.host}:{place.port}": place for place in pairs}
        self._home = places[choose("socket.io", places)]

    @property
    def up(self) -> bool:
        return all(pair.up for pair in self.pairs.values())

    def restored(self) -> None:
        for pair in self.pairs.values():
            pair.restored()

    def post(self, commands: Sequence[Words]) -> asyncio.Future[list[Any]]:
        parts = defaultdict[Place, list[int]](list)
        for nth, words in enumerate(commands):
            anywhere = words[0] == self._publish and not self._sharded
            parts[self._home if anywhere else self._master(words[1])].append(nth)
        # Without a task in between: what is called later is also sent later.
        posted = [
            self.pairs[place].post([commands[nth] for nth in part]) for place, part in parts.items()
        ]
        return posted[0] if len(posted) == 1 else in_order(posted, list(parts.values()))

    async def query(self, words: Words) -> Any:
        return await self.pairs[self._master(words[1])].query(words)

    async def listen(self, add: Collection[bytes], drop: Collection[bytes]) -> None:
        added, dropped = self._by_place(add), self._by_place(drop)
        await asyncio.gather(
            *(
                self.pairs[place].listen(added.get(place, ()), dropped.get(place, ()))
                for place in added.keys() | dropped.keys()
            )
        )

    async def count(self, channels: Sequence[bytes]) -> list[int]:
        counts = await asyncio.gather(*(pair.count(channels) for pair in self.pairs.values()))
        return [sum(parts) for parts in zip(*counts, strict=True)]

    async def ended(self) -> FanoutError:
        return await first_end(self.pairs.values())

    def let_go(self, reason: FanoutError) -> None:
        """The other servers' rooms go on."""
        for pair in self.pairs.values():
            if not pair.up:
                pair.close(reason)

    def close(self, reason: FanoutError) -> None:
        for pair in self.pairs.values():
            pair.close(reason)

    def _master(self, key: bytes) -> Place:
        return self._masters[slot(key)]

    def _by_place(self, channels: Iterable[bytes]) -> dict[Place, list[bytes]]:
        parts = defaultdict[Place, list[bytes]](list)
        for channel in channels:
            parts[self._master(channel) if self._sharded else self._home].append(channel)
        return parts


@dataclass(frozen=True, slots=True)
class Cluster:
    """The cluster that one of *seeds* belongs to; its servers are spoken to as the first of them.

    The cluster is asked anew whenever a server's connections have ended: so a failover, or slots
    that move, end connections and are found out by the next ones. Servers that are well keep
    theirs.
    """

    seeds: Sequence[Endpoint]

    async def connect(self, wiring: Wiring, old: Links | None) -> Links:
        masters = await self._masters()
        known = old.pairs if isinstance(old, Shards) else {}
        kept = {place: known[place] for place in set(masters) if place in known and known[place].up}
        made = {place: Pair(wiring, channels_per_command=1) for place in set(masters) - kept.keys()}
        await self._connect(made, _places(wiring.keys, masters))
        for place, pair in known.items():
            if place not in kept:
                pair.close(FanoutError("not a master any more"))
        return Shards(kept | made, masters, wiring)

    async def _connect(self, pairs: dict[Place, Pair], keys: dict[Place, list[bytes]]) -> None:
        """All of *pairs*, or none."""
        # Each key is read by itself: one command may not name two slots.
        ways = (
            pair.connect(self._at(place), [[key] for key in keys.get(place, ())])
            for place, pair in pairs.items()
        )
        try:
            results = await asyncio.gather(*ways, return_exceptions=True)
            if errors := [result for result in results if isinstance(result, BaseException)]:
                raise errors[0]
        except BaseException:
            for pair in pairs.values():
                pair.close(FanoutError("another server of the cluster is gone"))
            raise

    async def _masters(self) -> list[Place]:
        async with first_that_answers(self.seeds) as link:
            (reply,) = await link.ask([command(b"CLUSTER", b"SLOTS")], 1)
            return read_slots(reply, self.seeds[0].host)

    def _at(self, place: Place) -> Endpoint:
        return replace(self.seeds[0], host=place.host, port=place.port)


def _places(keys: Iterable[bytes], masters: list[Place]) -> dict[Place, list[bytes]]:
    parts = defaultdict[Place, list[bytes]](list)
    for key in keys:
        parts[masters[slot(key)]].append(key)
    return parts


def in_order(
    posted: Sequence[asyncio.Future[list[Any]]], numbers: Sequence[Sequence[int]]
) -> asyncio.Future[list[Any]]:
    """What all of *posted* answer, each one's answers at its *numbers*. If a server refuses, what
    the others answered is not known.
    """
    answers: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
    gathered = asyncio.gather(*posted)

    def fill(gathered: asyncio.Future[list[list[Any]]]) -> None:
        if answers.done() or gathered.cancelled():
            answers.cancel()
        elif (error := gathered.exception()) is not None:
            if isinstance(error, RefusedError):
                error.replies = []
            answers.set_exception(error)
        else:
            by_number = zip(chain(*numbers), chain(*gathered.result()), strict=True)
            answers.set_result([answer for _, answer in sorted(by_number, key=itemgetter(0))])

    gathered.add_done_callback(fill)
    answers.add_done_callback(lambda _: gathered.cancel())
    return answers
