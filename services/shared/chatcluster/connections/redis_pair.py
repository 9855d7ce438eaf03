"""Two connections to Redis that stand or fall together."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from itertools import islice

from chatcluster.connections.redis_link import RedisLink, command
from chatcluster.core.errors import FanoutError

LOOK_SECONDS = 1.0  # between two looks for a sign of life
CHANNELS_PER_COMMAND = 512  # so that one command does not hold up the server for long


class Pair:
    """One publishes, and one subscribes, after which Redis lets a connection do nothing else."""

    def __init__(self, publishing: RedisLink, subscribing: RedisLink) -> None:
        self.publishing = publishing
        self.subscribing = subscribing
        self.restored = False  # the server listens to what is wanted

    @property
    def up(self) -> bool:
        return self.restored and not (self.publishing.ended.done() or self.subscribing.ended.done())

    async def listen(self, add: Collection[bytes], drop: Collection[bytes]) -> None:
        link = self.subscribing
        link.tell(_in_parts(b"UNSUBSCRIBE", drop))
        link.tell(_in_parts(b"SUBSCRIBE", add))
        await link.ask([command(b"PING")], 1)

    async def ended(self) -> FanoutError:
        """Return the reason once either connection has ended; falling silent is a reason."""
        links = (self.publishing, self.subscribing)
        while True:
            for link in links:
                if link.ended.done():
                    return link.ended.result()
                link.look()
            await asyncio.wait(
                [link.ended for link in links],
                timeout=LOOK_SECONDS,
                return_when=asyncio.FIRST_COMPLETED,
            )

    def close(self, reason: FanoutError) -> None:
        self.publishing.close(reason)
        self.subscribing.close(reason)


def _in_parts(name: bytes, channels: Collection[bytes]) -> list[bytes]:
    remaining = iter(channels)
    parts = iter(lambda: tuple(islice(remaining, CHANNELS_PER_COMMAND)), ())
    return [command(name, *part) for part in parts]
