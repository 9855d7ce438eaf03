"""The room log that the settings name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from chatcluster.core.errors import HistoryError
from chatcluster.history.opening import OpenedStore, opened
from chatcluster.history.port import Retention
from chatcluster.runtime.lifecycle import StartError, shown
from chatcluster.runtime.settings import ClusterSettings


@asynccontextmanager
async def opened_store(
    settings: ClusterSettings, retention: Retention, *, rooms_limit: int
) -> AsyncIterator[OpenedStore]:
    """The store, which is closed again at the end. Raises StartError when it cannot be had."""
    async with AsyncExitStack() as stack:
        try:
            store = await stack.enter_async_context(
                opened(
                    settings.history,
                    redis_url=settings.redis_url,
                    postgres_dsn=settings.postgres_dsn,
                    retention=retention,
                    rooms_limit=rooms_limit,
                    prefix=_prefix(settings),
                )
            )
        except (HistoryError, ValueError) as error:
            raise StartError(
                f"history {settings.history}: no answer from {_place(settings, error)}"
            ) from error
        yield store


def _prefix(settings: ClusterSettings) -> str:
    """Applications that share a server do not meet, in the log as little as in the fan-out."""
    if settings.history == "postgres":
        return settings.postgres_prefix
    return f"chatcluster:{settings.key}"


def _place(settings: ClusterSettings, error: Exception) -> str:
    if settings.history == "postgres":
        return f"Postgres at {shown(settings.postgres_dsn)} ({error}; CHAT_POSTGRES_DSN)"
    return f"Redis at {shown(settings.redis_url)} ({error}; CHAT_REDIS_URL)"
