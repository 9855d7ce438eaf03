"""The stream of jobs, as two workers see it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from chat_worker.job_stream import Entry, JobStream
from chat_worker.patience import Patience
from chatcluster.chat.job import Job
from chatcluster.chat.job_log import JobLog
from chatcluster.core.errors import HistoryError
from tests.contract.logs import fresh_prefix
from tests.servers import Valkey

SOON = Patience(retry=0.05, timeout=-4.9)  # others may take a job after 0.15 seconds


@pytest.fixture
def prefix() -> str:
    return fresh_prefix()


@pytest.fixture
async def jobs(valkey: Valkey, prefix: str) -> AsyncIterator[JobLog]:
    jobs = JobLog(valkey.url, prefix=prefix, length=1000, events=("e",))
    yield jobs
    await jobs.close()


@pytest.fixture
async def workers(valkey: Valkey, prefix: str) -> AsyncIterator[list[JobStream]]:
    workers = [JobStream(valkey.url, prefix=prefix, consumer=name) for name in ("one", "two")]
    yield workers
    for worker in workers:
        await worker.close()


async def take(worker: JobStream, *running: str) -> list[Entry]:
    return await worker.take_over(10, SOON, running)


async def test_without_its_group_it_says_so_until_it_is_opened(
    jobs: JobLog, workers: list[JobStream]
) -> None:
    await jobs.record(Job("e"))
    for asking in (workers[0].read(1, 0.01), take(workers[0])):
        with pytest.raises(HistoryError, match="NOGROUP"):
            await asking
    for worker in workers:
        await worker.open()
    assert len(await workers[0].read(1, 0.01)) == 1


async def test_a_job_is_given_to_one_worker(jobs: JobLog, workers: list[JobStream]) -> None:
    await workers[0].open()
    for _ in range(10):
        await jobs.record(Job("e"))
    given = await asyncio.gather(*(worker.read(10, 0.01) for worker in workers))
    assert len({entry.id for part in given for entry in part}) == 10
    assert await workers[0].counts() == (0, 10, 0)


async def test_of_two_workers_one_takes_over(jobs: JobLog, workers: list[JobStream]) -> None:
    await workers[0].open()
    await jobs.record(Job("e"))
    (entry,) = await workers[0].read(1, 0.01)
    assert await take(workers[1]) == []
    await asyncio.sleep(0.2)
    taken = [one for part in await asyncio.gather(*map(take, workers)) for one in part]
    assert [(one.id, one.attempt) for one in taken] == [(entry.id, 2)]


async def test_what_runs_here_is_not_taken_again(jobs: JobLog, workers: list[JobStream]) -> None:
    await workers[0].open()
    await jobs.record(Job("e"))
    (entry,) = await workers[0].read(1, 0.01)
    await asyncio.sleep(0.1)
    assert await take(workers[0], entry.id) == []
    assert [one.attempt for one in await take(workers[0])] == [2]


async def test_an_attempt_that_is_put_back_does_not_count(
    jobs: JobLog, workers: list[JobStream]
) -> None:
    await workers[0].open()
    await jobs.record(Job("e"))
    (entry,) = await workers[0].read(1, 0.01)
    for _ in range(3):
        await workers[0].put_back(entry)
        await asyncio.sleep(0.1)
        (entry,) = await take(workers[0])
        assert entry.attempt == 1


async def test_what_is_done_or_buried_is_gone(jobs: JobLog, workers: list[JobStream]) -> None:
    await workers[0].open()
    for _ in range(3):
        await jobs.record(Job("e"))
    done, buried, left = await workers[0].read(3, 0.01)
    await workers[0].done(done.id)
    await workers[0].bury(buried, "poison")
    assert await workers[0].counts() == (0, 1, 1)
    await asyncio.sleep(0.2)
    assert [one.id for one in await take(workers[1])] == [left.id]


async def test_who_leaves_takes_nothing_along(jobs: JobLog, workers: list[JobStream]) -> None:
    await workers[0].open()
    await jobs.record(Job("e"))
    await workers[0].read(1, 0.01)
    await workers[0].leave()
    await asyncio.sleep(0.2)
    (entry,) = await take(workers[1])
    await workers[1].done(entry.id)
    await workers[0].leave()
    assert await workers[1].counts() == (0, 0, 0)


async def test_many_pending_jobs_do_not_hide_one_that_is_due(
    jobs: JobLog, workers: list[JobStream]
) -> None:
    await workers[0].open()
    for _ in range(700):
        await jobs.record(Job("e"))
    held = await workers[0].read(700, 0.01)
    await asyncio.sleep(0.1)
    taken = await take(workers[0], *(entry.id for entry in held[:-1]))
    assert [one.id for one in taken] == [held[-1].id]
