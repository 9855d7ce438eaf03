"""Questions to other gateways, when something is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from chatcluster.core.envelope import Action, Envelope
from chatcluster.core.errors import FanoutError
from chatcluster.core.request import Reply
from chatcluster.fanout import wire
from chatcluster.fanout.asking.signals import NAMESPACE
from chatcluster.fanout.port import State
from tests.unit.asking_gateways import BEAT, Gateway, Wire


@pytest.fixture
def carrier() -> Wire:
    return Wire()


@pytest.fixture
async def gateways(carrier: Wire) -> AsyncIterator[list[Gateway]]:
    gateways = [Gateway(carrier, name) for name in ("one", "two", "three")]
    for gateway in gateways:
        await gateway.fanout.open(gateway)
    yield gateways
    for gateway in gateways:
        await gateway.fanout.close()


async def test_who_falls_silent_completes_and_is_missing(gateways: list[Gateway]) -> None:
    gateways[1].behave = lambda reply: None
    asking = asyncio.create_task(gateways[0].ask(timeout=60))
    await asyncio.sleep(BEAT * 4)
    gateways[1].end.deaf = True
    assert await asking == (["three"], 1)


async def test_what_cannot_be_sent_answers_without_values(gateways: list[Gateway]) -> None:
    gateways[1].behave = lambda reply: reply(Reply((object(),)))
    assert await gateways[0].ask() == (["three"], 0)


async def test_a_cut_carrier_refuses_and_nobody_is_lost_by_it(
    carrier: Wire, gateways: list[Gateway]
) -> None:
    await gateways[0].ask()
    carrier.cut = True
    with pytest.raises(FanoutError):
        await gateways[0].ask()
    assert len(gateways[0].fanout._questions) == 0
    await asyncio.sleep(BEAT * 8)
    carrier.cut = False
    for gateway in gateways:
        gateway.fanout.interrupted()
    assert (await gateways[0].ask())[1] == 0
    assert gateways[0].interruptions == 1


async def test_whoever_is_asked_has_been_greeted_after_an_interruption(
    carrier: Wire, gateways: list[Gateway]
) -> None:
    """A gateway that came while this one was cut off is found, too."""
    await gateways[0].ask()
    gateways[0].end.deaf = True
    late = Gateway(carrier, "late")
    await late.fanout.open(late)
    await asyncio.sleep(0.01)
    gateways[0].end.deaf = False
    gateways[0].fanout.interrupted()
    values, missing = await gateways[0].ask()
    assert (sorted(values), missing) == (["late", "three", "two"], 0)
    await late.fanout.close()


async def test_closing_ends_open_questions(gateways: list[Gateway]) -> None:
    gateways[1].behave = lambda reply: None
    asking = asyncio.create_task(gateways[0].ask(timeout=60))
    await asyncio.sleep(BEAT * 4)
    await gateways[0].fanout.close()
    assert await asking == (["three"], 1)
    with pytest.raises(FanoutError):
        await gateways[0].ask()


async def test_what_is_malformed_harms_nothing(carrier: Wire, gateways: list[Gateway]) -> None:
    await gateways[0].ask()
    bad: list[tuple[str, tuple[Any, ...]]] = [
        ("ask", ()),
        ("ask", (1, 2.0, b"\xc1")),
        ("ask", (1, 2.0, wire.pack([99]))),
        ("reply", ()),
        ("reply", (1, "x", 1, None, b"")),
        ("unknown", (1,)),
    ]
    for number, (event, args) in enumerate(bad, 1):
        envelope = Envelope("bad#", number, NAMESPACE, Action.SIGNAL, event=event, args=args)
        carrier.bring([envelope])
    assert (await gateways[0].ask())[1] == 0


async def test_a_reply_whose_values_cannot_be_read_is_left_out(
    carrier: Wire, gateways: list[Gateway]
) -> None:
    gateways[1].behave = lambda reply: None
    asking = asyncio.create_task(gateways[0].ask(timeout=0.5))
    await asyncio.sleep(BEAT * 3)
    for number, values in enumerate((b"\xc1", wire.pack("text"), None)):
        args = (1, number, True, None, values)
        envelope = Envelope(
            "two#", 1000, NAMESPACE, Action.SIGNAL, rooms=("one#",), event="reply", args=args
        )
        carrier.bring([envelope])
    assert await asking == (["three"], 1)


async def test_a_loop_that_has_ended_is_noticed(gateways: list[Gateway]) -> None:
    await gateways[0].fanout.check()
    gateways[0].fanout._loops[0].cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    with pytest.raises(FanoutError):
        await gateways[0].fanout.check()


async def test_a_carrier_that_does_not_open_leaves_it_closed(carrier: Wire) -> None:
    gateway = Gateway(carrier, "one")
    carrier.cut = True
    with pytest.raises(FanoutError):
        await gateway.fanout.open(gateway)
    assert gateway.fanout.state is State.CLOSED
    assert carrier.ends == []
