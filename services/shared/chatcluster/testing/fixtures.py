"""Modes with their carriers started, and gateways on them that are closed in the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import cast

import pytest
import pytest_asyncio

from chatcluster.testing.elsewhere import Elsewhere
from chatcluster.testing.harness import Gateway, Harness
from chatcluster.testing.promises import concerns

Enter = Callable[..., Awaitable[Gateway]]
EnterElsewhere = Callable[[str, str], Awaitable[Elsewhere]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `harness` runs on every mode in HARNESSES of its module; one that takes
    `carrier` or `durable`, on those that are so.
    """
    if "harness" in metafunc.fixturenames:
        kinds = {
            name: kind
            for name, kind in metafunc.module.HARNESSES.items()
            if concerns(metafunc.fixturenames, kind)
        }
        metafunc.parametrize("harness", list(kinds.values()), ids=list(kinds), indirect=True)


@pytest_asyncio.fixture
async def harness(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Harness]:
    """A mode, with its carrier started for this test alone."""
    kind = cast(type[Harness], request.param)
    harness = kind(tmp_path_factory.mktemp("carrier"))
    try:
        await harness.start()
        yield harness
    finally:
        await harness.stop()


@pytest.fixture
def carrier(harness: Harness) -> Harness:
    """A mode whose gateways meet on a carrier, which can be killed and paused."""
    return harness


@pytest.fixture
def durable(carrier: Harness) -> Harness:
    """A mode whose carrier loses nothing that it has taken."""
    return carrier


@pytest_asyncio.fixture
async def enter(harness: Harness) -> AsyncIterator[Enter]:
    """`await enter("name", *rooms)`: an open gateway that wants these rooms."""
    gateways: list[Gateway] = []

    async def enter(name: str, *rooms: str, namespace: str = "/") -> Gateway:
        gateways.append(Gateway(harness.fanout(), name, namespace))
        return await gateways[-1].open(*rooms)

    yield enter
    for gateway in gateways:
        await gateway.fanout.close()


@pytest_asyncio.fixture
async def enter_elsewhere(harness: Harness) -> AsyncIterator[EnterElsewhere]:
    """`await enter_elsewhere("name", "silent")`: an open gateway in a process of its own."""
    processes: list[Elsewhere] = []

    async def enter(name: str, behaviour: str) -> Elsewhere:
        processes.append(await Elsewhere.start(harness.recipe(), name, behaviour))
        return processes[-1]

    yield enter
    for process in processes:
        await process.stop()
