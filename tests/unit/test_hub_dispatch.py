"""Mode `hub`: what is on its way to one hub, and when a publish call has succeeded."""

from __future__ import annotations

import asyncio

import pytest

from chatcluster.core.errors import FanoutError
from chatcluster.fanout.hub.dispatch import UNDER_WAY, Dispatch
from chatcluster.fanout.hub.protocol import BATCH_BYTES, Item
from chatcluster.fanout.hub.publisher import Receipt, Shipment


async def test_a_receipt_is_done_when_every_hub_has_taken_its_copy() -> None:
    receipt = Receipt()
    receipt.expect()
    receipt.expect()
    waiting = asyncio.create_task(receipt.sealed())
    await asyncio.sleep(0)
    receipt.taken()
    assert not waiting.done()
    receipt.taken()
    await waiting


async def test_a_receipt_for_nothing_is_done() -> None:
    await Receipt().sealed()


async def test_a_receipt_fails_when_one_copy_is_refused() -> None:
    receipt = Receipt()
    receipt.expect()
    receipt.refused(FanoutError("one"))
    receipt.refused(FanoutError("two"))
    receipt.taken()
    with pytest.raises(FanoutError, match="one"):
        await receipt.sealed()


def shipment(size: int) -> Shipment:
    return Shipment(Item("/", ("a",), b"x" * size))


def test_what_waits_for_a_hub_leaves_in_batches_of_bounded_size() -> None:
    dispatch = Dispatch()
    sizes = [BATCH_BYTES - 10, 10, 1, 2 * BATCH_BYTES, 1]
    for size in sizes:
        dispatch.add(shipment(size))
    batches = []
    while (batch := dispatch.next_batch()) is not None:
        batches.append([len(shipment.item.data) for shipment in batch[1]])
    assert batches == [sizes[:2], sizes[2:3], sizes[3:4], sizes[4:]]


def test_no_more_leaves_while_too_much_is_under_way() -> None:
    dispatch = Dispatch()
    for _ in range(UNDER_WAY + 1):
        dispatch.add(shipment(BATCH_BYTES))
    numbers = [batch[0] for _ in range(UNDER_WAY) if (batch := dispatch.next_batch())]
    assert dispatch.next_batch() is None
    dispatch.taken(numbers[0])
    dispatch.taken(numbers[0])  # no longer under way
    assert dispatch.next_batch() is not None


def test_when_the_hub_is_gone_it_is_known_what_the_hub_may_have_taken() -> None:
    dispatch = Dispatch()
    shipments = [shipment(BATCH_BYTES) for _ in range(3)]
    for each in shipments:
        dispatch.add(each)
    first = dispatch.next_batch()
    dispatch.next_batch()
    assert first is not None
    dispatch.taken(first[0])
    assert dispatch.clear() == (shipments[1:2], shipments[2:])
    assert dispatch.clear() == ([], [])
