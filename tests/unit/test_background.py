"""Endless loops cannot end unseen."""

# ruff: noqa: PT012 - what the body does before the error leaves is the subject

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from chatcluster.runtime.background import background


async def fails(error, after=0):
    for _ in range(after):
        await asyncio.sleep(0)
    raise error


async def for_ever(log=None):
    try:
        await asyncio.Event().wait()
    finally:
        if log is not None:
            await asyncio.sleep(0)
            log.append("ended")


async def fails_when_cancelled(error):
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        raise error from None


async def test_loops_run_beside_the_body_and_have_ended_after_it():
    log: list[str] = []
    async with background(a=for_ever(log), b=for_ever(log)):
        await asyncio.sleep(0)
        assert log == []
    assert log == ["ended", "ended"]


async def test_a_loop_that_raises_cancels_the_body_and_its_error_leaves():
    reached = []
    with pytest.raises(LookupError, match="carrier"):
        async with background(rooms=fails(LookupError("carrier")), other=for_ever()):
            await asyncio.Event().wait()
            reached.append("never")
    assert reached == []


async def test_a_loop_that_returns_is_an_error_that_names_it():
    with pytest.raises(RuntimeError, match="loop rooms ended"):
        async with background(rooms=asyncio.sleep(0)):
            await asyncio.Event().wait()


async def test_a_loop_that_somebody_else_cancels_is_an_error_that_names_it():
    with pytest.raises(RuntimeError, match="loop rooms was cancelled"):
        async with background(rooms=for_ever()):
            await asyncio.sleep(0)
            rooms = next(task for task in asyncio.all_tasks() if task.get_name() == "rooms")
            rooms.cancel()
            await asyncio.Event().wait()


async def test_the_errors_of_two_loops_both_leave():
    with pytest.raises(ExceptionGroup) as caught:
        async with background(a=fails(KeyError("a")), b=fails(KeyError("b"))):
            await asyncio.Event().wait()
    assert [str(error) for error in caught.value.exceptions] == ["'a'", "'b'"]


async def test_the_body_s_own_error_leaves_as_it_is():
    with pytest.raises(LookupError, match="mine"):
        async with background(a=for_ever()):
            raise LookupError("mine")


async def test_an_error_while_a_loop_is_cancelled_leaves():
    with pytest.raises(KeyError):
        async with background(a=fails_when_cancelled(KeyError("a"))):
            await asyncio.sleep(0)


async def test_the_body_s_error_and_a_loop_s_error_both_leave():
    with pytest.raises(ExceptionGroup) as caught:
        async with background(a=fails_when_cancelled(KeyError("a"))):
            await asyncio.sleep(0)
            raise LookupError("mine")
    assert {type(error) for error in caught.value.exceptions} == {KeyError, LookupError}


@pytest.mark.parametrize("after", range(4))
@pytest.mark.parametrize("steps", range(4))
async def test_a_failure_around_the_body_s_end_is_raised_and_cancels_nothing_later(after, steps):
    """Whichever comes first: the loop's failure leaves, and the caller is not cancelled by it."""
    with pytest.raises(LookupError):
        async with background(a=fails(LookupError("a"), after)):
            for _ in range(max(steps, after + 1)):
                await asyncio.sleep(0)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(0)


async def test_a_body_that_ends_without_waiting_leaves_no_cancellation_behind():
    async def ends_at_once(told):
        told.set()
        raise LookupError("a")

    told = asyncio.Event()
    with pytest.raises(LookupError):
        async with background(a=ends_at_once(told)):
            await told.wait()
    await asyncio.sleep(0)


async def test_a_body_that_ignores_its_cancellation_does_not_hide_the_failure():
    with pytest.raises(LookupError):
        async with background(a=fails(LookupError("a"))):
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            await asyncio.sleep(0)


async def test_cancelling_the_caller_ends_the_loops_and_passes_on():
    log: list[str] = []

    async def caller():
        async with background(a=for_ever(log)):
            await asyncio.Event().wait()

    task = asyncio.create_task(caller())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log == ["ended"]


async def test_a_deadline_of_the_caller_is_the_caller_s():
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01), background(a=for_ever()):
            await asyncio.Event().wait()


async def test_cancelling_the_caller_while_loops_end_is_not_forgotten():
    release = asyncio.Event()

    async def slow_to_end():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await release.wait()

    async def caller():
        async with background(a=slow_to_end()):
            await asyncio.sleep(0)

    task = asyncio.create_task(caller())
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.sleep(0)
    release.set()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_nested_ones_end_from_the_inside():
    with pytest.raises(LookupError, match="outer"):
        async with background(a=fails(LookupError("outer"), 3)), background(b=for_ever()):
            await asyncio.Event().wait()
