"""The fan-out modes under contract: a new mode adds its harness here, and must pass."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from chatcluster.fanout.adapter import AdapterFanout, Classic, Sharded, Streams
from chatcluster.fanout.isolated import IsolatedFanout
from chatcluster.fanout.port import Fanout
from chatcluster.testing.harness import Harness
from tests.contract.hub_harness import HubHarness, ThreeHubsHarness
from tests.contract.postgres_harness import PostgresHarness
from tests.contract.redis_harness import RedisHarness
from tests.servers import Valkey


class IsolatedHarness:
    shared = False
    durable = False

    def __init__(self, folder: Path) -> None:
        pass

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    def fanout(self) -> IsolatedFanout:
        return IsolatedFanout()

    def recipe(self) -> Callable[[], Fanout]:
        return IsolatedFanout

    async def kill(self) -> None:
        raise NotImplementedError("there is no carrier")

    restart = pause = resume = kill


class AdapterHarness:
    """Every protocol passes under the same names of channels and streams."""

    shared = True
    durable = False
    protocol: Callable[[str], Classic | Sharded | Streams] = Classic
    config: Mapping[str, str] = {"appendonly": "no"}

    def __init__(self, folder: Path) -> None:
        self._valkey = Valkey(folder, **self.config)
        self._key = f"contract-{secrets.token_hex(4)}"

    async def start(self) -> None:
        self._valkey.start()

    async def stop(self) -> None:
        self._valkey.stop()

    def fanout(self) -> AdapterFanout:
        return AdapterFanout(self._valkey.url, type(self).protocol(self._key))

    def recipe(self) -> Callable[[], Fanout]:
        return partial(AdapterFanout, self._valkey.url, type(self).protocol(self._key))

    async def kill(self) -> None:
        self._valkey.kill()

    async def restart(self) -> None:
        self._valkey.start()

    async def pause(self) -> None:
        self._valkey.pause()

    async def resume(self) -> None:
        self._valkey.resume()


class ShardedHarness(AdapterHarness):
    protocol = Sharded


class StreamsHarness(AdapterHarness):
    durable = True
    protocol = Streams
    config: Mapping[str, str] = {}  # durable is what the server does not forget itself


HARNESSES: dict[str, type[Harness]] = {
    "isolated": IsolatedHarness,
    "adapter": AdapterHarness,
    "adapter-sharded": ShardedHarness,
    "adapter-streams": StreamsHarness,
    "redis": RedisHarness,
    "hub": HubHarness,
    "three hubs": ThreeHubsHarness,
    "postgres": PostgresHarness,
}
