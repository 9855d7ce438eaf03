"""The Redis and Postgres servers that settings name, and what these say of themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from chatcluster.connections.server_facts import FactsError, postgres_facts, redis_facts
from chatcluster.runtime.lifecycle import shown
from chatcluster.runtime.settings import ClusterSettings

LOG, CARRIER, JOBS = "room log", "fan-out", "jobs"

_ASK: dict[str, Callable[[str], Awaitable[dict[str, str]]]] = {
    "redis": redis_facts,
    "postgres": postgres_facts,
}


@dataclass(frozen=True, slots=True)
class Server:
    """`kind` is redis or postgres; `uses` what is kept there or goes through it."""

    kind: str
    url: str
    uses: tuple[str, ...]

    async def facts(self) -> dict[str, Any]:
        """For `/examination`: without a password, and with the `error` if it does not answer."""
        told = {"kind": self.kind, "at": shown(self.url), "uses": list(self.uses)}
        try:
            return {**told, "facts": await _ASK[self.kind](self.url), "error": ""}
        except FactsError as error:
            return {**told, "facts": {}, "error": shown(str(error))}


def servers(settings: ClusterSettings, *, jobs: bool = False) -> list[Server]:
    """Those that *settings* use, each once. Sentinels and Redis Clusters, of which several servers
    would have to be asked, are left out.
    """
    uses: dict[tuple[str, str], list[str]] = {}
    for kind, url, use in _uses(settings, jobs):
        if not url.startswith(("redis+sentinel://", "redis+cluster://")):
            uses.setdefault((kind, url), []).append(use)
    return [Server(kind, url, tuple(names)) for (kind, url), names in uses.items()]


async def all_facts(servers: list[Server]) -> list[dict[str, Any]]:
    return list(await asyncio.gather(*(server.facts() for server in servers)))


def _uses(settings: ClusterSettings, jobs: bool) -> Iterator[tuple[str, str, str]]:
    if settings.history == "redis":
        yield "redis", settings.redis_url, LOG
    elif settings.history == "postgres":
        yield "postgres", settings.postgres_dsn, LOG
    if settings.mode == "redis":
        yield "redis", settings.redis_url, CARRIER
    elif settings.mode == "adapter":
        yield "redis", settings.adapter_url or settings.redis_url, CARRIER
    elif settings.mode == "postgres":
        yield "postgres", settings.postgres_dsn, CARRIER
    if jobs:
        yield "redis", settings.redis_url, JOBS
