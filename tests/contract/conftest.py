"""Servers for the tests that need more than the modes' harnesses."""

from tests.postgres_fixtures import own_postgres, postgres

__all__ = ["own_postgres", "postgres"]
