"""Replies that are waited for."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from chatcluster.core.request import Reply


class Collected:
    """Answers (see the port) that are put in as they come; for one reader."""

    def __init__(self) -> None:
        self.missing = 0
        self._replies: deque[Reply] = deque()
        self._over = False
        self._changed = asyncio.Event()

    def put(self, reply: Reply) -> None:
        self._replies.append(reply)
        self._changed.set()

    def end(self, missing: int) -> None:
        """Nothing more will come; *missing* gateways did not answer completely."""
        self.missing = missing
        self._over = True
        self._changed.set()

    def __aiter__(self) -> AsyncIterator[Reply]:
        return self

    async def __anext__(self) -> Reply:
        while not self._replies:
            if self._over:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return self._replies.popleft()


def nobody() -> Collected:
    """The answers where there is nobody to ask, or nothing is to be answered."""
    answers = Collected()
    answers.end(missing=0)
    return answers
