"""Every mode's harness, started, and gateways on it that are closed in the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.contract.broadcasting_hub import hub, listener
from tests.contract.fanouts import HARNESSES
from tests.contract.harness import Gateway, Harness
from tests.postgres_fixtures import own_postgres, postgres

__all__ = ["hub", "listener", "own_postgres", "postgres"]

Enter = Callable[..., Awaitable[Gateway]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `harness` runs on every mode; with `carrier`, on those that have one."""
    if "harness" in metafunc.fixturenames:
        needs_carrier = "carrier" in metafunc.fixturenames
        modes = [name for name, kind in HARNESSES.items() if kind.shared or not needs_carrier]
        metafunc.parametrize("harness", modes, indirect=True)


@pytest.fixture
async def harness(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Harness]:
    """A mode, with its carrier started for this test alone."""
    harness = HARNESSES[request.param](tmp_path_factory.mktemp("carrier"))
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
async def enter(harness: Harness) -> AsyncIterator[Enter]:
    """`await enter("name", *rooms)`: an open gateway that wants these rooms."""
    gateways: list[Gateway] = []

    async def enter(name: str, *rooms: str, namespace: str = "/") -> Gateway:
        gateways.append(Gateway(harness.fanout(), name, namespace))
        return await gateways[-1].open(*rooms)

    yield enter
    for gateway in gateways:
        await gateway.fanout.close()
