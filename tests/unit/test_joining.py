"""What a client gets when it joins, and what it gets afterwards."""

from __future__ import annotations

import asyncio

import pytest

from chat_gateway.chat.domain import LOBBY
from chat_gateway.chat.joining import Joining, Missed, shown
from chatcluster.core.errors import HistoryError
from chatcluster.core.position import Position
from tests.unit.feeds_world import Gateway, message
from tests.unit.virtual_time import in_virtual_time

BODY = len(message(1).encode())


def joining(gateway: Gateway, *, recent: int = 3, limit: int = 5, budget: int = 10**6) -> Joining:
    return Joining(gateway.log, gateway.feeds, recent=recent, limit=limit, budget=budget)


def at(offset: int, epoch: int = 1) -> Position:
    return Position(f"{epoch:08x}", offset)


def told(missed: Missed) -> tuple[list[int], bool]:
    """The offsets, and whether they are all."""
    assert all(message.room == "tea" for _, message in missed.messages)
    return [int(id.split("-")[1]) for id, _ in missed.messages], missed.complete


async def busy(count: int) -> Gateway:
    """A gateway whose room has had *count* messages."""
    gateway = await Gateway().listening()
    await gateway.post(*range(1, count + 1))
    return gateway


@pytest.mark.parametrize(
    ("count", "after", "expected"),
    [
        pytest.param(0, None, ([], True), id="an empty room"),
        pytest.param(2, None, ([1, 2], True), id="all of a young room"),
        pytest.param(3, None, ([1, 2, 3], True), id="exactly the last ones"),
        pytest.param(4, None, ([2, 3, 4], False), id="the last ones"),
        pytest.param(4, at(4), ([], True), id="nothing was missed"),
        pytest.param(9, at(4), ([5, 6, 7, 8, 9], True), id="as many as may be sent"),
        pytest.param(9, at(3), ([5, 6, 7, 8, 9], False), id="one more than may be sent"),
        pytest.param(2, at(0), ([1, 2], True), id="from the beginning"),
        pytest.param(2, at(1, epoch=9), ([1, 2], False), id="from another log"),
    ],
)
@in_virtual_time
async def test_what_is_missed_and_whether_that_is_all(count, after, expected):
    gateway = await busy(count)
    missed = await joining(gateway).missed("tea", after, None)
    assert told(missed) == expected
    assert missed.position == gateway.feeds.position("tea") == at(count)


@in_virtual_time
async def test_what_the_log_no_longer_has_is_missing():
    gateway = await busy(1005)
    missed = await joining(gateway, limit=1000).missed("tea", at(3), None)
    assert (len(missed.messages), missed.complete) == (1000, False)
    missed = await joining(gateway, limit=1000).missed("tea", at(5), None)
    assert (len(missed.messages), missed.complete) == (1000, True)


@in_virtual_time
async def test_what_this_gateway_has_not_given_out_yet_comes_as_an_event():
    gateway = await busy(2)
    await gateway.post(3, 4, lost=[3, 4])
    missed = await joining(gateway).missed("tea", at(1), None)
    assert (missed.position, told(missed)) == (at(2), ([2], True))
    await gateway.post(5)
    await asyncio.sleep(0.2)
    assert gateway.out[2:] == ["3", "4", "5"]


@in_virtual_time
async def test_what_is_given_out_while_the_log_is_read_is_in_the_answer():
    """Nobody would send it: the client is not in the room yet."""
    gateway = await busy(2)
    gateway.log.delay = lambda: asyncio.sleep(0.01)
    work = asyncio.create_task(joining(gateway).missed("tea", at(1), None))
    await asyncio.sleep(0.005)
    await gateway.post(3, 4)
    missed = await work
    assert (missed.position, told(missed)) == (at(4), ([2, 3, 4], True))


@in_virtual_time
async def test_a_client_that_has_had_its_messages_since_then_gets_those_before():
    gateway = await busy(4)
    missed = await joining(gateway, recent=5).missed("tea", None, at(2))
    assert (missed.position, told(missed)) == (at(2), ([1, 2], True))


@pytest.mark.parametrize(
    ("messages", "offsets", "complete"),
    [
        (8, [1, 2, 3, 4, 5, 6, 7, 8], True),
        (7, [4, 5, 6, 7, 8], False),
        (1, [8], False),
        (0, [], False),
    ],
)
@in_virtual_time
async def test_an_answer_that_would_be_too_large_has_the_newest(messages, offsets, complete):
    gateway = await busy(8)
    budget = messages * BODY
    missed = await joining(gateway, limit=9, budget=budget).missed("tea", at(0), None)
    assert told(missed) == (offsets, complete)


@in_virtual_time
async def test_a_log_that_was_begun_anew_meanwhile_makes_the_answer_incomplete():
    """The feed does not know of it yet; what is in it arrives as events."""
    gateway = await busy(2)
    await gateway.log.drop("tea")
    await gateway.store(3)
    missed = await joining(gateway).missed("tea", None, None)
    assert (missed.position, told(missed)) == (at(2), ([], False))
    await gateway.post(4)
    await asyncio.sleep(0.2)
    assert gateway.out == ["1", "2", "3", "4"]


@in_virtual_time
async def test_a_log_that_does_not_answer_is_the_clients_to_know():
    gateway = await busy(1)
    gateway.log.away = True
    with pytest.raises(HistoryError):
        await joining(gateway).missed("tea", None, None)


@in_virtual_time
async def test_joining_waits_for_the_rooms_start():
    gateway = Gateway()
    gateway.subscribed.clear()
    gateway.feeds.hold("tea")
    work = asyncio.create_task(joining(gateway).missed("tea", None, None))
    await asyncio.sleep(1.0)
    assert not work.done()
    await gateway.post(1)
    gateway.subscribed.set()
    missed = await work
    assert (missed.position, told(missed)) == (at(1), ([1], True))


@in_virtual_time
async def test_what_a_client_saw_on_another_gateway_is_not_sent_to_it_again():
    gateway = await busy(2)
    await gateway.post(3, 4, lost=[3, 4])
    missed = await joining(gateway).missed("tea", at(4), None)
    assert missed.position == at(4)


@in_virtual_time
async def test_alone_a_newcomer_gets_what_was_said_elsewhere_too_and_nobody_else_does():
    gateway = await Gateway(alone=True).listening()
    await gateway.post(1, 2, 3, lost=[2, 3])
    missed = await joining(gateway).missed("tea", None, None)
    assert (missed.position, told(missed)) == (at(3), ([1, 2, 3], True))
    await gateway.post(4)
    assert gateway.out == ["1", "4"]


@in_virtual_time
async def test_alone_what_is_on_its_way_while_somebody_joins_goes_to_the_others():
    """It is stored, so the one who joins has it."""
    gateway = await Gateway(alone=True).listening()
    await gateway.post(1)
    (own,) = await gateway.store(2)
    missed = await joining(gateway).missed("tea", None, None)
    gateway.feeds.entered("tea", "newcomer")
    assert told(missed) == ([1, 2], True)
    gateway.feeds.offer("tea", own, message(2))
    assert (gateway.out, gateway.had) == (["1", "2"], {"2": ("newcomer",)})


@in_virtual_time
async def test_who_comes_back_is_not_told_again_what_its_own_gateway_said():
    gateway = await Gateway(alone=True).listening()
    for number in range(1, 5):
        await gateway.said(number, by="one")
    assert told(await joining(gateway).missed("tea", at(2), None)) == ([3, 4], True)


@in_virtual_time
async def test_who_comes_back_gets_what_others_said_while_gateways_were_alone():
    gateway = Gateway(alone=True)
    for number, by in enumerate(("one", "two", "one", "two", "one"), start=1):
        await gateway.said(number, by=by)
    await gateway.listening()
    room = joining(gateway, limit=9)
    assert told(await room.missed("tea", at(3), None)) == ([2, 4, 5], True)
    assert told(await room.missed("tea", at(4), None)) == ([1, 3, 5], True)
    assert told(await room.missed("tea", at(0), None)) == ([1, 2, 3, 4, 5], True)


@pytest.mark.parametrize(("limit", "expected"), [(2, [5, 7]), (3, [3, 5, 7]), (9, [1, 3, 5, 7])])
@in_virtual_time
async def test_if_others_said_more_than_may_be_sent_it_is_the_newest(limit, expected):
    gateway = Gateway(alone=True)
    for number in range(1, 8):
        await gateway.said(number, by="two" if number % 2 else "one")
    await gateway.listening()
    missed = await joining(gateway, limit=limit).missed("tea", at(6), None)
    assert told(missed) == (expected, limit == 9)


@in_virtual_time
async def test_a_gateway_that_was_alone_looks_back_when_the_last_one_had_was_for_all():
    gateway = Gateway()
    await gateway.said(1, by="two")
    await gateway.store(2, 3)
    await gateway.listening()
    room = joining(gateway)
    assert told(await room.missed("tea", at(2), None)) == ([3], True)
    gateway.alone = True
    gateway.feeds.refresh()
    gateway.alone = False
    assert told(await room.missed("tea", at(2), None)) == ([1, 3], True)


@in_virtual_time
async def test_a_log_of_one_gateway_has_nothing_from_elsewhere():
    gateway = Gateway(alone=True)
    gateway.log.shared = False
    await gateway.said(1, by="its former self")
    await gateway.said(2, by="one")
    await gateway.listening()
    assert told(await joining(gateway).missed("tea", at(2), None)) == ([], True)


def test_the_answer_is_that_of_the_protocol():
    missed = Missed(at(7), [("e-7", message(7))], complete=True)
    assert shown(missed, "tea") == {
        "room": "tea",
        "position": "00000001-7",
        "messages": [message(7).as_chat("e-7")],
        "complete": True,
    }
    assert shown(missed, LOBBY)["room"] is None
