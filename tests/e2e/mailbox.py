"""What a client was sent and a test has not looked at yet."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from typing import Any

PATIENCE = 8.0  # seconds


class Refused(Exception):  # noqa: N818 (what the server does, not a defect)
    """The connection was refused; `data` is what the `connect_error` held."""

    def __init__(self, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.data = data


class Mailbox:
    """Events by name, in the order in which they came; each holds the event's first argument."""

    def __init__(self) -> None:
        self._queues: defaultdict[str, asyncio.Queue[Any]] = defaultdict(asyncio.Queue)

    def put(self, event: str, *args: Any) -> None:
        self._queues[event].put_nowait(args[0] if args else None)

    async def next(self, event: str) -> Any:
        """The next event of this name."""
        try:
            return await asyncio.wait_for(self._queues[event].get(), PATIENCE)
        except TimeoutError:
            raise AssertionError(f"no {event!r} came") from None

    async def until(self, event: str, wanted: Callable[[Any], bool]) -> Any:
        """The first event of this name that is *wanted*; earlier ones are dropped."""
        while not wanted(got := await self.next(event)):
            pass
        return got

    async def several(self, event: str, count: int) -> list[Any]:
        return [await self.next(event) for _ in range(count)]

    def rest(self, event: str) -> list[Any]:
        """All that came of this name by now."""
        queue = self._queues[event]
        return [queue.get_nowait() for _ in range(queue.qsize())]
