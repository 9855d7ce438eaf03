"""The fan-out modes under contract: a new mode adds its harness here, and must pass."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from chatcluster.fanout.isolated import IsolatedFanout
from tests.contract.harness import Harness


class IsolatedHarness:
    shared = False

    def __init__(self, folder: Path) -> None:
        pass

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    def fanout(self) -> IsolatedFanout:
        return IsolatedFanout()

    async def kill(self) -> None:
        raise NotImplementedError("there is no carrier")

    restart = pause = resume = kill


HARNESSES: dict[str, type[Harness]] = {"isolated": IsolatedHarness}

if find_spec("tests.contract.hub_harness"):
    from tests.contract.hub_harness import HubHarness

    HARNESSES["hub"] = HubHarness
