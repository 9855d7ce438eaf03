"""Reads the table from where it stopped, and keeps what is wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import suppress
from dataclasses import replace
from itertools import count

from structlog.stdlib import get_logger

from chatcluster.core.envelope import Envelope, RoomKey
from chatcluster.core.errors import FanoutError, MalformedError
from chatcluster.fanout.postgres.link import Link
from chatcluster.fanout.postgres.rows import InRow, decode, read, stored

PAGE_ROWS = 1000
SMALL = 4096  # bytes: contents up to this size come with the row, whether they are wanted or not
FETCH_BYTES = 8 * 2**20
LARGEST = 64 * 2**20  # bytes; what takes too long to fetch would stop everything behind it
LOOK_SECONDS = 1.0  # between two reads when nothing wakes: also tells whether the server is there
ANSWER_SECONDS = 2.5

# What is inserted by hand is not numbered by a gateway. Rows have numbers, but a server that lost
# some gives them again, and so does another server. By one count for all fan-outs of this process,
# none is taken for the repeat of another.
_UNNUMBERED = count(1)

_log = get_logger(__name__)


class Reader:
    """*deliver* gets what is wanted, *echo* the rows of the namespace "", which no client has."""

    def __init__(
        self,
        deliver: Callable[[Sequence[Envelope]], None],
        echo: Callable[[InRow], None],
        poll_seconds: float,
    ) -> None:
        self._deliver = deliver
        self._echo = echo
        self._poll_seconds = poll_seconds
        self._position: int | None = None
        self._wanted: Set[RoomKey] = frozenset()
        self._stored: Set[RoomKey] = frozenset()
        self._complained = False

    def want(self, rooms: Set[RoomKey]) -> None:
        self._wanted = frozenset(rooms)
        self._stored = frozenset(map(stored, rooms))

    async def begin(self, link: Link) -> None:
        """The first time: begin after what is there already. Later: go on."""
        ((last, replica),) = await link.fetch("last", seconds=ANSWER_SECONDS)
        if self._position is None:
            self._position = last
        elif last < self._position and not replica:
            # A server that lost what had been committed (it was restored, or a replica that was
            # behind took its place) gives the same numbers again.
            _log.warning("postgres_lost_rows", read=self._position, there=last)
            self._position = last

    async def follow(self, link: Link) -> FanoutError:
        """Read until the link ends; return why it did."""
        pause = LOOK_SECONDS if link.listening else self._poll_seconds
        while not link.ended.done():
            link.woken.clear()
            try:
                if await self._read_page(link) == PAGE_ROWS:
                    continue
            except FanoutError as error:
                link.close(error)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await link.woken.wait()
        return link.ended.result()

    async def _read_page(self, link: Link) -> int:
        rows = [
            read(row, SMALL)
            for row in await link.fetch(
                "read", self._position, PAGE_ROWS, SMALL, seconds=ANSWER_SECONDS
            )
        ]
        for part in _parts(list(filter(self._chosen, rows))):
            self._hand_over(await self._completed(link, part))
            # Not before: what was not handed over has to be read again when the link ends.
            self._position = part[-1].id
        if rows:
            self._position = rows[-1].id
        return len(rows)

    def _chosen(self, row: InRow) -> bool:
        if row.namespace == "":
            self._echo(row)
            return False
        if row.size > LARGEST:
            self._complain(row, f"{row.size} bytes are too many")
            return False
        return row.wanted(self._stored)

    async def _completed(self, link: Link, rows: Sequence[InRow]) -> Sequence[InRow]:
        ids = [row.id for row in rows if not row.complete]
        if not ids:
            return rows
        fetched = {row["id"]: row for row in await link.fetch("contents", ids, seconds=10.0)}
        # One that was purged meanwhile is left out.
        return [
            row
            if row.complete
            else replace(row, body=fetched[row.id]["body"], args=fetched[row.id]["args"])
            for row in rows
            if row.complete or row.id in fetched
        ]

    def _hand_over(self, rows: Sequence[InRow]) -> None:
        envelopes = []
        for row in rows:
            try:
                envelope = decode(row, _UNNUMBERED)
            except MalformedError as error:
                self._complain(row, str(error))
                continue
            if not self._wanted.isdisjoint(envelope.keys):
                envelopes.append(envelope)
        if envelopes:
            self._deliver(envelopes)

    def _complain(self, row: InRow, reason: str) -> None:
        """Once: gateways of another version would fill the log."""
        if not self._complained:
            self._complained = True
            _log.warning("postgres_malformed", id=row.id, reason=reason)


def _parts(rows: Sequence[InRow]) -> Iterator[Sequence[InRow]]:
    """*rows* cut so that the contents that have to be fetched fit into memory."""
    part: list[InRow] = []
    size = 0
    for row in rows:
        part.append(row)
        size += 0 if row.complete else row.size
        if size >= FETCH_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part
