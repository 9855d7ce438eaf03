"""Fixtures of the tests that need a Postgres."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.postgres_server import Postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A Postgres shared by the whole run: use a prefix of your own, and leave it running."""
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A Postgres for this test alone, to be killed, paused and restarted."""
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.stop()
