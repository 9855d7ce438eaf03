"""What becomes a job: what is acknowledged, and events by name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from chat_gateway.chat.audience import Audience
from chat_gateway.chat.service import ChatService
from chat_gateway.manager.interest import Interest
from chat_gateway.manager.manager import FanoutManager
from chatcluster.chat.job import Job
from chatcluster.chat.job_log import JobLog
from chatcluster.chat.recording import Recording
from chatcluster.connections.redis import Redis, connect
from chatcluster.core.envelope import Action
from chatcluster.core.errors import HistoryError
from chatcluster.fanout.isolated import IsolatedFanout
from chatcluster.history.memory import MemoryDirectory, MemoryRoomLog
from chatcluster.history.port import Retention
from chatcluster.testing.harness import Gateway
from tests.contract.logs import fresh_prefix
from tests.servers import Valkey


class Jobs(JobLog):
    """Can be told to fail."""

    broken = False

    async def record(self, job: Job) -> None:
        if self.broken:
            raise HistoryError("Redis does not answer")
        await super().record(job)


@pytest.fixture
async def redis(valkey: Valkey) -> AsyncIterator[Redis]:
    async with connect(valkey.url) as redis:
        yield redis


@pytest.fixture
def prefix() -> str:
    return fresh_prefix()


@pytest.fixture
async def jobs(valkey: Valkey, prefix: str) -> AsyncIterator[Jobs]:
    jobs = Jobs(valkey.url, prefix=prefix, length=50, events=("chat message", "typing"))
    yield jobs
    await jobs.close()


@pytest.fixture
async def service(jobs: Jobs) -> ChatService:
    fanout = IsolatedFanout()
    await Gateway(fanout, "one").open()
    return ChatService(
        FanoutManager(fanout, "one", lambda key, first: None),
        MemoryDirectory(10),
        MemoryRoomLog(Retention(), clock=lambda: 1.0, random_bytes=bytes),
        Audience(Interest()),
        dyno="gateway-1",
        random_bytes=bytes,
        alone=lambda: False,
        jobs=jobs,
    )


async def stored(redis: Redis, prefix: str) -> list[Job]:
    entries: Any = await redis.xrange(f"{prefix}:jobs")
    return [Job.decode(fields[b"job"], id.decode()) for id, fields in entries]


async def test_a_message_is_a_job_when_it_is_acknowledged(
    service: ChatService, redis: Redis, prefix: str
) -> None:
    id, _ = await service.post("tea", "ada", "hello")
    (job,) = await stored(redis, prefix)
    assert (job.id, job.event, job.room) == (id, "chat message", "tea")
    assert (job.args[0]["nick"], job.args[0]["message"]) == ("ada", "hello")


async def test_a_message_whose_job_is_not_stored_is_not_acknowledged(
    service: ChatService, jobs: Jobs, redis: Redis, prefix: str
) -> None:
    """Sent again with its key, it is the same message and one job."""
    jobs.broken = True
    with pytest.raises(HistoryError):
        await service.post("tea", "ada", "hello", key="mine")
    jobs.broken = False
    id, _ = await service.post("tea", "ada", "hello", key="mine")
    assert id.endswith("-1")
    assert [job.id for job in await stored(redis, prefix)] == [id]


async def test_events_are_jobs_by_name(jobs: Jobs, redis: Redis, prefix: str) -> None:
    """But not chat messages, which are jobs when they are acknowledged."""
    gateway = await Gateway(Recording(IsolatedFanout(), jobs), "one").open("a")
    await gateway.say(b"\x00", event="typing")
    await gateway.say(1, event="typing", rooms=("a", "b"), namespace="/x")
    await gateway.say(event="other")
    await gateway.say(event="chat message")
    await gateway.say(event="typing", action=Action.SIGNAL)
    assert [
        (job.event, job.namespace, job.room, job.args) for job in await stored(redis, prefix)
    ] == [
        ("typing", "/", "a", (b"\x00",)),
        ("typing", "/x", "a", (1,)),
        ("typing", "/x", "b", (1,)),
    ]
    assert len(gateway.received) == 5


async def test_jobs_that_nobody_does_push_out_the_oldest(
    jobs: Jobs, redis: Redis, prefix: str
) -> None:
    for number in range(500):
        await jobs.record(Job("typing", args=(number,)))
    left = await stored(redis, prefix)
    assert 50 <= len(left) < 300
    assert left[-1].args == (499,)
