"""Endless loops that run beside a body of code and cannot end unseen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from chatcluster.connections.ending import end

Task = asyncio.Task[Any]


@asynccontextmanager
async def background(**loops: Coroutine[Any, Any, Any]) -> AsyncIterator[None]:
    """Run *loops* while the body runs; at its end they are cancelled and waited for.

    A loop that raises or returns while the body runs is an error: the body is cancelled, and the
    loop's exception, or RuntimeError "loop X ended", leaves this context manager. So does what a
    loop raises while it is being cancelled. When there are several exceptions, the body's own
    included, they leave as one ExceptionGroup: none is lost.
    """
    watch = _Watch([asyncio.create_task(loop, name=name) for name, loop in loops.items()])
    errors: list[BaseException] = []
    try:
        yield
    except BaseException as error:
        errors.append(error)
    errors += await watch.stop()
    # A cancellation beside a failure says nothing new: the caller ends either way.
    failures = [error for error in errors if not isinstance(error, asyncio.CancelledError)]
    if len(failures) > 1:
        raise BaseExceptionGroup("more than one thing failed", failures)
    if errors:
        raise (failures or errors)[0]


class _Watch:
    """Sees the loops end, and cancels the body once when one does before its time."""

    def __init__(self, tasks: list[Task]) -> None:
        body = asyncio.current_task()
        assert body is not None
        self._body = body
        self._tasks = tasks
        self._stopping = False
        self._cancelled_body = False
        for task in tasks:
            task.add_done_callback(self._ended)

    def _ended(self, task: Task) -> None:
        if not self._stopping and not self._cancelled_body:
            self._cancelled_body = True
            self._body.cancel()

    async def stop(self) -> list[BaseException]:
        """Cancel the loops, wait for them, and return what went wrong with each of them.

        A cancellation of the caller meanwhile is returned too.
        """
        self._stopping = True  # callbacks may be under way still
        early = [task for task in self._tasks if task.done()]
        if self._cancelled_body:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0)  # the body may have ended before our cancellation reached it
            self._body.uncancel()
        cancelled = await _cancel([task for task in self._tasks if not task.done()])
        reasons = (_reason(task, expected=task not in early) for task in self._tasks)
        return cancelled + [reason for reason in reasons if reason is not None]


async def _cancel(tasks: list[Task]) -> list[BaseException]:
    """Cancel *tasks* and return once all have ended, whatever happens to the caller meanwhile."""
    cancelled: list[BaseException] = []
    while not all(task.done() for task in tasks):
        try:
            await end(tasks)
        except asyncio.CancelledError as error:
            cancelled = [error]
    return cancelled


def _reason(task: Task, *, expected: bool) -> BaseException | None:
    """Why the end of *task* is an error; None when it is not."""
    name = task.get_name()
    if task.cancelled():
        return None if expected else RuntimeError(f"loop {name} was cancelled")
    error = task.exception()
    if error is not None or expected:
        return error
    return RuntimeError(f"loop {name} ended")
