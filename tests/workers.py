"""Workers as processes, their streams, and packages with jobs for them."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from chatcluster.connections.redis import Redis
from chatcluster.history.port import Retention
from chatcluster.history.redis import RedisRoomLog
from tests.gateways import Program

PATIENCE = 12.0  # seconds
ROOM = "tea"


def worker(folder: Path, redis_url: str, name: str = "worker-1", **variables: object) -> Program:
    """A worker that is not started yet; the folder's name keeps it apart from those of other tests,
    as it does clusters."""
    settings = {
        "mode": "redis",
        "redis_url": redis_url,
        "key": folder.name,
        "redis_prefix": folder.name,
        "name": name,
        "job_retry": 0.2,
        **variables,
    }
    return Program("chat_worker", folder / f"{name}.log", **settings)


def install(folder: Path, modules: Mapping[str, str], entry_points: str) -> str:
    """Make a package of *modules* (texts by name) with *entry_points* (as in `entry_points.txt`);
    the PYTHONPATH with which programs find it."""
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)
    info = folder / "of_a_test-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: of-a-test\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(entry_points)
    return os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH", ""))))


class Streams:
    """The jobs of one test, and what workers said in the room ROOM."""

    def __init__(self, redis: Redis, url: str, prefix: str) -> None:
        self._redis = redis
        self._prefix = prefix
        self._log = RedisRoomLog(url, Retention(), prefix=f"chatcluster:{prefix}")

    async def ask(self, text: str, nick: str = "ada", **fields: Any) -> None:
        """Store a job as a gateway does for a message."""
        job = {
            "event": "chat message",
            "room": ROOM,
            "args": [{"nick": nick, "message": text}],
            **fields,
        }
        await self.store(json.dumps(job))

    async def store(self, job: str) -> None:
        """Store any text as a job."""
        await self._redis.xadd(f"{self._prefix}:jobs", {"job": job})

    async def empty(self) -> None:
        """Redis forgets everything."""
        await self._redis.flushall()

    async def left(self) -> int:
        """Jobs that are not done."""
        length: int = await self._redis.xlen(f"{self._prefix}:jobs")
        return length

    async def dead(self) -> list[dict[str, str]]:
        letters: Any = await self._redis.xrange(f"{self._prefix}:jobs:dead")
        return [
            {name.decode(): value.decode() for name, value in fields.items()}
            for _, fields in letters
        ]

    async def said(self) -> list[str]:
        page = await self._log.before(ROOM, None, 1000)
        return [json.loads(entry.body)["message"] for entry in page.entries]

    async def close(self) -> None:
        await self._log.close()


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = PATIENCE) -> None:
    """Return when *condition* holds."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - other programs make it hold
            await asyncio.sleep(0.05)
