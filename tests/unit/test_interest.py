"""The fan-out is told what is wanted, however fast it changes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Set
from contextlib import asynccontextmanager
from random import Random

import pytest

from chat_gateway.manager.interest import Interest
from chatcluster.core.envelope import RoomKey
from chatcluster.core.errors import FanoutError
from chatcluster.runtime.background import background

TEA, COFFEE = RoomKey("/", "tea"), RoomKey("/", "coffee")


class Carrier:
    """Remembers the sets that it was told; each takes effect after some turns of the loop."""

    def __init__(self, random: Random, failing: float = 0.0) -> None:
        self.random = random
        self.failing = failing
        self.told: list[Set[RoomKey]] = []
        self.open = asyncio.Event()
        self.open.set()

    @property
    def wants(self) -> Set[RoomKey]:
        return self.told[-1] if self.told else frozenset()

    async def want(self, rooms: Set[RoomKey]) -> None:
        self.told.append(rooms)
        await self.open.wait()
        for _ in range(self.random.randrange(4)):
            await asyncio.sleep(0)
        if self.random.random() < self.failing:
            raise FanoutError("away")


@asynccontextmanager
async def kept(interest: Interest, carrier: Carrier) -> AsyncIterator[None]:
    async with background(interest=interest.keep(carrier.want)):
        yield


async def turns(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_the_first_wish_is_told_and_then_in_force():
    interest, carrier = Interest(), Carrier(Random(1))
    async with kept(interest, carrier):
        interest.add(TEA)
        await interest.in_force(TEA)
        assert carrier.told == [{TEA}]


async def test_further_wishes_for_a_room_are_not_told():
    interest, carrier = Interest(), Carrier(Random(1))
    async with kept(interest, carrier):
        for _ in range(2):
            interest.add(TEA)
            await interest.in_force(TEA)
        interest.discard(TEA)
        await turns()
        assert carrier.told == [{TEA}]
        interest.discard(TEA)
        await turns()
        assert carrier.told == [{TEA}, set()]


async def test_what_comes_and_goes_meanwhile_is_told_at_once():
    interest, carrier = Interest(), Carrier(Random(1))
    async with kept(interest, carrier):
        interest.add(TEA)
        interest.add(COFFEE)
        interest.discard(TEA)
        await interest.in_force(COFFEE)
        assert carrier.told == [{COFFEE}]


async def test_a_wish_is_in_force_when_the_carrier_has_taken_it_and_not_before():
    interest, carrier = Interest(), Carrier(Random(1))
    carrier.open.clear()
    async with kept(interest, carrier):
        interest.add(TEA)
        waiting = asyncio.create_task(interest.in_force(TEA))
        await turns()
        assert carrier.told == [{TEA}]
        assert not waiting.done()
        carrier.open.set()
        await waiting


async def test_while_the_carrier_is_away_nobody_waits_for_it():
    """The fan-out knows the wish, and says that it was interrupted when it is back."""
    interest, carrier = Interest(), Carrier(Random(1), failing=1.0)
    async with kept(interest, carrier):
        interest.add(TEA)
        await interest.in_force(TEA)
        assert carrier.wants == {TEA}


async def test_a_wish_that_comes_back_while_its_end_is_told_waits_for_its_own_turn():
    interest, carrier = Interest(), Carrier(Random(1))
    async with kept(interest, carrier):
        interest.add(TEA)
        await interest.in_force(TEA)
        interest.discard(TEA)
        carrier.open.clear()
        await turns()
        assert carrier.wants == set()
        interest.add(TEA)
        waiting = asyncio.create_task(interest.in_force(TEA))
        await turns()
        assert not waiting.done()
        carrier.open.set()
        await waiting
        assert carrier.wants == {TEA}


class Crowd:
    """Many who come to rooms and leave them, all at once."""

    def __init__(self, random: Random, interest: Interest, carrier: Carrier) -> None:
        self.random = random
        self.interest = interest
        self.carrier = carrier
        self.counts: Counter[RoomKey] = Counter()
        self.early = 0  # who was let in before the carrier knew

    async def member(self) -> None:
        for _ in range(self.random.randrange(1, 8)):
            key = RoomKey("/", self.random.choice("abc"))
            self.counts[key] += 1
            self.interest.add(key)
            await turns(self.random.randrange(3))
            if self.random.random() < 0.8:
                await self.interest.in_force(key)
                self.early += key not in self.carrier.wants
            await turns(self.random.randrange(6))
            if self.random.random() < 0.8:
                self.counts[key] -= 1
                self.interest.discard(key)


@pytest.mark.parametrize("failing", [0.0, 0.5])
async def test_at_rest_the_carrier_knows_exactly_what_is_counted(failing):
    for seed in range(60):
        interest, carrier = Interest(), Carrier(Random(seed), failing)
        crowd = Crowd(Random(seed), interest, carrier)
        async with kept(interest, carrier):
            await asyncio.gather(*(crowd.member() for _ in range(12)))
            await turns(20)
            assert carrier.wants == set(+crowd.counts)


async def test_nobody_is_let_in_before_the_carrier_knows():
    early = 0
    for seed in range(60):
        interest, carrier = Interest(), Carrier(Random(seed))
        crowd = Crowd(Random(seed), interest, carrier)
        async with kept(interest, carrier):
            await asyncio.gather(*(crowd.member() for _ in range(12)))
        early += crowd.early
    assert early == 0
