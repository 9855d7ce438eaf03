"""Tasks that are made to end do."""

from __future__ import annotations

import asyncio

import pytest

from chatcluster.connections import ending
from chatcluster.connections.ending import end


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "AGAIN_SECONDS", 0.01)


async def loses(cancellations: int) -> None:
    """As libraries do, at the wrong moment."""
    for _ in range(cancellations):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue
    await asyncio.Event().wait()


async def test_tasks_that_lose_a_cancellation_are_cancelled_again() -> None:
    tasks = [asyncio.create_task(loses(count)) for count in (0, 1, 2)]
    await asyncio.sleep(0)
    await end(tasks)
    assert all(task.cancelled() for task in tasks)


async def test_tasks_that_end_with_an_error_have_ended() -> None:
    async def fails() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise LookupError("mine")

    tasks = [asyncio.create_task(fails()), asyncio.create_task(asyncio.sleep(0))]
    await asyncio.sleep(0)
    await end(tasks)
    assert isinstance(tasks[0].exception(), LookupError)
    await end([])


async def test_who_waits_for_the_end_can_be_cancelled() -> None:
    stubborn = asyncio.create_task(loses(1000))
    waiting = asyncio.create_task(end([stubborn]))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert not stubborn.done()
    await end([stubborn])
