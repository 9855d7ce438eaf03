"""What a mode says of itself, against what it does."""

from __future__ import annotations

import asyncio
from functools import partial

from chatcluster.core.errors import FanoutError
from chatcluster.fanout.port import State
from chatcluster.testing.fixtures import Enter
from chatcluster.testing.harness import Gateway, Harness
from chatcluster.testing.promises import promise
from chatcluster.testing.suite.outage import state
from chatcluster.testing.suite.sentences import SAYS


@promise(SAYS)
async def test_a_fanout_says_of_itself_what_is_declared(harness: Harness) -> None:
    fanout = harness.fanout()
    assert (fanout.shared, fanout.durable) == (harness.shared, harness.durable)


@promise(SAYS)
async def test_gateways_meet_if_it_says_so(harness: Harness, enter: Enter) -> None:
    one, two = await enter("one", "a"), await enter("two", "a")
    sent = await one.say("hello")
    assert await one.got(1) == [sent]
    await two.fanout.check()
    if harness.shared:
        await two.got(1)
    assert two.received == ([sent] if harness.shared else [])


@promise("What the carrier has taken is not lost, though the carrier be killed")
async def test_what_was_taken_arrives_after_an_outage(durable: Harness, enter: Enter) -> None:
    one, two = await enter("one", "a"), await enter("two", "a")
    taken: list[int] = []

    async def talk(first: int, until: int) -> None:
        for index in range(first, until):
            try:
                await one.say(index)
            except FanoutError:
                break  # whether it arrives, nobody can know
            taken.append(index)

    for outage in (1, 2, 3):
        talking = asyncio.create_task(talk(1000 * outage, 1000 * outage + 999))
        await two.until(partial(_has, two, 1000 * outage + 20))
        await durable.kill()
        await talking
        await state(two, State.DOWN)
        await durable.restart()
        await state(one, State.UP)
        # Before the other one is back, as far as it goes.
        await talk(1000 * outage + 999, 1000 * outage + 1000)
        await two.interrupted_times(outage)
    await two.until(lambda: two.args[-1:] == taken[-1:])
    assert set(taken) <= set(two.args)
    assert two.args == sorted(set(two.args))


def _has(gateway: Gateway, index: int) -> bool:
    return gateway.args[-1:] >= [index]
