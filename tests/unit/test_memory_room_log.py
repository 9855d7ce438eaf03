"""What the room log in memory does over days, with a clock that is told what to say."""

from __future__ import annotations

import itertools

import pytest

from chatcluster.core.position import Position
from chatcluster.history.memory import MemoryRoomLog
from chatcluster.history.port import Retention

DAY = 86_400.0


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(clock: Clock) -> MemoryRoomLog:
    numbers = itertools.count(1)
    retention = Retention(length=100, age=10.0, key_age=5.0)
    return MemoryRoomLog(retention, clock=clock, random_bytes=lambda n: next(numbers).to_bytes(n))


async def test_messages_are_kept_until_their_age_and_not_longer(log, clock):
    await log.append("tea", b"hello")
    clock.now += 10.0
    assert len((await log.before("tea", None, 1)).entries) == 1
    clock.now += 0.1
    assert (await log.before("tea", None, 1)).entries == ()


async def test_a_clock_that_is_set_back_loses_nothing(log, clock):
    await log.append("tea", b"one")
    clock.now -= 100.0
    await log.append("tea", b"two")
    clock.now += 105.0
    bodies = [entry.body for entry in (await log.before("tea", None, 5)).entries]
    assert bodies == [b"one", b"two"]


async def test_a_room_that_nobody_writes_to_is_forgotten_a_day_after_its_messages(log, clock):
    await log.append("quiet", b"hello")
    clock.now += DAY
    await log.append("tea", b"hello")
    assert set(await log.heads(["quiet", "tea"])) == {"quiet", "tea"}
    clock.now += 21.0
    await log.append("tea", b"hello")
    assert set(await log.heads(["quiet", "tea"])) == {"tea"}


async def test_a_forgotten_room_begins_another_epoch(log, clock):
    first = await log.append("tea", b"hello")
    clock.now += DAY + 21.0
    second = await log.append("tea", b"hello")
    assert (first.position, second.position) == (
        Position("00000001", 1),
        Position("00000002", 1),
    )


async def test_a_key_counts_from_its_last_storing(log, clock):
    await log.append("tea", b"one", key="k")
    clock.now += 5.0
    assert not (await log.append("tea", b"two", key="k")).repeated
    clock.now += 4.9
    await log.append("tea", b"three", key="other")
    assert (await log.append("tea", b"two", key="k")).position.offset == 2


async def test_memory_does_not_grow_with_what_retention_took(log, clock):
    for number in range(10_000):
        clock.now += 0.01
        await log.append("tea", b"hello", key=str(number))
    room = log._rooms["tea"]
    assert len(room._entries) < 140
    assert len(room._keys) <= 501
