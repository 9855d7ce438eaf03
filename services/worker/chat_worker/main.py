"""The program: opens what a worker needs, does jobs, and leaves when the one at hand is done."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from itertools import count
from typing import Any

import chatcluster
from chat_worker.answering import Deaf, Speaker
from chat_worker.finding import find
from chat_worker.job_stream import Counts, JobStream
from chat_worker.metrics import worker_metrics
from chat_worker.patience import Patience
from chat_worker.worker import Limits, Worker
from chatcluster.chat.changing import make_switching
from chatcluster.chat.fanouts import carrier, with_outbox
from chatcluster.chat.stores import opened_store
from chatcluster.core.errors import FanoutError, HistoryError
from chatcluster.core.ids import short_id
from chatcluster.fanout.outbox import Outbox
from chatcluster.fanout.port import State
from chatcluster.fanout.switching import Switching, change_stats
from chatcluster.history.port import Retention, RoomLog
from chatcluster.runtime.admin import AdminServer
from chatcluster.runtime.background import background
from chatcluster.runtime.fanout_routes import fanout_routes
from chatcluster.runtime.lifecycle import StartError, shown, stop_signal
from chatcluster.runtime.logs import configure, get_logger
from chatcluster.runtime.worker_settings import WorkerSettings

COUNT_SECONDS = 2.0
LEAVE_SECONDS = 1.0  # for Redis to forget this worker; it remembers as well, and nothing is lost
# For which a job that is repeated does not answer twice: longer than any outage that is survived.
ANSWER_AGE = 7 * 86_400.0

log = get_logger(__name__)


class Program:
    """A worker, and what is seen of it from outside."""

    def __init__(
        self, settings: WorkerSettings, worker: Worker, fanout: Outbox, switching: Switching
    ) -> None:
        self.worker = worker
        self.fanout = fanout
        self.switching = switching
        self.counts = Counts(0, 0, 0)
        self.stopping = False
        self._settings = settings
        self._started = time.monotonic()

    def reasons(self) -> list[str]:
        """Why this worker does not work; none if it does."""
        reasons = ["this worker is stopping"] if self.stopping else []
        if self.fanout.state is not State.UP:
            reasons.append(f"fan-out: {self.fanout.state}")
        if self.worker.trouble:
            reasons.append(f"jobs: {self.worker.trouble}")
        return reasons

    def stats(self) -> dict[str, Any]:
        """What `/stats` answers."""
        count = self.worker.count
        return {
            "name": self._settings.name,
            "version": chatcluster.__version__,
            "mode": self.fanout.mode,
            "ready": not self.reasons(),
            "jobs": list(self.worker.work),
            "at_hand": self.worker.at_hand,
            "done": count.done,
            "failed": count.failed,
            "dead": count.dead,
            "late": count.late,
            "stream": self.counts._asdict(),
            "fanout": {**self.fanout.stats(), **change_stats(self.switching)},
            "uptime": round(time.monotonic() - self._started, 1),
        }

    async def keep_counting(self) -> None:
        """For ever."""
        while True:
            with suppress(HistoryError):
                self.counts = await self.worker.stream.counts()
            await asyncio.sleep(COUNT_SECONDS)


async def serve(settings: WorkerSettings) -> None:
    """Run a worker until SIGTERM or SIGINT. Raises StartError when it cannot start."""
    configure(settings.log_level, settings.log_format)
    with stop_signal(settings.drain_seconds) as stop:
        async with AsyncExitStack() as stack:
            program = await _open(settings, stack)
            admin = AdminServer(
                settings.admin_host,
                settings.admin_port,
                ready=program.reasons,
                stats=program.stats,
                registry=worker_metrics(
                    program.worker, lambda: program.counts, program.reasons, program.fanout
                ),
                routes=fanout_routes(program.switching, settings.admin_token.get_secret_value()),
            )
            await stack.enter_async_context(admin.serving())
            log.info("ready", name=settings.name, admin_port=admin.port, jobs=list(settings.jobs))
            async with background(counts=program.keep_counting(), stop=_note(stop, program)):
                await program.worker.run(stop)
    log.info("left")


async def _note(stop: asyncio.Event, program: Program) -> None:
    await stop.wait()
    program.stopping = True
    await asyncio.Event().wait()


async def _open(settings: WorkerSettings, stack: AsyncExitStack) -> Program:
    work = find(settings)
    origin = f"{settings.name}.{short_id(os.urandom, 6)}"
    room_log = await _open_log(settings, stack)
    stream = await _open_stream(settings, origin, stack)
    try:
        numbers = count(1)
        switching = make_switching(settings, origin, numbers)
        fanout = with_outbox(switching, settings)
        stack.push_async_callback(fanout.close)
        await fanout.open(Deaf())
    except (FanoutError, ValueError) as error:
        raise StartError(
            f"mode {settings.mode}: no answer from {carrier(settings)} ({error})"
        ) from error
    speaker = Speaker(
        room_log, fanout, origin=origin, name=settings.name, nick=settings.bot, numbers=numbers
    )
    limits = Limits(
        settings.concurrency,
        settings.job_attempts,
        settings.drain_seconds,
        Patience(settings.job_retry, settings.job_timeout),
    )
    return Program(settings, Worker(stream, work, speaker, limits), fanout, switching)


async def _open_log(settings: WorkerSettings, stack: AsyncExitStack) -> RoomLog:
    retention = Retention(settings.history_length, settings.history_age, ANSWER_AGE)
    store = await stack.enter_async_context(
        opened_store(settings, retention, rooms_limit=1)  # it makes none
    )
    assert store.log is not None, "the settings refuse `off`"
    return store.log


async def _open_stream(settings: WorkerSettings, consumer: str, stack: AsyncExitStack) -> JobStream:
    with _answering(settings, "jobs"):
        stream = JobStream(settings.redis_url, prefix=settings.redis_prefix, consumer=consumer)
        stack.push_async_callback(stream.close)
        await stream.open()
    stack.push_async_callback(_leave, stream)
    return stream


async def _leave(stream: JobStream) -> None:
    with suppress(HistoryError, TimeoutError):
        async with asyncio.timeout(LEAVE_SECONDS):
            await stream.leave()


@contextmanager
def _answering(settings: WorkerSettings, what: str) -> Iterator[None]:
    """Whoever does not answer is named in a StartError."""
    try:
        yield
    except (HistoryError, ValueError) as error:
        raise StartError(
            f"{what}: no answer from Redis at {shown(settings.redis_url)} ({error}; CHAT_REDIS_URL)"
        ) from error
