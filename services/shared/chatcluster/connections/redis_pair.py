"""Connections to one Redis that stand or fall together."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple, Protocol

from chatcluster.connections.redis_link import (
    Endpoint,
    Message,
    RedisLink,
    RefusedError,
    command,
    connect_link,
)
from chatcluster.core.errors import FanoutError

LOOK_SECONDS = 1.0  # between two looks for a sign of life
CHANNELS_PER_COMMAND = 512  # so that one command does not hold up the server for long

# What a server answers that is not, or no longer, the one to ask (Redis documentation, "Cluster
# specification", "MOVED Redirection"; replicas refuse to write).
_ELSEWHERE = frozenset(("MOVED", "READONLY"))

Words = Sequence[bytes]  # a command; the second word is its channel or key


class Verbs(NamedTuple):
    """The commands of one of Redis' two kinds of pub/sub."""

    publish: bytes
    subscribe: bytes
    unsubscribe: bytes
    numsub: bytes  # how many listen to a channel, as PUBSUB calls it


PLAIN = Verbs(b"PUBLISH", b"SUBSCRIBE", b"UNSUBSCRIBE", b"NUMSUB")
SHARDED = Verbs(b"SPUBLISH", b"SSUBSCRIBE", b"SUNSUBSCRIBE", b"SHARDNUMSUB")


class Reader(Protocol):
    """Who reads keys of the server over a connection of its own, besides pub/sub."""

    @property
    def keys(self) -> Collection[bytes]: ...

    async def start(self, link: RedisLink, keys: Collection[bytes]) -> None:
        """Return when everything that is written to *keys* from now on will be read, until the
        connection ends."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """What connections are for."""

    on_messages: Callable[[Sequence[Message]], None]
    verbs: Verbs = PLAIN
    reader: Reader | None = None

    @property
    def keys(self) -> Collection[bytes]:
        """What there is to read."""
        return self.reader.keys if self.reader is not None else ()


class Links(Protocol):
    """Connections to one or more servers that make up one carrier, until one of them ends."""

    @property
    def up(self) -> bool:
        """All of them stand, and the servers listen to what is wanted."""

    def restored(self) -> None:
        """The servers listen to what is wanted."""

    def post(self, commands: Sequence[Words]) -> asyncio.Future[list[Any]]:
        """Send *commands* now; the future is done when they were taken, in their order. It fails
        while the server in question does not listen to what is wanted: to publish while deaf would
        only hide the gap."""

    async def query(self, words: Words) -> Any: ...

    async def listen(self, add: Collection[bytes], drop: Collection[bytes]) -> None:
        """Where that is refused, what the server listens to is unknown: the connection ends."""

    async def count(self, channels: Sequence[bytes]) -> list[int]:
        """How many listen to each of *channels*."""

    async def ended(self) -> FanoutError:
        """Return the reason once a connection has ended; falling silent is a reason."""

    def let_go(self, reason: FanoutError) -> None:
        """Close what does not serve any more after one of them has ended."""

    def close(self, reason: FanoutError) -> None: ...


class Pair:
    """One connection publishes, and one subscribes, after which Redis lets it do nothing else; a
    third one reads if there is something to read."""

    def __init__(self, wiring: Wiring, *, channels_per_command: int = CHANNELS_PER_COMMAND) -> None:
        self.links: list[RedisLink] = []
        self._restored = False
        self._wiring = wiring
        self._channels_per_command = channels_per_command
        self._leaving: Counter[bytes] = Counter()

    async def connect(self, endpoint: Endpoint, keys: Iterable[Collection[bytes]]) -> Pair:
        """*keys* are those to read, in groups that are read together. Raises FanoutError, and is
        closed then."""
        wiring = self._wiring
        try:
            self.publishing = await self._link(connect_link(endpoint))
            self.subscribing = await self._link(
                connect_link(endpoint, wiring.on_messages, self._left)
            )
            for group in keys:
                await self._read(await self._link(connect_link(endpoint)), group)
        except BaseException:
            self.close(FanoutError("another connection failed"))
            raise
        return self

    @property
    def up(self) -> bool:
        return self._restored and not any(link.ended.done() for link in self.links)

    def restored(self) -> None:
        self._restored = True

    def post(self, commands: Sequence[Words]) -> asyncio.Future[list[Any]]:
        if not self.up:
            return _failed(FanoutError("Redis is gone"))
        taken = self.publishing.ask([command(*words) for words in commands], len(commands))
        taken.add_done_callback(self._taken)
        return taken

    async def query(self, words: Words) -> Any:
        (reply,) = await self.post([words])
        return reply

    async def listen(self, add: Collection[bytes], drop: Collection[bytes]) -> None:
        link, verbs = self.subscribing, self._wiring.verbs
        if verbs is SHARDED:
            self._leaving.update(drop)
        link.tell(self._in_parts(verbs.unsubscribe, drop))
        link.tell(self._in_parts(verbs.subscribe, add))
        try:
            await link.ask([command(b"PING")], 1)
        except FanoutError as error:
            self.close(error)
            raise

    async def count(self, channels: Sequence[bytes]) -> list[int]:
        question = command(b"PUBSUB", self._wiring.verbs.numsub, *channels)
        (reply,) = await self.publishing.ask([question], 1)
        return [int(count) for count in reply[1::2]]

    async def ended(self) -> FanoutError:
        return await first_end([self])

    def let_go(self, reason: FanoutError) -> None:
        self.close(reason)

    def close(self, reason: FanoutError) -> None:
        for link in self.links:
            link.close(reason)

    async def _read(self, link: RedisLink, keys: Collection[bytes]) -> None:
        if self._wiring.reader is not None:
            await self._wiring.reader.start(link, keys)

    async def _link(self, connecting: Awaitable[RedisLink]) -> RedisLink:
        self.links.append(await connecting)
        return self.links[-1]

    def _taken(self, taken: asyncio.Future[list[Any]]) -> None:
        error = None if taken.cancelled() else taken.exception()
        if isinstance(error, RefusedError) and error.code in _ELSEWHERE:
            self.close(error)

    def _left(self, channel: bytes) -> None:
        """Unasked, this says that the channel has moved to another server of a cluster."""
        self._leaving[channel] -= 1
        if self._leaving[channel] < 0:
            self.close(FanoutError(f"{channel!r} has moved to another server"))
        elif not self._leaving[channel]:
            del self._leaving[channel]

    def _in_parts(self, name: bytes, channels: Collection[bytes]) -> list[bytes]:
        remaining = iter(channels)
        size = self._channels_per_command
        parts = iter(lambda: tuple(islice(remaining, size)), ())
        return [command(name, *part) for part in parts]


def _failed(error: FanoutError) -> asyncio.Future[list[Any]]:
    future: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
    future.set_exception(error)
    future.exception()  # nobody may be waiting, which is no mistake
    return future


async def first_end(pairs: Collection[Pair]) -> FanoutError:
    """Return the reason once any connection of *pairs* has ended; falling silent is a reason."""
    ends = [link.ended for pair in pairs for link in pair.links]
    while True:
        for ended in ends:
            if ended.done():
                return ended.result()
        for pair in pairs:
            # A server answers nothing else while a read blocks: readers look for themselves.
            pair.publishing.look()
            pair.subscribing.look()
        await asyncio.wait(ends, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
