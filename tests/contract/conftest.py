"""Servers for the tests that need more than the modes' harnesses."""

from tests.contract.broadcasting_hub import hub, listener
from tests.postgres_fixtures import own_postgres, postgres

__all__ = ["hub", "listener", "own_postgres", "postgres"]
