"""Envelopes leave together, and each one's sender is told what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from chat_gateway.manager.publishing import Publishing
from chatcluster.core.envelope import Action, Envelope
from chatcluster.core.errors import FanoutError, MalformedError


class Carrier:
    """Takes what is published, unless it is of an event that it does not take."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.error: Exception | None = None

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        if any(envelope.event == "odd" for envelope in envelopes):
            raise MalformedError("odd")
        self.calls.append([envelope.sequence for envelope in envelopes])
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error


class Outcome:
    def __init__(self) -> None:
        self.told: list[Any] = []

    def give(self, reply: Any) -> None:
        self.told.append(reply)

    def fail(self, error: BaseException) -> None:
        self.told.append(error)


def envelope(sequence: int, event: str = "e") -> Envelope:
    return Envelope("me", sequence, "/", Action.EMIT, event=event)


async def settled(outcomes: Sequence[Outcome]) -> None:
    async with asyncio.timeout(5):
        while not all(outcome.told for outcome in outcomes):  # noqa: ASYNC110 - stubs
            await asyncio.sleep(0)


async def test_what_comes_in_one_turn_leaves_together_and_in_order():
    carrier = Carrier()
    publishing = Publishing(cast(Any, carrier))
    outcomes = [Outcome() for _ in range(3)]
    for number, outcome in enumerate(outcomes):
        publishing.add(envelope(number), outcome, f"reply {number}")
    await settled(outcomes)
    assert carrier.calls == [[0, 1, 2]]
    assert [outcome.told for outcome in outcomes] == [["reply 0"], ["reply 1"], ["reply 2"]]


async def test_one_that_cannot_be_sent_does_not_stop_the_others():
    carrier = Carrier()
    publishing = Publishing(cast(Any, carrier))
    outcomes = [Outcome() for _ in range(3)]
    for number, outcome in enumerate(outcomes):
        publishing.add(envelope(number, "odd" if number == 1 else "e"), outcome, number)
    await settled(outcomes)
    assert carrier.calls == [[0], [2]]
    assert outcomes[0].told == [0]
    assert isinstance(outcomes[1].told[0], MalformedError)
    assert outcomes[2].told == [2]


async def test_whoever_waits_gets_the_carriers_error():
    carrier = Carrier()
    carrier.error = FanoutError("away")
    publishing = Publishing(cast(Any, carrier))
    with pytest.raises(FanoutError, match="away"):
        await publishing.publish(envelope(1))
