"""What every fan-out mode promises to those who ask, when gateways or the carrier go."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from chatcluster.core.errors import FanoutError
from chatcluster.core.request import Question, Request
from chatcluster.fanout.port import State
from chatcluster.testing.fixtures import Enter, EnterElsewhere
from chatcluster.testing.harness import Harness
from chatcluster.testing.promises import promise
from chatcluster.testing.suite.outage import state
from chatcluster.testing.suite.sentences import GOES, REFUSES

HELLO = Request(Question.SERVER, "/", event="hello")
EMIT = Request(Question.EMIT, "/", event="e", timeout=15.0)


@promise(GOES)
async def test_a_gateway_that_dies_completes_its_answer_long_before_the_timeout(
    carrier: Harness, enter: Enter, enter_elsewhere: EnterElsewhere
) -> None:
    one, _ = await enter("one", "a", ""), await enter("two", "a", "")
    dying = await enter_elsewhere("dying", "silent")
    waiting = asyncio.create_task(one.ask(HELLO, 15.0))
    await asyncio.sleep(1.5)
    assert not waiting.done()
    await dying.kill()
    async with asyncio.timeout(6):
        assert await waiting == (["two"], 1)


@promise(GOES)
async def test_what_a_gateway_answered_before_it_died_counts(
    carrier: Harness, enter: Enter, enter_elsewhere: EnterElsewhere
) -> None:
    one = await enter("one", "a", "")
    dying = await enter_elsewhere("dying", "begins")
    waiting = asyncio.create_task(one.ask(EMIT, 15.0))
    await asyncio.sleep(1.5)
    assert not waiting.done()
    await dying.kill()
    async with asyncio.timeout(6):
        assert await waiting == (["begun"], 1)


@promise("A gateway that stands still is asked again as soon as it goes on")
async def test_a_gateway_that_stands_still_is_missing_and_is_asked_again_later(
    carrier: Harness, enter: Enter, enter_elsewhere: EnterElsewhere
) -> None:
    one = await enter("one", "a", "")
    slow = await enter_elsewhere("slow", "answers")
    assert await one.ask(HELLO) == (["elsewhere"], 0)
    slow.pause()
    async with asyncio.timeout(3):
        assert await one.ask(HELLO, 1.0) == ([], 1)
    slow.resume()
    async with asyncio.timeout(5):
        while await one.ask(HELLO, 1.0) != (["elsewhere"], 0):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.05)


@promise(REFUSES)
async def test_without_a_carrier_nobody_can_be_asked(carrier: Harness, enter: Enter) -> None:
    one, two = await enter("one", "a", ""), await enter("two", "a", "")
    assert await one.ask(HELLO) == (["two"], 0)
    await carrier.kill()
    with pytest.raises(FanoutError):
        await one.ask(HELLO)
    await state(one, State.DOWN)
    with pytest.raises(FanoutError):
        await one.ask(HELLO)
    await carrier.restart()
    for gateway in (one, two):
        await gateway.interrupted_times(1)
    assert await one.ask(HELLO) == (["two"], 0)


@promise("No answer comes twice, whatever happens to the carrier")
async def test_answers_never_come_twice(carrier: Harness, enter: Enter) -> None:
    """Whatever the carrier repeats of what it had not taken when it went."""
    one, *_ = [await enter(name, "a", "") for name in ("one", "two", "three")]
    await one.ask(HELLO)
    answers: list[list[Any]] = []
    refused = 0

    async def ask() -> None:
        nonlocal refused
        try:
            answers.append((await one.ask(HELLO, 1.0))[0])
        except FanoutError:
            refused += 1

    async with asyncio.TaskGroup() as group:
        for step in range(60):
            group.create_task(ask())
            await asyncio.sleep(0.02)
            if step == 20:
                await carrier.kill()
            if step == 40:
                await carrier.restart()
    assert all(count == 1 for values in answers for count in Counter(values).values())
    assert sum(len(values) == 2 for values in answers) >= 15
    assert refused
