"""Does jobs until it is asked to stop."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from chat_worker.answering import Speaker, TaskAnswers
from chat_worker.job import Task, Work
from chat_worker.job_stream import Entry, JobStream
from chat_worker.patience import Patience
from chatcluster.chat.job import FIELD, Job
from chatcluster.connections.ending import end
from chatcluster.core.backoff import delays
from chatcluster.core.errors import FanoutError, HistoryError, MalformedError
from chatcluster.runtime.logs import get_logger

WAIT_SECONDS = 0.5  # for new jobs, and so for noticing that it is to stop
LAST_SECONDS = WAIT_SECONDS + 1.0  # for an answer of Redis that may bring jobs when it is to stop
LOOK_SECONDS = 1.0  # between two looks for jobs that failed or whose worker is gone

log = get_logger(__name__)


@dataclass(slots=True)
class Done:
    """What became of the attempts of this worker."""

    done: int = 0
    failed: int = 0  # will be tried again
    dead: int = 0  # were given up
    late: int = 0  # were taken over from a worker that is gone, or are a further attempt


@dataclass(frozen=True, slots=True)
class Limits:
    """*drain*: seconds that jobs at hand have to end when the worker stops."""

    concurrency: int
    attempts: int
    drain: float
    patience: Patience


@dataclass(slots=True)
class Worker:
    """At least once: a job leaves the stream when all of *work* that wants it has done it.

    `trouble` is why no jobs come just now, or "".
    """

    stream: JobStream
    work: Mapping[str, Work]
    speaker: Speaker
    limits: Limits
    count: Done = field(default_factory=Done)
    trouble: str = ""
    _running: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _next_look: float = 0.0

    @property
    def at_hand(self) -> int:
        return len(self._running)

    async def run(self, stop: asyncio.Event) -> None:
        """Until *stop*; then finish what is at hand. What does not end in time is left to other
        workers."""
        taking = asyncio.create_task(self._take(stop), name="jobs")
        stopping = asyncio.create_task(stop.wait(), name="stop")
        try:
            await asyncio.wait([taking, stopping], return_when=asyncio.FIRST_COMPLETED)
            # Jobs that are on their way here would have to wait until another worker takes over.
            await asyncio.wait([taking], timeout=LAST_SECONDS)
        finally:
            await end([taking, stopping])
        if not taking.cancelled():
            taking.result()
        await self._finish()

    async def _take(self, stop: asyncio.Event) -> None:
        waits = _waits()
        while not stop.is_set():
            try:
                await self._turn()
                if self.trouble:
                    log.info("jobs_come_again")
                self.trouble, waits = "", _waits()
            except HistoryError as error:
                if not self.trouble:
                    log.warning("jobs_do_not_come", error=str(error))
                self.trouble = str(error)
                await asyncio.sleep(next(waits))
                with suppress(HistoryError):
                    await self.stream.open()  # whoever emptied Redis has taken the group, too

    async def _turn(self) -> None:
        free = self.limits.concurrency - len(self._running)
        if not free:
            await asyncio.wait(
                self._running.values(),
                timeout=WAIT_SECONDS,
                return_when=asyncio.FIRST_COMPLETED,
            )
            return
        for entry in await self._overdue(free) or await self.stream.read(free, WAIT_SECONDS):
            task = asyncio.create_task(self._handle(entry), name=f"job {entry.id}")
            self._running[entry.id] = task
            task.add_done_callback(lambda ended, id=entry.id: self._ended(id, ended))  # type: ignore[misc]

    async def _overdue(self, free: int) -> list[Entry]:
        now = asyncio.get_running_loop().time()
        if now < self._next_look:
            return []
        entries = await self.stream.take_over(free, self.limits.patience, self._running)
        if len(entries) < free:
            # Several workers should not look at the same moments.
            self._next_look = now + LOOK_SECONDS * (0.5 + random.random())
        self.count.late += len(entries)
        return entries

    def _ended(self, id: str, task: asyncio.Task[None]) -> None:
        del self._running[id]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("job_handling_failed", id=id, exc_info=error)

    async def _finish(self) -> None:
        left = list(self._running.values())
        if left:
            log.info("finishing", jobs=len(left))
            _, late = await asyncio.wait(left, timeout=self.limits.drain)
            await end(late)

    async def _handle(self, entry: Entry) -> None:
        """One attempt. What Redis does not hear of it stays with this worker, and is due again."""
        try:
            await self._attempt(entry)
        except HistoryError as error:
            log.warning("job_not_settled", id=entry.id, error=str(error))

    async def _attempt(self, entry: Entry) -> None:
        if entry.attempt > self.limits.attempts:
            # None of them failed: each time, the worker ended in the middle of it.
            await self._bury(entry, "its workers ended")
            return
        try:
            job = Job.decode(entry.fields.get(FIELD.encode(), b""), entry.id)
            async with asyncio.timeout(self.limits.patience.timeout):
                await self._do(job, entry.attempt)
        except MalformedError as error:
            await self._bury(entry, f"malformed: {error}")
        except (HistoryError, FanoutError) as error:
            self.count.failed += 1
            log.warning("job_waits", id=entry.id, error=str(error))
            await self.stream.put_back(entry)
        except Exception as error:
            await self._failed(entry, error)
        else:
            await self.stream.done(entry.id)
            self.count.done += 1

    async def _do(self, job: Job, attempt: int) -> None:
        task = Task(job.id, job.event, job.room, job.args, job.namespace, attempt)
        for name, work in self.work.items():
            if job.event in work.events:
                await work.run(task, TaskAnswers(self.speaker, task, name))

    async def _failed(self, entry: Entry, error: Exception) -> None:
        log.warning("job_failed", id=entry.id, attempt=entry.attempt, exc_info=error)
        if entry.attempt >= self.limits.attempts:
            await self._bury(entry, f"{type(error).__name__}: {error}")
        else:
            self.count.failed += 1

    async def _bury(self, entry: Entry, reason: str) -> None:
        await self.stream.bury(entry, reason[:500])
        self.count.dead += 1
        log.error("job_given_up", id=entry.id, attempts=entry.attempt)


def _waits() -> Iterator[float]:
    return delays(0.1, 2.0, random.random)
