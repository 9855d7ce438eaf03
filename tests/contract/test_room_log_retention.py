"""What every room log keeps, and for how long."""

from __future__ import annotations

import asyncio

import pytest

from chatcluster.core.position import Position
from chatcluster.history.port import Appended, Retention
from tests.contract.logs import fill, offsets


async def test_a_message_with_a_known_key_is_not_stored_again(log):
    first = await log.append("tea", b"once", key="k 1")
    await log.append("tea", b"between")
    assert await log.append("tea", b"once", key="k 1") == Appended(first.position, repeated=True)
    assert offsets(await log.before("tea", None, 10)) == [1, 2]


async def test_keys_belong_to_their_room(log):
    rooms = ["tea", "tea}:key:x", "x"]
    keys = ["x}:key:y", "y", "\ud800"]
    for room in rooms:
        for key in keys:
            assert not (await log.append(room, b"new", key=key)).repeated


async def test_a_key_is_forgotten_after_its_age(opener):
    log = await opener(Retention(key_age=0.1))
    await log.append("tea", b"once", key="k")
    await asyncio.sleep(0.15)
    assert not (await log.append("tea", b"twice", key="k")).repeated


async def test_a_key_of_a_dropped_room_is_not_honoured(log):
    """Its message is gone, so what repeats it has to be stored."""
    await log.append("tea", b"once", key="k")
    await log.drop("tea")
    again = await log.append("tea", b"once", key="k")
    assert (again.position.offset, again.repeated) == (1, False)


@pytest.mark.parametrize("length", [1, 10, 250])
async def test_only_the_newest_are_kept(opener, length):
    log = await opener(Retention(length=length))
    entries = await fill(log, "tea", 300)
    part = await log.before("tea", None, 1000)
    assert (part.entries, part.complete) == (tuple(entries[-length:]), True)
    epoch = part.head.epoch
    reached = await log.since("tea", Position(epoch, 300 - length), 1000)
    assert (reached.entries, reached.complete) == (tuple(entries[-length:]), True)
    missed = await log.since("tea", Position(epoch, 299 - length), 2)
    assert (missed.entries, missed.complete) == (tuple(entries[-length:][-2:]), False)


async def test_what_is_over_age_is_not_read(opener):
    log = await opener(Retention(age=0.3))
    old = await fill(log, "tea", 3)
    await asyncio.sleep(0.2)
    young = await fill(log, "tea", 2)
    await asyncio.sleep(0.15)
    assert (await log.before("tea", None, 10)).entries == tuple(young)
    assert (await log.before("tea", None, 10)).complete
    assert (await log.since("tea", old[2].position, 10)).complete
    missed = await log.since("tea", old[1].position, 1)
    assert (missed.entries, missed.complete) == (tuple(young[1:]), False)


async def test_making_room_takes_only_what_is_over_age(opener):
    log = await opener(Retention(age=0.3))
    await fill(log, "tea", 1)
    await asyncio.sleep(0.2)
    await fill(log, "tea", 1)
    await asyncio.sleep(0.12)
    await fill(log, "tea", 1)
    assert offsets(await log.before("tea", None, 10)) == [2, 3]


async def test_offsets_go_on_after_everything_is_over_age(opener):
    log = await opener(Retention(age=0.05))
    last = (await fill(log, "tea", 3))[-1].position
    await asyncio.sleep(0.15)  # three ages: the stream itself has gone
    part = await log.since("tea", Position(last.epoch, 2), 10)
    assert (part.entries, part.head, part.complete) == ((), last, False)
    assert (await log.append("tea", b"next")).position == Position(last.epoch, 4)
    assert offsets(await log.since("tea", last, 10)) == [4]
