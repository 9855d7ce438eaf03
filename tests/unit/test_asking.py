"""Questions to other gateways, while all is well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from chatcluster.core.envelope import Action, Envelope, RoomKey
from chatcluster.core.request import Question, Reply, Request
from chatcluster.fanout import wire
from chatcluster.fanout.asking.signals import EVERYBODY
from tests.unit.asking_gateways import BEAT, ECHO, Gateway, Wire


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


async def test_all_others_answer(gateways: list[Gateway]) -> None:
    values, missing = await gateways[0].ask()
    assert (sorted(values), missing) == (["three", "two"], 0)
    assert gateways[0].questions == []
    assert gateways[1].questions == [ECHO]


async def test_a_newcomer_asks_those_who_were_there_before(
    carrier: Wire, gateways: list[Gateway]
) -> None:
    late = Gateway(carrier, "late")
    await late.fanout.open(late)
    values, missing = await late.ask()
    assert (sorted(values), missing) == (["one", "three", "two"], 0)
    await late.fanout.close()


async def test_a_newcomer_is_asked_as_soon_as_it_is_open(
    carrier: Wire, gateways: list[Gateway]
) -> None:
    await gateways[0].ask()
    late = Gateway(carrier, "late")
    await late.fanout.open(late)
    assert "late" in (await gateways[0].ask())[0]
    await late.fanout.close()


async def test_nobody_answers_nothing(carrier: Wire) -> None:
    gateway = Gateway(carrier, "alone")
    await gateway.fanout.open(gateway)
    assert await gateway.ask() == ([], 0)
    await gateway.fanout.close()


async def test_parts_arrive_in_order_and_nothing_after_the_last(gateways: list[Gateway]) -> None:
    def in_parts(reply: Callable[[Reply], None]) -> None:
        for part in range(10):
            reply(Reply((part,), clients=7 if part == 0 else None, last=part == 9))
        reply(Reply(("too late",)))

    gateways[1].behave = in_parts
    gateways[2].behave = lambda reply: reply(Reply())
    answers = await gateways[0].fanout.ask(ECHO, 5.0)
    replies = [reply async for reply in answers]
    assert [value for reply in replies for value in reply.values] == list(range(10))
    assert sum(reply.clients or 0 for reply in replies) == 7


async def test_who_says_goodbye_completes_and_is_missing(gateways: list[Gateway]) -> None:
    gateways[1].behave = lambda reply: None
    asking = asyncio.create_task(gateways[0].ask(timeout=60))
    await asyncio.sleep(BEAT * 4)
    assert not asking.done()
    await gateways[1].fanout.close()
    assert await asking == (["three"], 1)


async def test_a_question_that_is_not_answered_ends_with_its_timeout(
    gateways: list[Gateway],
) -> None:
    late: list[Callable[[Reply], None]] = []
    gateways[1].behave = late.append
    assert await gateways[0].ask(timeout=0.3) == (["three"], 1)
    late[0](Reply(("too late",)))
    assert (await gateways[2].ask(timeout=0.3))[0] == ["one"]
    assert len(gateways[0].fanout._questions) == 0


async def test_a_question_ends_with_its_timeout_when_nobody_reads(
    gateways: list[Gateway],
) -> None:
    gateways[1].behave = lambda reply: None
    await gateways[0].fanout.ask(ECHO, 0.2)
    await asyncio.sleep(0.4)
    assert len(gateways[0].fanout._questions) == 0


async def test_a_question_without_answer_returns_when_it_was_taken(
    gateways: list[Gateway],
) -> None:
    quiet = Request(Question.SERVER, "/", event="note", answered=False)
    assert await gateways[0].ask(quiet) == ([], 0)
    await asyncio.sleep(0.01)
    assert gateways[1].questions == gateways[2].questions == [quiet]


async def test_other_envelopes_pass_in_order_and_signals_do_not(
    carrier: Wire, gateways: list[Gateway]
) -> None:
    await gateways[1].fanout.want({RoomKey("/", "a")})
    sent = [Envelope("x", n, "/", Action.EMIT, rooms=("a",), event="e") for n in range(1, 4)]
    await gateways[0].fanout.publish(sent)
    await asyncio.sleep(BEAT * 3)
    assert gateways[1].received == sent


async def test_beats_are_few_and_small(carrier: Wire, gateways: list[Gateway]) -> None:
    await asyncio.sleep(BEAT * 3)
    carrier.brought.clear()
    await asyncio.sleep(BEAT * 10)
    assert len(carrier.brought) <= 3 * 11
    assert all(one.keys == (EVERYBODY,) for one in carrier.brought)
    assert max(len(wire.encode(one)) for one in carrier.brought) < 40


async def test_many_questions_at_once_get_their_own_answers(gateways: list[Gateway]) -> None:
    for gateway in gateways[1:]:
        gateway.behave = lambda reply, gateway=gateway: reply(  # type: ignore[misc]
            Reply((gateway.questions[-1].args[0],))
        )
    requests = [Request(Question.SERVER, "/", event="n", args=(n,)) for n in range(100)]
    answers = await asyncio.gather(*(gateways[0].ask(one) for one in requests))
    assert answers == [([n, n], 0) for n in range(100)]
