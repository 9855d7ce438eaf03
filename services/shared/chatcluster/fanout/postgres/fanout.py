"""A gateway's place at the table."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable, Sequence, Set

from structlog.stdlib import get_logger

from chatcluster.connections.ending import end
from chatcluster.connections.postgres import checked
from chatcluster.connections.postgres_schema import split
from chatcluster.core.backoff import delays
from chatcluster.core.envelope import Action, Envelope, RoomKey
from chatcluster.core.errors import FanoutError
from chatcluster.core.ids import short_id
from chatcluster.fanout.port import Receiver, State
from chatcluster.fanout.postgres import rows
from chatcluster.fanout.postgres.link import Link
from chatcluster.fanout.postgres.reader import Reader
from chatcluster.fanout.postgres.tables import prepare, purge_forever

FIRST_DELAY, LONGEST_DELAY = 0.05, 1.5  # seconds between attempts to connect
CONNECT_SECONDS = 4.0  # for one attempt
CHECK_SECONDS = 4.5

_log = get_logger(__name__)


class PostgresFanout:
    """A fan-out through a table, into which any `INSERT` broadcasts.

    All gateways see all envelopes in one order, that of their commits. After an outage, however
    long, each goes on from where it stopped reading, unless that was more than *keep_seconds* ago.
    An envelope that was refused may still have been committed, and then arrives, in its place.

    *listen_dsn*: for LISTEN and reading, where *dsn* leads through a pooler, which cannot carry
    notifications. Where they cannot be had at all, the table is read every *poll_seconds*.
    *prefix*: the tables' names begin with it; applications that share a database need different
    ones. Raises ValueError for a DSN or prefix that is none.
    """

    mode = "postgres"
    durable = True
    shared = True

    def __init__(
        self,
        dsn: str,
        *,
        listen_dsn: str | None = None,
        prefix: str = "chatcluster",
        poll_seconds: float = 0.1,
        keep_seconds: float = 600.0,
        random_bytes: Callable[[int], bytes] = os.urandom,
        random: Callable[[], float] = random.random,
    ) -> None:
        split(prefix)
        self._dsn = checked(dsn)
        self._listen_dsn = checked(listen_dsn or dsn)
        self._prefix = prefix
        self._keep_seconds = keep_seconds
        self._random = random
        self._id = short_id(random_bytes)
        self._name = f"chatcluster {self._id}"  # in pg_stat_activity
        self._receiver: Receiver | None = None
        self._reader = Reader(self._deliver, self._came_back, poll_seconds)
        self._poll_seconds = poll_seconds
        self._link: Link | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._echoes: dict[str, asyncio.Future[None]] = {}
        self._echoes_sent = 0
        self._said_polling = False

    @property
    def state(self) -> State:
        if self._receiver is None:
            return State.CLOSED
        up = self._link is not None and not self._link.ended.done()
        return State.UP if up else State.DOWN

    async def open(self, receiver: Receiver) -> None:
        if self._receiver is not None:
            raise FanoutError("already open")
        self._receiver = receiver
        self._reader = Reader(self._deliver, self._came_back, self._poll_seconds)
        try:
            link = await self._connect(first=True)
        except BaseException:
            self._receiver = None
            raise
        if self._receiver is not receiver:
            link.close(FanoutError("closed"))
            raise FanoutError("closed while it was being opened")
        purging = purge_forever(self._dsn, self._name, link.names, self._keep_seconds)
        self._tasks = [
            asyncio.create_task(self._keep(link, receiver)),
            asyncio.create_task(purging),
        ]
        for task in self._tasks:
            task.add_done_callback(_report)

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        link = self._up()
        await link.publish([rows.encode(envelope) for envelope in envelopes])

    async def want(self, rooms: Set[RoomKey]) -> None:
        if self._receiver is not None:
            self._reader.want(rooms)
        self._up()

    async def check(self) -> None:
        if any(task.done() for task in self._tasks):
            raise FanoutError("nobody looks after the connections any more")
        self._echoes_sent += 1
        token = f"{self._id} {self._echoes_sent}"
        came_back = self._echoes[token] = asyncio.get_running_loop().create_future()
        echo = Envelope(self._id, self._echoes_sent, "", Action.SIGNAL, (self._id,), event=token)
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await self.publish([echo])
                await came_back
        except TimeoutError as error:
            raise FanoutError(f"nothing came back within {CHECK_SECONDS} s") from error
        finally:
            del self._echoes[token]

    async def close(self) -> None:
        self._receiver = None
        self._let_go(FanoutError("the postgres fan-out is closed"))
        tasks, self._tasks = self._tasks, []
        await end(tasks)

    def _up(self) -> Link:
        if self._receiver is None:
            raise FanoutError("the postgres fan-out is closed")
        if self._link is None:
            raise FanoutError("Postgres is gone")
        return self._link

    def _let_go(self, reason: FanoutError) -> None:
        if self._link is not None:
            self._link.close(reason)
            self._link = None
        for echo in self._echoes.values():
            if not echo.done():
                echo.set_exception(reason)
                echo.exception()  # nobody may be waiting yet, which is no mistake

    def _deliver(self, envelopes: Sequence[Envelope]) -> None:
        if self._receiver is not None:
            self._receiver.deliver(envelopes)

    def _came_back(self, row: rows.InRow) -> None:
        echo = self._echoes.get(row.event)
        if echo is not None and not echo.done():
            echo.set_result(None)

    async def _connect(self, *, first: bool) -> Link:
        """A link that reads from where the one before it stopped."""
        link = Link()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await link.connect(self._dsn, self._listen_dsn, self._name)
                link.names = await prepare(link.publishing, self._prefix, self._keep_seconds)
                if not first:
                    await link.fence(self._name)
                self._say_polling(await link.listen())
                await self._reader.begin(link)
        except TimeoutError as error:
            reason = FanoutError(f"no answer from Postgres within {CONNECT_SECONDS} s")
            link.close(reason)
            raise reason from error
        except BaseException:
            link.close(FanoutError("not wanted any more"))
            raise
        self._link = link
        return link

    def _say_polling(self, reason: str | None) -> None:
        if reason is not None and not self._said_polling:
            self._said_polling = True
            _log.warning("postgres_polls", reason=reason, seconds=self._poll_seconds)

    async def _keep(self, link: Link, receiver: Receiver) -> None:
        """Whenever the link ends, make another."""
        while True:
            reason = await self._reader.follow(link)
            self._let_go(reason)
            _log.warning("postgres_lost", reason=str(reason))
            link = await self._reconnect()
            _log.info("postgres_back")
            receiver.interrupted()

    async def _reconnect(self) -> Link:
        for delay in delays(FIRST_DELAY, LONGEST_DELAY, self._random):
            await asyncio.sleep(delay)
            try:
                return await self._connect(first=False)
            except FanoutError as error:
                _log.debug("postgres_still_gone", reason=str(error))
        raise AssertionError("the delays have no end")


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        _log.critical("postgres_fanout_crashed", exc_info=error)
