"""Many small requests that share round trips and commits."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from chatcluster.core.errors import ChatClusterError

T = TypeVar("T")
R = TypeVar("R")


class Gathering(Generic[T, R]):
    """Sends what comes at about the same time together, in the order in which it came.

    While one batch is under way the next one gathers: a single item goes out at once, and under
    load a round trip serves many. A batch ends with the item that makes it weigh *most*. When a
    batch fails, whoever waits for a later one fails with it, so nobody waits for two.
    """

    def __init__(
        self,
        send: Callable[[Sequence[T]], Awaitable[Sequence[R]]],
        *,
        weight: Callable[[T], int],
        most: int,
        error: type[ChatClusterError],
    ) -> None:
        self._send = send
        self._weight = weight
        self._most = most
        self._error = error
        self._waiting: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._sending: asyncio.Task[None] | None = None
        self._closed: str | None = None

    def add(self, item: T) -> asyncio.Future[R]:
        """What the batch's sending gave for *item*, or its error."""
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._closed is not None:
            self._fail([], self._closed, None)
        elif self._sending is None:
            self._sending = asyncio.create_task(self._run())
        return answer

    def close(self, reason: str) -> None:
        """Fail whatever was not answered yet, and whatever comes."""
        self._closed = reason
        if self._sending is not None:
            self._sending.cancel()
        self._fail([], reason, None)

    async def _run(self) -> None:
        batch: list[tuple[T, asyncio.Future[R]]] = []
        try:
            while batch := self._take():
                results = await self._send([item for item, _ in batch])
                for (_, answer), result in zip(batch, results, strict=True):
                    if not answer.done():  # else its caller was cancelled
                        answer.set_result(result)
        except ChatClusterError as error:
            self._fail(batch, str(error), error.__cause__)
        except BaseException as error:
            # Closed, or a defect of ours: even then nobody may wait for ever.
            self._fail(batch, self._closed or "sending has stopped", error)
            raise
        finally:
            self._sending = None

    def _take(self) -> list[tuple[T, asyncio.Future[R]]]:
        batch, weight = [], 0
        while self._waiting and weight < self._most:
            item, answer = self._waiting.popleft()
            if not answer.done():
                batch.append((item, answer))
                weight += self._weight(item)
        return batch

    def _fail(
        self,
        batch: list[tuple[T, asyncio.Future[R]]],
        reason: str,
        cause: BaseException | None,
    ) -> None:
        for _, answer in (*batch, *self._waiting):
            # An error for each: one that is raised at several places collects their tracebacks.
            error = self._error(reason)
            error.__cause__ = cause
            if not answer.done():
                answer.set_exception(error)
                answer.exception()  # nobody may be waiting any more, which is no mistake
        self._waiting.clear()
