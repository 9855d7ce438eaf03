"""Every message of a followed room is given out once and in order, from the carrier or the log."""

from __future__ import annotations

import asyncio

import pytest

from chat_gateway.chat.feeds import HOLD_SECONDS, START_SECONDS, SWEEP_SECONDS
from chat_gateway.chat.replay import RETRY_SECONDS
from chatcluster.core.errors import HistoryError
from tests.unit.feeds_world import Gateway, message
from tests.unit.virtual_time import in_virtual_time, now

SOON = HOLD_SECONDS + 0.01


@in_virtual_time
async def test_messages_are_given_out_when_they_come():
    gateway = await Gateway().listening()
    await gateway.post(1, 2, 3)
    assert gateway.out == ["1", "2", "3"]
    assert str(gateway.feeds.position("tea")) == "00000001-3"
    assert gateway.log.reads == 0


@in_virtual_time
async def test_what_was_there_before_is_not_given_out():
    gateway = Gateway()
    await gateway.store(1, 2)
    await gateway.listening()
    await gateway.post(3)
    assert gateway.out == ["3"]
    assert str(gateway.feeds.first("tea")) == "00000001-2"


@in_virtual_time
async def test_what_comes_before_the_start_is_held_back():
    gateway = Gateway()
    gateway.subscribed.clear()
    gateway.feeds.hold("tea")
    assert gateway.feeds.position("tea") is gateway.feeds.first("tea") is None
    await gateway.post(1)
    assert gateway.out == []
    gateway.subscribed.set()
    await gateway.feeds.started("tea")
    await gateway.post(2)
    assert gateway.out == ["2"]  # 1 was in the log when the room began to be followed


@in_virtual_time
async def test_a_room_that_nobody_listens_to_is_not_followed():
    gateway = Gateway()
    await gateway.post(1)
    assert gateway.out == []
    assert gateway.feeds.position("tea") is gateway.feeds.first("tea") is None


@in_virtual_time
async def test_a_message_that_was_overtaken_is_waited_for():
    gateway = await Gateway().listening()
    first, second = await gateway.store(1, 2)
    gateway.feeds.offer("tea", second, message(2))
    await asyncio.sleep(HOLD_SECONDS - 0.01)
    assert gateway.out == []
    gateway.feeds.offer("tea", first, message(1))
    assert gateway.out == ["1", "2"]
    await asyncio.sleep(SOON)
    assert gateway.log.reads == 0


@in_virtual_time
async def test_a_message_that_was_lost_is_read_from_the_log():
    gateway = await Gateway().listening()
    await gateway.post(1, 2, 3, 4, lost=[2])
    assert gateway.out == ["1"]
    await asyncio.sleep(SOON)
    assert gateway.out == ["1", "2", "3", "4"]
    assert (gateway.log.reads, gateway.feeds.replays) == (1, 3)


@in_virtual_time
async def test_a_gap_of_more_than_a_page_is_read_in_several():
    gateway = await Gateway().listening()
    await gateway.post(*range(1, 502), lost=range(1, 501))
    await asyncio.sleep(SOON)
    assert gateway.out == [str(number) for number in range(1, 502)]
    assert gateway.log.reads == 3


@in_virtual_time
async def test_while_the_log_is_away_it_is_asked_again():
    gateway = await Gateway().listening()
    gateway.log.away = True
    await gateway.post(1, 2, lost=[1])
    await asyncio.sleep(SOON + 2 * RETRY_SECONDS)
    assert gateway.out == []
    assert gateway.log.reads == 3
    gateway.log.away = False
    await asyncio.sleep(RETRY_SECONDS)
    assert gateway.out == ["1", "2"]


@in_virtual_time
async def test_a_gap_that_comes_while_another_is_read_is_read_too():
    gateway = await Gateway().listening()
    gateway.log.delay = lambda: asyncio.sleep(1.0)
    await gateway.post(1, 2, lost=[1])
    await asyncio.sleep(SOON)
    await gateway.post(3, 4, lost=[3])
    await asyncio.sleep(2.5)
    assert gateway.out == ["1", "2", "3", "4"]


@in_virtual_time
async def test_the_last_message_of_a_quiet_room_is_missed_by_the_sweep():
    gateway = await Gateway().listening()
    await gateway.listening("quiet")
    sweep = asyncio.create_task(gateway.feeds.sweep())
    await gateway.post(1, 2, lost=[2])
    await asyncio.sleep(SWEEP_SECONDS - 0.01)
    assert gateway.out == ["1"]
    gateway.log.away = True
    await asyncio.sleep(SWEEP_SECONDS)
    gateway.log.away = False
    await asyncio.sleep(SWEEP_SECONDS + SOON)
    assert gateway.out == ["1", "2"]
    assert gateway.log.reads == 1
    sweep.cancel()


@in_virtual_time
async def test_the_sweep_waits_for_what_is_on_its_way():
    gateway = await Gateway().listening()
    sweep = asyncio.create_task(gateway.feeds.sweep())
    (at,) = await gateway.store(1)
    await asyncio.sleep(SWEEP_SECONDS + HOLD_SECONDS / 2)
    gateway.feeds.offer("tea", at, message(1))
    await asyncio.sleep(HOLD_SECONDS)
    assert gateway.out == ["1"]
    assert gateway.log.reads == 0
    sweep.cancel()


@in_virtual_time
async def test_after_an_interruption_the_log_is_read_at_once():
    gateway = await Gateway().listening()
    gateway.feeds.hold("not started")
    await gateway.post(1, 2, lost=[1, 2])
    gateway.feeds.refresh()
    await asyncio.sleep(0.001)
    assert gateway.out == ["1", "2"]
    assert gateway.log.reads == 1


@in_virtual_time
async def test_alone_a_gap_is_skipped_and_nothing_is_read():
    """Other gateways number their messages in the same log, and send none of them here."""
    gateway = await Gateway(alone=True).listening()
    sweep = asyncio.create_task(gateway.feeds.sweep())
    await gateway.post(1, 2, 3, 4, lost=[2, 4])
    assert gateway.out == ["1", "3"]
    gateway.feeds.refresh()
    await asyncio.sleep(2 * SWEEP_SECONDS)
    await gateway.log.drop("tea")
    await gateway.post(5)
    assert gateway.out == ["1", "3", "5"]
    assert gateway.log.reads == 0
    sweep.cancel()


@in_virtual_time
async def test_a_room_is_followed_until_its_last_listener_goes():
    gateway = await Gateway().listening()
    gateway.feeds.hold("tea")
    gateway.feeds.release("tea")
    await gateway.post(1)
    gateway.feeds.release("tea")
    await gateway.post(2)
    assert gateway.out == ["1"]
    await gateway.listening()
    await gateway.post(3)
    assert gateway.out == ["1", "3"]


@in_virtual_time
async def test_a_room_that_is_left_while_its_gap_is_read_is_left_alone():
    gateway = await Gateway().listening()
    await gateway.post(1, 2, lost=[1])
    gateway.feeds.release("tea")
    await asyncio.sleep(SOON)
    assert gateway.out == []
    assert gateway.log.reads == 0


@in_virtual_time
async def test_a_room_that_is_left_before_it_was_started_is_left_alone():
    gateway = Gateway()
    gateway.subscribed.clear()
    gateway.feeds.hold("tea")
    await asyncio.sleep(0)
    gateway.feeds.release("tea")
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == 1


@in_virtual_time
async def test_whoever_waits_for_a_start_is_told_when_the_log_does_not_answer():
    gateway = Gateway()
    gateway.log.away = True
    before = now()
    with pytest.raises(HistoryError, match="does not answer"):
        await gateway.listening()
    assert now() - before == pytest.approx(START_SECONDS)
    gateway.log.away = False
    await gateway.feeds.started("tea")
    await gateway.feeds.started("tea")
    await gateway.post(1)
    assert gateway.out == ["1"]
