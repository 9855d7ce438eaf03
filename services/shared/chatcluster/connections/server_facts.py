"""What a Redis or a Postgres says of itself, as far as it matters to what is kept in it."""

from __future__ import annotations

import asyncio
from typing import Any

from chatcluster.connections import postgres
from chatcluster.connections.redis import RedisError, ResponseError, connect
from chatcluster.core.errors import ChatClusterError

SECONDS = 3.0  # for an answer

# Patterns of `CONFIG GET`, and what of `INFO` is told.
REDIS_SETTINGS = ("maxmemory*", "append*", "save", "client-output-buffer-limit")
REDIS_INFO = ("redis_version", "valkey_version", "run_id", "role", "used_memory")
POSTGRES_SETTINGS = (
    "server_version",
    "synchronous_commit",
    "fsync",
    "full_page_writes",
    "default_transaction_read_only",
)
_POSTGRES_IDENTITY = (
    "SELECT current_database() AS database, pg_is_in_recovery() AS standby,"
    " pg_postmaster_start_time()::text AS started"
)


class FactsError(ChatClusterError):
    """A server does not say; the message tells why."""


async def redis_facts(url: str) -> dict[str, str]:
    """Settings and state by their own names. Where the server does not let us read settings
    (managed ones do not), they are left out. Raises FactsError.
    """
    try:
        async with asyncio.timeout(SECONDS), connect(url) as client:
            info = await client.info("everything")
            facts = {name: str(info[name]) for name in REDIS_INFO if name in info}
            try:
                found = await client.config_get(*REDIS_SETTINGS)
            except ResponseError:
                return facts
            return {**{_text(name): _text(value) for name, value in found.items()}, **facts}
    except TimeoutError as error:
        raise FactsError(f"no answer within {SECONDS:g} s") from error
    except (RedisError, OSError, ValueError) as error:
        raise FactsError(str(error) or type(error).__name__) from error


async def postgres_facts(dsn: str) -> dict[str, str]:
    """Settings and state by their own names, as they are for a connection like ours. Raises
    FactsError.
    """
    with postgres.told_as(FactsError):
        async with asyncio.timeout(SECONDS):
            connection = await postgres.connect(dsn, "chatcluster doctor")
            try:
                facts = {
                    name: str(await connection.fetchval("SELECT current_setting($1)", name))
                    for name in POSTGRES_SETTINGS
                }
                facts |= {
                    name: str(value).lower() if isinstance(value, bool) else str(value)
                    for name, value in (await connection.fetchrow(_POSTGRES_IDENTITY)).items()
                }
            finally:
                connection.terminate()
    return facts


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
