"""Whatever happens to the carrier: order per origin, nothing twice, nothing lost but what was
refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatcluster.core.errors import FanoutError
from chatcluster.testing.harness import Gateway
from tests.unit.failing_carrier import Two
from tests.unit.virtual_time import run

STEPS = st.one_of(
    st.tuples(st.just("say"), st.integers(1, 8)),  # calls at once
    st.tuples(st.just("wait"), st.sampled_from([0, 1, 2, 50, 500, 3000])),  # milliseconds
    st.tuples(st.sampled_from(["fail", "hang", "recover", "lose an answer"]), st.just(0)),
)

# What was taken comes back when the carrier does, and that may be long after.
_AWAY = [("say", 1), ("wait", 1), ("fail", 0), ("wait", 3000), ("say", 1)]


@settings(max_examples=300, deadline=None)
@example(_AWAY, 10, True)
@given(st.lists(STEPS, max_size=40), st.sampled_from([10, 10_000]), st.booleans())
def test_order_is_kept_and_nothing_is_doubled_or_lost(
    steps: Sequence[tuple[str, int]], bound: int, durable: bool
) -> None:
    run(_simulate(steps, bound, durable))


async def _simulate(steps: Sequence[tuple[str, int]], bound: int, durable: bool) -> None:
    async with Two(envelopes=bound) as world:
        world.inner.durable = durable
        talk = _Talk(world.one)
        for step, number in steps:
            await _do(world, talk, step, number)
        world.carrier.recover()
        world.carrier.takes_and_dies = 0
        await asyncio.gather(*talk.calls)
        await world.settle()
        for gateway in (world.one, world.two):
            numbers = [envelope.sequence for envelope in gateway.received]
            assert numbers == sorted(set(numbers))
            assert set(numbers) >= talk.accepted
        # One may be refused at the end of its patience and be taken after all, but in its place.
        assert bound == 10 or not talk.refused


async def _do(world: Two, talk: _Talk, step: str, number: int) -> None:
    if step == "say":
        for _ in range(number):
            talk.say()
        await asyncio.sleep(0)
    elif step == "wait":
        await asyncio.sleep(number / 1000)
    elif step == "fail":
        world.carrier.fail()
    elif step == "hang" and world.carrier.up:
        world.carrier.hang()
    elif step == "recover":
        world.carrier.recover()
    elif step == "lose an answer":
        world.carrier.takes_and_dies += 1


class _Talk:
    def __init__(self, gateway: Gateway) -> None:
        self.calls: list[asyncio.Task[None]] = []
        self.accepted: set[int] = set()
        self.refused: set[int] = set()
        self._gateway = gateway

    def say(self) -> None:
        self.calls.append(asyncio.create_task(self._say()))

    async def _say(self) -> None:
        envelope = self._gateway.envelope()
        try:
            await self._gateway.fanout.publish([envelope])
        except FanoutError:
            self.refused.add(envelope.sequence)
        else:
            self.accepted.add(envelope.sequence)
