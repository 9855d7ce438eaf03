"""Servers for the tests that need more than the modes' harnesses, and room logs of each kind."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from chatcluster.history.port import Retention, RoomLog
from tests.contract.broadcasting_hub import hub, listener
from tests.contract.logs import KINDS, Opener, log_opener
from tests.postgres_fixtures import own_postgres, postgres

__all__ = ["hub", "listener", "own_postgres", "postgres"]


@pytest.fixture(params=KINDS)
async def opener(request: pytest.FixtureRequest) -> AsyncIterator[Opener]:
    """Opens logs, and closes them in the end."""
    async with log_opener(request) as open_log:
        yield open_log


@pytest.fixture
async def log(opener: Opener) -> RoomLog:
    return await opener(Retention())
