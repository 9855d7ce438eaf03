"""Two connections to Postgres that stand or fall together: one publishes, one listens and reads."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from chatcluster.connections.gathering import Gathering
from chatcluster.connections.postgres import (
    Connection,
    PostgresError,
    answering,
    connect,
    told_as,
)
from chatcluster.connections.postgres_schema import Names
from chatcluster.core.errors import FanoutError
from chatcluster.fanout.postgres.rows import OutRow

BATCH_BYTES = 4 * 2**20  # enough to make the commit cheap, few enough to be answered soon
PROBE_SECONDS = 1.0
GONE_MILLISECONDS = 1000

Rows = Sequence[OutRow]


class Link:
    """It ends once (`ended`), for whatever reason, and then stays so."""

    def __init__(self) -> None:
        self.ended: asyncio.Future[FanoutError] = asyncio.get_running_loop().create_future()
        self.woken = asyncio.Event()  # there may be something to read
        self.listening = False
        self.names = Names("", "")  # until it is known which tables there are
        self._connections: list[Connection] = []
        self._publishing: Connection = None
        self._reading: Connection = None
        self._outbox = Gathering[Rows, None](
            self._insert,
            weight=lambda rows: sum(row.weight for row in rows),
            most=BATCH_BYTES,
            error=FanoutError,
        )

    async def connect(self, dsn: str, listen_dsn: str, name: str) -> None:
        """Raises FanoutError, but waits for ever if nobody answers."""
        with told_as(FanoutError):
            self._publishing = await self._connection(dsn, f"{name} publish")
            self._reading = await self._connection(listen_dsn, f"{name} read")

    async def fence(self, name: str) -> None:
        """Return when the connection that published before this one is gone for certain: what it
        was in the middle of must not be committed after what this one will send."""
        with told_as(FanoutError):
            gone = await self._publishing.fetchval(
                "SELECT bool_and(pg_terminate_backend(pid, $2)) FROM pg_stat_activity"
                " WHERE application_name = $1 AND pid <> pg_backend_pid()",
                f"{name} publish",
                GONE_MILLISECONDS,
            )
        if gone is False:
            raise FanoutError("the former connection to Postgres is still busy")

    async def listen(self) -> str | None:
        """Be woken when there is something to read. None, or why that is not possible here."""
        with told_as(FanoutError):
            try:
                await self._reading.add_listener(self.names.channel, self._notified)
            except PostgresError as error:  # a replica, or a pooler that knows no LISTEN
                if self._reading.is_closed():
                    raise
                return str(error)
        # A pooler may take the LISTEN and never bring anything: then its client is not the one
        # that listens.
        with told_as(FanoutError):
            await self._publishing.execute("SELECT pg_notify($1, '')", self.names.channel)
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await self.woken.wait()
        except TimeoutError:
            return "LISTEN was taken, but no notification comes"
        self.listening = True
        return None

    @property
    def publishing(self) -> Connection:
        """For what is done before the first `publish`."""
        return self._publishing

    async def fetch(self, function: str, *arguments: object, seconds: float) -> list[Connection]:
        """The rows of one of our functions, over the connection that reads."""
        places = ", ".join(f"${number}" for number in range(1, len(arguments) + 1))
        query = f"SELECT * FROM {self.names.name}_{function}({places})"
        with told_as(FanoutError), answering(self._reading, seconds):
            rows: list[Connection] = await self._reading.fetch(query, *arguments)
            return rows

    async def publish(self, rows: Rows) -> None:
        """Return when they are committed, after those of earlier calls."""
        parts, part, weight = [], list[OutRow](), 0
        for row in rows:
            part.append(row)
            weight += row.weight
            if weight >= BATCH_BYTES:
                parts.append(part)
                part, weight = [], 0
        answers = [self._outbox.add(part) for part in (*parts, part) if part]
        # Who is cancelled takes all of them back: none may come after one that was left out.
        await (answers[0] if len(answers) == 1 else asyncio.gather(*answers))

    def close(self, reason: FanoutError) -> None:
        """End it; whatever still waits for an answer gets *reason*."""
        if self.ended.done():
            return
        self.ended.set_result(reason)
        self.woken.set()
        self._outbox.close(str(reason))
        for connection in self._connections:
            connection.terminate()

    async def _insert(self, batch: Sequence[Rows]) -> list[None]:
        rows = [row for rows in batch for row in rows]
        columns = ("namespace", "rooms", "event", "origin", "sequence", "body")
        values = [[getattr(row, column) for row in rows] for column in columns]
        query = f"SELECT {self.names.name}_publish($1, $2, $3, $4, $5, $6)"
        try:
            with told_as(FanoutError), answering(self._publishing):
                await self._publishing.execute(query, *values)
        except FanoutError as error:
            if self._publishing.is_closed():
                self.close(error)
            raise
        if not self.listening:
            self.woken.set()
        return [None] * len(batch)

    async def _connection(self, dsn: str, name: str) -> Connection:
        connection = await connect(dsn, name, on_end=self._lost)
        self._connections.append(connection)
        return connection

    def _lost(self) -> None:
        self.close(FanoutError("Postgres closed the connection"))

    def _notified(self, *_: object) -> None:
        self.woken.set()
