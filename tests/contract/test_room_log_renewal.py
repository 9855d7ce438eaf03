"""What room logs promise whose server was put back to an older copy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import cast

import pytest
from redis.asyncio import Redis

from chatcluster.core.errors import HistoryError
from chatcluster.core.position import Position
from chatcluster.history import postgres, redis_renewal
from chatcluster.history.port import Entry, RestorableLog, Retention
from chatcluster.history.redis import RedisRoomLog
from tests.contract.logs import Opener, fill, fresh_prefix, log_opener, opened
from tests.contract.test_room_log import NAMES


@pytest.fixture(params=["redis", "postgres"])
async def opener(request: pytest.FixtureRequest) -> AsyncIterator[Opener]:
    async with log_opener(request) as open_log:
        yield open_log


@pytest.fixture
async def log(opener: Opener) -> RestorableLog:
    return cast(RestorableLog, await opener(Retention()))


def under(epoch: str, entries: Sequence[Entry]) -> tuple[Entry, ...]:
    return tuple(Entry(Position(epoch, one.position.offset), one.body) for one in entries)


async def test_messages_stay_and_a_position_from_before_is_of_another_epoch(log):
    entries = await fill(log, "tea", 5)
    old = entries[-1].position
    assert await log.renew() == 1

    head = await log.head("tea")
    assert (head.offset, head.epoch != old.epoch) == (5, True)
    kept = under(head.epoch, entries)
    for before in (entries[1].position, old, Position(old.epoch, 9)):
        part = await log.since("tea", before, 10)
        assert (part.entries, part.head, part.complete) == (kept, head, False)
        assert (await log.before("tea", before, 10)).entries == ()
    part = await log.before("tea", None, 10)
    assert (part.entries, part.complete) == (kept, True)
    assert (await log.before("tea", kept[3].position, 2)).entries == kept[1:3]


async def test_what_is_said_afterwards_goes_on_under_the_new_epoch(log):
    entries = await fill(log, "tea", 3)
    await log.renew()
    head = await log.head("tea")
    new = (await log.append("tea", b"new")).position
    assert new == Position(head.epoch, 4)
    part = await log.since("tea", head, 10)
    assert (part.entries, part.complete) == ((Entry(new, b"new"),), True)
    lost = Position(entries[0].position.epoch, 4)  # what a client has seen that the copy has not
    part = await log.since("tea", lost, 10)
    assert (part.entries[-1].body, len(part.entries), part.complete) == (b"new", 4, False)


async def test_an_old_message_is_redacted_by_its_new_position_alone(log):
    entries = await fill(log, "tea", 3)
    await log.renew()
    epoch = (await log.head("tea")).epoch
    assert await log.redact("tea", entries[1].position, b"") is False
    assert await log.redact("tea", Position(epoch, 2), b"") is True
    part = await log.before("tea", None, 10)
    assert [one.body for one in part.entries] == [entries[0].body, b"", entries[2].body]


async def test_what_was_redacted_stays_so_and_in_its_place(log):
    entries = await fill(log, "tea", 4)
    for number in (1, 3):
        await log.redact("tea", entries[number].position, b"gone\n")
    for _ in range(2):
        await log.renew()
    head = await log.head("tea")
    known = [entries[0].body, b"gone\n", entries[2].body, b"gone\n"]
    assert [one.body for one in (await log.before("tea", None, 10)).entries] == known
    assert list(await log.redacted("tea", head)) == [Position(head.epoch, at) for at in (2, 4)]
    assert list(await log.redacted("tea", entries[3].position)) == []
    assert await log.redact("tea", Position(head.epoch, 2), b"again")
    part = await log.since("tea", Position(head.epoch, 1), 1)
    assert (part.entries, part.complete) == ((Entry(Position(head.epoch, 2), b"again"),), True)


async def test_a_message_that_is_sent_again_with_its_key_is_still_known(log):
    await fill(log, "tea", 1)
    first = await log.append("tea", b"once", key="k}:meta")
    await log.append("coffee", b"once", key="k}:meta")
    for _ in range(2):
        await log.renew()
    again = await log.append("tea", b"once", key="k}:meta")
    assert (again.repeated, again.position.offset) == (True, first.position.offset)
    assert again.position == await log.head("tea")
    assert not (await log.append("tea", b"other", key="other")).repeated


async def test_every_room_gets_an_epoch_of_its_own_whatever_its_name(log, monkeypatch):
    """In several steps."""
    monkeypatch.setattr(postgres, "RENEWED", 50)
    monkeypatch.setattr(redis_renewal, "SCANNED", 50)
    names = [*NAMES, *(f"room {number}" for number in range(150))]
    await asyncio.gather(*(log.append(name, b"hi") for name in names[1:]))
    await log.head(names[0])  # a room without messages
    before = await log.heads(names)
    assert await log.renew() == len(names)
    after = await log.heads(names)
    assert {name: head.offset for name, head in after.items()} == {
        name: head.offset for name, head in before.items()
    }
    epochs = {head.epoch for head in (*before.values(), *after.values())}
    assert len(epochs) == 2 * len(names)


async def test_a_log_without_rooms_has_none_to_renew(log):
    assert await log.renew() == 0


async def test_rooms_of_other_applications_are_left_alone(valkey):
    """Whose prefix may be one more letter, a pattern, or the beginning of ours."""
    base = fresh_prefix()
    logs = [
        RedisRoomLog(valkey.url, Retention(), prefix=base + end)
        for end in ("*", "x", "", ":x", "[*]", "{")
    ]
    ours = logs[0]
    for log in logs:
        await log.append("tea", b"hi")
    before = [await log.head("tea") for log in logs]
    assert await ours.renew() == 1
    after = [await log.head("tea") for log in logs]
    assert after[1:] == before[1:]
    assert after[0] != before[0]
    assert await logs[-1].renew() == 1
    for log in logs:
        await log.close()


async def test_what_expires_expires_as_before(valkey):
    prefix = fresh_prefix()
    names = [f"{prefix}:{{tea}}:{what}" for what in ("meta", "stream", "redacted", "key:k")]
    async with (
        Redis.from_url(valkey.url) as redis,
        opened(RedisRoomLog(valkey.url, Retention(age=60), prefix=prefix)) as log,
    ):
        (entry,) = await fill(log, "tea", 1)
        await log.append("tea", b"hi", key="k")
        await log.redact("tea", entry.position, b"")
        before = [await redis.pexpiretime(name) for name in names]
        await cast(RestorableLog, log).renew()
        assert [await redis.pexpiretime(name) for name in names] == before
    assert all(moment > 0 for moment in before)


async def test_a_store_that_is_away_is_an_error(log):
    await fill(log, "tea", 1)
    await log.close()
    with pytest.raises(HistoryError):
        await log.renew()
