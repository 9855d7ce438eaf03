"""What every room log promises of messages that are taken back."""

from __future__ import annotations

import asyncio

from chatcluster.core.position import Position
from chatcluster.history.port import Entry, Retention
from tests.contract.logs import fill, offsets


async def test_a_redacted_message_keeps_its_place_and_nothing_of_its_body(log):
    entries = await fill(log, "tea", 5)
    at = entries[2].position
    assert await log.redact("tea", at, b"") is True
    known = [*entries[:2], Entry(at, b""), *entries[3:]]
    assert (await log.before("tea", None, 10)).entries == tuple(known)
    part = await log.since("tea", entries[0].position, 3)
    assert (part.entries, part.complete) == (tuple(known[1:4]), True)
    after = await log.since("tea", at, 10)
    assert (after.entries, after.complete) == (tuple(known[3:]), True)
    assert (await log.since("tea", entries[1].position, 1)).entries == (Entry(at, b""),)
    assert (await log.append("tea", b"next")).position.offset == 6


async def test_all_of_a_log_can_be_redacted_and_again(log):
    entries = await fill(log, "tea", 3)
    for entry in entries:
        assert await log.redact("tea", entry.position, b"gone\n\x00")
        assert await log.redact("tea", entry.position, b"gone for good")
    part = await log.before("tea", None, 2)
    assert [entry.body for entry in part.entries] == [b"gone for good"] * 2
    assert (part.complete, part.head) == (False, entries[-1].position)
    part = await log.since("tea", Position(part.head.epoch, 0), 10)
    assert (offsets(part), part.complete) == ([1, 2, 3], True)


async def test_only_a_message_that_the_log_has_is_redacted(opener):
    log = await opener(Retention(length=2))
    entries = await fill(log, "tea", 3)
    last = entries[-1].position
    for missing in (entries[0].position, Position(last.epoch, 4), Position("old", 3)):
        assert await log.redact("tea", missing, b"") is False
    assert await log.redact("coffee", last, b"") is False
    assert (await log.before("tea", None, 10)).entries == tuple(entries[1:])


async def test_what_was_redacted_up_to_a_position_can_be_asked_for(log):
    entries = await fill(log, "tea", 12)
    for number in (10, 2, 7, 2):
        await log.redact("tea", entries[number].position, b"")
    gone = [entries[number].position for number in (2, 7, 10)]
    assert list(await log.redacted("tea", entries[11].position)) == gone
    assert list(await log.redacted("tea", gone[1])) == gone[:2]
    assert list(await log.redacted("tea", entries[1].position)) == []
    assert list(await log.redacted("tea", Position("old", 12))) == []
    assert list(await log.redacted("coffee", entries[11].position)) == []


async def test_what_was_redacted_goes_with_its_room(log):
    (entry,) = await fill(log, "tea", 1)
    await log.redact("tea", entry.position, b"")
    await log.drop("tea")
    assert list(await log.redacted("tea", entry.position)) == []
    again = await fill(log, "tea", 2)
    assert (await log.before("tea", None, 10)).entries == tuple(again)


async def test_what_was_redacted_is_as_old_as_before(opener):
    log = await opener(Retention(age=0.3))
    entries = await fill(log, "tea", 2)
    await log.redact("tea", entries[0].position, b"")
    await asyncio.sleep(0.2)
    await log.redact("tea", entries[1].position, b"")
    (young,) = await fill(log, "tea", 1)
    await asyncio.sleep(0.15)
    assert (await log.before("tea", None, 10)).entries == (young,)
    assert await log.redact("tea", entries[1].position, b"again") is False
