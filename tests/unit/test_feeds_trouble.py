"""Rooms whose log is dropped, damaged or late, and the end."""

from __future__ import annotations

import asyncio

from chat_gateway.chat.feeds import HOLD_SECONDS
from chatcluster.core.position import Position
from tests.unit.feeds_world import Gateway, message
from tests.unit.virtual_time import in_virtual_time

SOON = HOLD_SECONDS + 0.01


@in_virtual_time
async def test_a_log_that_is_begun_anew_is_followed_from_its_beginning():
    gateway = await Gateway().listening()
    await gateway.post(1, 2)
    await gateway.log.drop("tea")
    await gateway.post(3, 4, 5, lost=[3])
    await asyncio.sleep(SOON)
    assert gateway.out == ["1", "2", "3", "4", "5"]
    assert str(gateway.feeds.position("tea")) == "00000002-3"


@in_virtual_time
async def test_a_straggler_of_a_dropped_log_does_not_stop_the_new_one():
    gateway = Gateway()
    await gateway.post(1)
    await gateway.log.drop("tea")
    await gateway.listening()
    gateway.feeds.offer("tea", Position("00000001", 1), message(1))
    await gateway.post(2, 3)
    await asyncio.sleep(SOON)
    await gateway.post(4)
    assert gateway.out == ["2", "3", "4"]


@in_virtual_time
async def test_a_gap_that_the_log_cannot_fill_is_passed_over():
    """The room was removed while its last messages were on their way."""
    gateway = await Gateway().listening()
    await gateway.post(1, 2, 3, lost=[2])
    await gateway.log.drop("tea")
    await asyncio.sleep(SOON)
    assert gateway.out == ["1", "3"]


@in_virtual_time
async def test_a_stored_message_that_cannot_be_read_takes_its_place():
    gateway = await Gateway().listening()
    await gateway.log.append("tea", b"from something else")
    await gateway.post(2)
    await asyncio.sleep(SOON)
    assert gateway.out == ["(unreadable)", "2"]


@in_virtual_time
async def test_a_defect_while_a_gap_is_read_is_logged_and_tried_again(capsys):
    gateway = await Gateway().listening()

    async def breaks() -> None:
        gateway.log.pause = lambda: asyncio.sleep(0)
        raise ZeroDivisionError

    gateway.log.pause = breaks
    await gateway.post(1, 2, lost=[1])
    await asyncio.sleep(SOON)
    assert gateway.out == []
    await gateway.post(3)
    await asyncio.sleep(SOON)
    assert gateway.out == ["1", "2", "3"]


@in_virtual_time
async def test_after_the_stop_nothing_runs():
    gateway = await Gateway().listening()
    await gateway.post(1, 2, lost=[1])
    gateway.subscribed.clear()
    gateway.feeds.hold("other")
    await gateway.feeds.stop()
    assert len(asyncio.all_tasks()) == 1


@in_virtual_time
async def test_a_gap_that_opens_while_an_empty_page_is_on_its_way_is_not_passed_over():
    gateway = await Gateway().listening()
    gateway.log.delay = lambda: asyncio.sleep(0.01)
    gateway.feeds.refresh()
    await asyncio.sleep(0.005)
    await gateway.post(1, 2, lost=[1])
    await asyncio.sleep(2 * SOON)
    assert gateway.out == ["1", "2"]
