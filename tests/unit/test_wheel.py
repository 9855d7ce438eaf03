"""Deadlines that share a timer."""

from __future__ import annotations

import asyncio
import time

from chat_gateway.sockets.wheel import Turn, Wheel

SECONDS = 0.1


async def test_each_item_comes_once_and_not_before_its_time():
    came: dict[int, float] = {}

    def come(item: int, turn: Turn[int]) -> None:
        assert item not in came
        came[item] = time.monotonic()

    wheel: Wheel[int] = Wheel(SECONDS, come)
    added = {}
    for item in range(20):
        added[item] = time.monotonic()
        wheel.add(item)
        await asyncio.sleep(0.005)
    async with asyncio.timeout(10):
        while len(came) < 20:  # noqa: ASYNC110 - nothing else tells of it
            await asyncio.sleep(0.01)
    assert list(came) == list(range(20))
    for item, at in came.items():
        assert at - added[item] > SECONDS * 0.97


async def test_a_turn_tells_a_deadline_from_the_one_that_was_set_after_it():
    came: list[Turn[str]] = []
    wheel: Wheel[str] = Wheel(SECONDS, lambda item, turn: came.append(turn))
    first = wheel.add("x")
    await asyncio.sleep(SECONDS / 2)
    second = wheel.add("x")
    async with asyncio.timeout(10):
        while len(came) < 2:  # noqa: ASYNC110 - nothing else tells of it
            await asyncio.sleep(0.01)
    assert came[0] is first
    assert came[1] is second
    assert first is not second


async def test_nothing_comes_after_the_end():
    came: list[str] = []
    wheel: Wheel[str] = Wheel(0.01, lambda item, turn: came.append(item))
    wheel.add("x")
    assert wheel.stop() == ["x"]
    await asyncio.sleep(0.05)
    assert came == []
