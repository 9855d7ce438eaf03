"""What every fan-out mode promises to those who ask other gateways, while its carrier is well."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from chatcluster.core.errors import FanoutError
from chatcluster.core.request import Question, Reply, Request
from chatcluster.testing.fixtures import Enter
from chatcluster.testing.harness import Harness
from chatcluster.testing.promises import promise
from chatcluster.testing.suite.sentences import ASK, GOES, OPEN

Give = Callable[[Reply], None]

HELLO = Request(Question.SERVER, "/", event="hello", args=("world", {"n": [1, 2.5, None]}))


def emit(*args: Any, **fields: Any) -> Request:
    return Request(Question.EMIT, "/", event="e", args=args, **fields)


def echo(request: Request, reply: Give) -> None:
    """One client, which acknowledges with what it was sent."""
    reply(Reply((request.args[0],), clients=1))


@promise(ASK)
async def test_all_others_answer_and_the_asker_is_not_asked(carrier: Harness, enter: Enter) -> None:
    one, two, three = [await enter(name, "a", "") for name in ("one", "two", "three")]
    values, missing = await one.ask(HELLO)
    assert (sorted(values), missing) == (["three", "two"], 0)
    assert one.questions == []
    assert len(two.questions) == len(three.questions) == 1


@promise("A gateway that is alone has its answer at once")
async def test_nobody_there_is_no_answer_at_once(harness: Harness, enter: Enter) -> None:
    one = await enter("one", "a", "")
    assert await one.ask(HELLO) == ([], 0)
    async with asyncio.timeout(1):
        assert await one.ask(HELLO) == ([], 0)


@promise(ASK)
@pytest.mark.parametrize(
    "request_",
    [
        HELLO,
        emit("x", 1),
        emit(rooms=("a", "b"), exclude=("c",)),
        Request(Question.SOCKETS, "/", rooms=("a",), exclude=("b", "c")),
        Request(Question.ROOMS, "/"),
    ],
    ids=["server", "emit", "emit to rooms", "sockets", "rooms"],
)
async def test_a_question_arrives_as_it_was_asked(
    request_: Request, carrier: Harness, enter: Enter
) -> None:
    one, two = await enter("one", "a", ""), await enter("two", "a", "")
    two.answers = lambda request, reply: reply(Reply(clients=0))
    await one.ask(request_)
    (asked,) = two.questions
    for field in ("question", "namespace", "rooms", "exclude", "event", "args", "answered"):
        assert getattr(asked, field) == getattr(request_, field), field


@promise("Answers come as they are given, in parts (acknowledgements of several clients)")
async def test_an_answer_comes_in_parts_as_they_are_given(carrier: Harness, enter: Enter) -> None:
    one, two = await enter("one", "a", ""), await enter("two", "a", "")
    given: list[Give] = []
    two.answers = lambda request, reply: given.append(reply)
    answers = aiter(await one.begin_asking(emit()))
    await two.until(lambda: bool(given))
    given[0](Reply(clients=3, last=False))
    assert (await anext(answers)).clients == 3
    for number in range(3):
        given[0](Reply((number,), last=number == 2))
        assert (await anext(answers)).values == (number,)
    with pytest.raises(StopAsyncIteration):
        async with asyncio.timeout(2):
            await anext(answers)


@promise("Who does not answer in time is counted; the other answers are there")
async def test_who_is_there_and_silent_is_missing_after_the_timeout(
    carrier: Harness, enter: Enter
) -> None:
    one, two, _ = [await enter(name, "a", "") for name in ("one", "two", "three")]
    await one.ask(HELLO)
    late: list[Give] = []
    two.answers = lambda request, reply: late.append(reply)
    began = asyncio.get_running_loop().time()
    assert await one.ask(HELLO, 1.0) == (["three"], 1)
    assert 0.9 < asyncio.get_running_loop().time() - began < 2
    late[0](Reply(("too late",)))
    two.answers = lambda request, reply: reply(Reply(("in time",)))
    values, missing = await one.ask(HELLO)
    assert (sorted(values), missing) == (["in time", "three"], 0)


@promise(ASK)
async def test_a_gateway_that_comes_late_asks_and_is_asked(carrier: Harness, enter: Enter) -> None:
    one, _ = await enter("one", "a", ""), await enter("two", "a", "")
    await one.ask(HELLO)
    late = await enter("late", "a", "")
    values, missing = await one.ask(HELLO)
    assert (sorted(values), missing) == (["late", "two"], 0)
    values, missing = await late.ask(HELLO)
    assert (sorted(values), missing) == (["one", "two"], 0)


@promise(GOES)
async def test_a_gateway_that_leaves_completes_its_answer(carrier: Harness, enter: Enter) -> None:
    one, two, _ = [await enter(name, "a", "") for name in ("one", "two", "three")]
    two.answers = lambda request, reply: None
    waiting = asyncio.create_task(one.ask(HELLO, 15.0))
    await two.until(lambda: bool(two.questions))
    await two.fanout.close()
    async with asyncio.timeout(6):
        assert await waiting == (["three"], 1)


@promise(ASK)
async def test_a_question_may_expect_no_answer(carrier: Harness, enter: Enter) -> None:
    one, two = await enter("one", "a", ""), await enter("two", "a", "")
    quiet = Request(Question.SERVER, "/", event="note", args=(1,), answered=False)
    async with asyncio.timeout(3):
        assert await one.ask(quiet, 15.0) == ([], 0)
        await two.until(lambda: bool(two.questions))
    assert two.questions[0].args == (1,)
    assert not two.questions[0].answered


@promise(ASK)
@pytest.mark.parametrize(
    "value",
    [
        None,
        "é😀\u2028",
        {"deep": [{"er": [1, -2.5, True, None, ""]}]},
        b"\x00\xff",
        {"file": b"\x00\x01", "name": "x"},
        "x" * 2**20,
        bytes(range(256)) * 4096,
    ],
    ids=["null", "unicode", "nested", "binary", "binary inside", "1 MiB", "1 MiB of binary"],
)
async def test_arguments_and_answers_may_be_anything(
    value: Any, carrier: Harness, enter: Enter
) -> None:
    one, two = await enter("one", "a", ""), await enter("two", "a", "")
    two.answers = echo
    assert await one.ask(emit(value)) == ([value], 0)
    assert two.questions[0].args == (value,)


@promise(ASK)
async def test_many_questions_at_once_get_their_own_answers(carrier: Harness, enter: Enter) -> None:
    gateways = [await enter(name, "a", "") for name in ("one", "two", "three")]
    for gateway in gateways:
        gateway.answers = echo
    answers = await asyncio.gather(
        *(gateway.ask(emit(number)) for number in range(50) for gateway in gateways[:2])
    )
    assert answers == [([number, number], 0) for number in range(50) for _ in range(2)]


@promise(OPEN)
async def test_a_fanout_that_is_not_open_asks_nobody(harness: Harness) -> None:
    with pytest.raises(FanoutError):
        await harness.fanout().ask(HELLO, 1.0)
