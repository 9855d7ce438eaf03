"""Mode `redis` under contract."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path

from chatcluster.fanout.redis import RedisFanout
from tests.servers import Valkey

EVENTS = ("e", "typing")  # "e" is the suite's


class RedisHarness:
    shared = True
    durable = False

    def __init__(self, folder: Path) -> None:
        self._valkey = Valkey(folder, appendonly="no")
        self._prefix = f"contract-{secrets.token_hex(4)}"

    async def start(self) -> None:
        self._valkey.start()

    async def stop(self) -> None:
        self._valkey.stop()

    def fanout(self) -> RedisFanout:
        return self.recipe()()

    def recipe(self) -> Callable[[], RedisFanout]:
        origin = f"gateway-{secrets.token_hex(4)}"
        return partial(
            RedisFanout, self._valkey.url, origin=origin, prefix=self._prefix, events=EVENTS
        )

    async def kill(self) -> None:
        self._valkey.kill()

    async def restart(self) -> None:
        self._valkey.start()

    async def pause(self) -> None:
        self._valkey.pause()

    async def resume(self) -> None:
        self._valkey.resume()
