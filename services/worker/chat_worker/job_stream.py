"""The stream of jobs, as one worker of many reads it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from chat_worker.patience import Patience, Pending
from chatcluster.chat.job import DEAD, FIELD, JOBS
from chatcluster.connections.redis import ResponseError, connect
from chatcluster.connections.redis_exchange import Command
from chatcluster.core.errors import HistoryError
from chatcluster.history.lane import answering, exchange

GROUP = "workers"
PAGE = 500  # pending jobs that are looked at together

Fields = dict[bytes, bytes]


class Entry(NamedTuple):
    """A job as it was stored, given to this worker as its attempt number `attempt`."""

    id: str
    fields: Fields
    attempt: int


class Counts(NamedTuple):
    """How many jobs wait for a worker, are with one or wait for another attempt, and were given
    up."""

    waiting: int
    pending: int
    dead: int


class JobStream:
    """The consumer group `workers` of the stream `<prefix>:jobs`.

    A job stays in the stream until it is done or given up: the stream is as long as there is work.
    All methods raise HistoryError when Redis does not answer, and then nothing is lost: what was
    given to this worker and did not arrive is due again later.
    """

    def __init__(self, url: str, *, prefix: str, consumer: str, dead_length: int = 10_000) -> None:
        self._redis = connect(url)
        self._jobs = f"{prefix}:{JOBS}"
        self._dead = f"{prefix}:{DEAD}"
        self._consumer = consumer
        self._dead_length = dead_length

    async def open(self) -> None:
        """Make the group if there is none: it begins with the oldest job, so also with those that
        were there before it."""
        try:
            async with _talking():
                await self._redis.xgroup_create(self._jobs, GROUP, id="0", mkstream=True)
        except HistoryError as error:
            if "BUSYGROUP" not in str(error.__cause__):
                raise

    async def read(self, count: int, seconds: float) -> list[Entry]:
        """At most *count* jobs that nobody had yet; waits *seconds* for the first one."""
        async with _talking():
            found: Any = await self._redis.xreadgroup(
                GROUP,
                self._consumer,
                {self._jobs: ">"},
                count=count,
                block=max(1, _milliseconds(seconds)),
            )
        return [_entry(one, 1) for _, entries in found or () for one in entries]

    async def take_over(
        self, count: int, patience: Patience, running: Collection[str]
    ) -> list[Entry]:
        """At most *count* jobs that failed or whose worker is gone, and whose time has come."""
        taken: list[Entry] = []
        async for page in self._pending(patience.retry):
            for one, idle in patience.due(page, consumer=self._consumer, running=running):
                if len(taken) == count:
                    return taken
                # Redis looks at the idle time again: of several workers, one gets it.
                taken += await self._claim(one, idle)
        return taken

    async def done(self, id: str) -> None:
        """It is taken away."""
        await self._together(("XACK", self._jobs, GROUP, id), ("XDEL", self._jobs, id))

    async def bury(self, entry: Entry, reason: str) -> None:
        """It goes to the dead letters, of which the last `dead_length` are kept."""
        letter: Command = (
            *(FIELD, entry.fields.get(FIELD.encode(), b"")),
            *("reason", reason, "attempts", entry.attempt, "entry", entry.id),
        )
        await self._together(
            ("XADD", self._dead, "MAXLEN", "~", self._dead_length, "*", *letter),
            ("XACK", self._jobs, GROUP, entry.id),
            ("XDEL", self._jobs, entry.id),
        )

    async def put_back(self, entry: Entry) -> None:
        """This attempt does not count."""
        async with _talking():
            await self._redis.xclaim(
                self._jobs,
                GROUP,
                self._consumer,
                0,
                [entry.id],
                retrycount=entry.attempt - 1,
                justid=True,
            )

    async def counts(self) -> Counts:
        async with _talking():
            length, dead, pending = await exchange(
                self._redis,
                [
                    ("XLEN", self._jobs),
                    ("XLEN", self._dead),
                    ("XPENDING", self._jobs, GROUP),
                ],
            )
        held = pending["pending"] if isinstance(pending, dict) else 0
        return Counts(max(0, length - held), held, dead)

    async def leave(self) -> None:
        """This consumer will not come back. What it holds is left to the others."""
        async with _talking():
            mine = await self._redis.xpending_range(
                self._jobs, GROUP, min="-", max="+", count=1, consumername=self._consumer
            )
            if not mine:  # with a consumer, what it holds would be deleted too
                await self._redis.xgroup_delconsumer(self._jobs, GROUP, self._consumer)

    async def close(self) -> None:
        await self._redis.aclose()

    async def _pending(self, idle: float) -> AsyncIterator[Sequence[Pending]]:
        """All pending jobs that were given out at least *idle* seconds ago, oldest first."""
        start = "-"
        while True:
            async with _talking():
                found: Any = await self._redis.xpending_range(
                    self._jobs, GROUP, min=start, max="+", count=PAGE, idle=_milliseconds(idle)
                )
            yield [_pending(one) for one in found]
            if len(found) < PAGE:
                return
            start = f"({found[-1]['message_id'].decode()}"

    async def _claim(self, pending: Pending, idle: float) -> list[Entry]:
        async with _talking():
            claimed: Any = await self._redis.xclaim(
                self._jobs, GROUP, self._consumer, _milliseconds(idle), [pending.id]
            )
        return [_entry(one, pending.attempts + 1) for one in claimed if one[1] is not None]

    async def _together(self, *commands: Command) -> None:
        """All of it happens, or nothing."""
        async with _talking():
            pipeline = self._redis.pipeline(transaction=True)
            for command in commands:
                pipeline.execute_command(*command)
            await pipeline.execute()


@asynccontextmanager
async def _talking() -> AsyncIterator[None]:
    """As `answering`, and says what Redis refused."""
    try:
        async with answering():
            yield
    except HistoryError as error:
        if isinstance(error.__cause__, ResponseError):
            raise HistoryError(f"Redis refused: {error.__cause__}") from error.__cause__
        raise


def _entry(found: tuple[bytes, Fields], attempt: int) -> Entry:
    id, fields = found
    return Entry(id.decode(), fields, attempt)


def _pending(found: dict[str, Any]) -> Pending:
    return Pending(
        id=found["message_id"].decode(),
        consumer=found["consumer"].decode(),
        idle=found["time_since_delivered"] / 1000,
        attempts=found["times_delivered"],
    )


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
