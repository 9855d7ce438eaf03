"""Tasks that are made to end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

AGAIN_SECONDS = 1.0


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel *tasks*, and return once all have ended, however they did.

    Those that go on are cancelled again every AGAIN_SECONDS: a cancellation can be lost, in
    `asyncio.wait_for` before Python 3.12 (it returns what came at the same moment instead), in
    libraries that use it, and in a task group of which another task fails at the same moment.
    """
    tasks = list(tasks)
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=AGAIN_SECONDS)
