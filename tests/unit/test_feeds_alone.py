"""While gateways are alone their feeds skip what others say; joined again, they make it good."""

from __future__ import annotations

import asyncio

from chat_gateway.chat.feeds import HOLD_SECONDS, SWEEP_SECONDS
from chat_gateway.chat.replay import PAGE, RETRY_SECONDS
from tests.unit.feeds_world import Gateway, SlowLog, memory_log, message
from tests.unit.virtual_time import in_virtual_time


async def parted(gateway: Gateway | None = None) -> Gateway:
    gateway = gateway or Gateway()
    await gateway.listening()
    gateway.alone = True
    gateway.feeds.refresh()
    return gateway


async def joined(gateway: Gateway) -> Gateway:
    gateway.alone = False
    gateway.feeds.refresh()
    await asyncio.sleep(0.001)
    return gateway


def texts(*numbers: int) -> list[str]:
    return [str(number) for number in numbers]


@in_virtual_time
async def test_what_was_skipped_is_given_out_in_the_logs_order():
    gateway = await parted()
    await gateway.post(*range(1, 8), lost=[2, 3, 5, 7])
    assert gateway.out == texts(1, 4, 6)
    await joined(gateway)
    assert gateway.out == texts(1, 4, 6, 2, 3, 5, 7)
    assert str(gateway.feeds.position("tea")) == "00000001-7"


@in_virtual_time
async def test_nothing_is_given_out_twice_however_often_gateways_part():
    gateway = await parted()
    for start in (1, 5, 9):
        await gateway.post(*range(start, start + 4), lost=[start, start + 3])
        await joined(gateway)
        await parted(gateway)
        gateway.feeds.release("tea")
    assert gateway.out == texts(2, 3, 1, 4, 6, 7, 5, 8, 10, 11, 9, 12)


@in_virtual_time
async def test_a_gap_of_when_they_part_is_skipped():
    gateway = await Gateway().listening()
    await gateway.post(1, 2, lost=[1])
    await parted(gateway)
    assert gateway.out == texts(2)
    await asyncio.sleep(2 * HOLD_SECONDS)
    assert gateway.out == texts(2)
    await joined(gateway)
    assert gateway.out == texts(2, 1)


@in_virtual_time
async def test_a_log_that_was_being_read_when_they_part_is_not_read_on():
    gateway = await Gateway().listening()
    gateway.log.delay = lambda: asyncio.sleep(1.0)
    await gateway.post(1, 2, lost=[1, 2])
    gateway.feeds.refresh()
    await asyncio.sleep(0.5)
    await parted(gateway)
    await asyncio.sleep(1.0)
    assert gateway.out == []


@in_virtual_time
async def test_newer_messages_wait_until_what_was_skipped_is_made_good():
    gateway = await parted()
    await gateway.post(1, 2, 3, lost=[1, 3])
    gateway.log.away = True
    await joined(gateway)
    gateway.log.away = False
    await gateway.post(4)
    assert gateway.out == texts(2)
    await asyncio.sleep(RETRY_SECONDS)
    assert gateway.out == texts(2, 1, 3, 4)


@in_virtual_time
async def test_when_they_part_again_before_that_messages_go_on():
    gateway = await parted()
    await gateway.post(1, 2, lost=[1])
    gateway.log.away = True
    await joined(gateway)
    gateway.log.away = False
    await gateway.post(3, 4, lost=[3])
    await parted(gateway)
    assert gateway.out == texts(2, 4)
    await gateway.post(5)
    await asyncio.sleep(2 * RETRY_SECONDS)
    assert gateway.out == texts(2, 4, 5)
    await joined(gateway)
    assert gateway.out == texts(2, 4, 5, 1, 3)


@in_virtual_time
async def test_own_messages_that_overtake_each_other_are_both_given_out():
    gateway = await parted()
    first, second = await gateway.store(1, 2)
    for at, number in ((second, 2), (first, 1), (first, 1), (second, 2)):
        gateway.feeds.offer("tea", at, message(number))
    assert gateway.out == texts(2, 1)
    await joined(gateway)
    assert gateway.out == texts(2, 1)


@in_virtual_time
async def test_who_came_meanwhile_is_left_out_of_what_it_has_had():
    gateway = await parted()
    gateway.feeds.entered("tea", "from the beginning")
    await gateway.post(1, 2, lost=[1])
    gateway.feeds.entered("tea", "second")
    await gateway.post(3, 4, lost=[3])
    gateway.feeds.entered("tea", "gone")
    gateway.feeds.left("tea", "gone")
    gateway.feeds.left("tea", "gone")
    await joined(gateway)
    assert gateway.out == texts(2, 4, 1, 3)
    assert gateway.had == {"1": ("second",)}
    await parted(gateway)
    await gateway.post(5, 6, lost=[5])
    await joined(gateway)
    assert "5" not in gateway.had  # all were there before it was said


@in_virtual_time
async def test_what_takes_several_pages_is_given_out_too():
    gateway = await parted()
    count = 3 * PAGE
    await gateway.post(*range(1, count + 1), lost=range(1, count, 2))
    await joined(gateway)
    assert gateway.out == texts(*range(2, count + 1, 2), *range(1, count, 2))


@in_virtual_time
async def test_of_what_was_skipped_what_the_log_still_has_is_given_out():
    kept = 2 * PAGE + 50
    gateway = await parted(Gateway(SlowLog(memory_log(kept))))
    count = kept + 100
    await gateway.post(*range(1, count + 1), lost=range(1, count))
    await joined(gateway)
    assert gateway.out == texts(count, *range(101, count))


@in_virtual_time
async def test_if_the_log_was_begun_anew_there_is_nothing_to_make_good():
    gateway = await parted()
    await gateway.post(1, 2, lost=[1])
    await gateway.log.drop("tea")
    await gateway.store(3)
    await joined(gateway)
    assert gateway.out == texts(2, 3)
    await gateway.post(4)
    assert gateway.out == texts(2, 3, 4)


@in_virtual_time
async def test_so_it_is_if_the_log_is_empty():
    """What comes while that is found out goes on afterwards."""
    gateway = await parted()
    await gateway.post(1, 2, lost=[1])
    await gateway.log.drop("tea")
    await joined(gateway)
    await gateway.post(3)
    await asyncio.sleep(2 * HOLD_SECONDS)
    assert gateway.out == texts(2, 3)


@in_virtual_time
async def test_the_sweep_makes_good_what_nobody_asked_for():
    gateway = await parted()
    sweep = asyncio.create_task(gateway.feeds.sweep())
    await gateway.post(1, 2, lost=[1])
    gateway.alone = False
    await asyncio.sleep(SWEEP_SECONDS + 0.01)
    assert gateway.out == texts(2, 1)
    sweep.cancel()


@in_virtual_time
async def test_before_its_start_a_feed_has_nothing_to_skip():
    gateway = Gateway(alone=True)
    gateway.subscribed.clear()
    gateway.feeds.hold("tea")
    gateway.feeds.refresh()
    await gateway.post(1)
    gateway.subscribed.set()
    await gateway.feeds.started("tea")
    assert gateway.out == []
