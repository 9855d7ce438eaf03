"""What the room log in Redis promises when its server does not do well."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from chatcluster.connections.redis import Redis, connect
from chatcluster.core.errors import HistoryError
from chatcluster.core.position import Position
from chatcluster.history.port import Retention, RoomLog
from chatcluster.history.redis import RedisRoomLog
from tests.contract.logs import fill, fresh_prefix, offsets, opened
from tests.servers import Valkey


@pytest.fixture
async def log(own_valkey: Valkey) -> AsyncIterator[RoomLog]:
    retention = Retention(length=100_000)
    async with opened(RedisRoomLog(own_valkey.url, retention, prefix="chat")) as log:
        yield log


@pytest.fixture
async def redis(own_valkey: Valkey) -> AsyncIterator[Redis]:
    """An operator's own connection."""
    async with connect(own_valkey.url) as redis:
        yield redis


async def test_a_killed_server_comes_back_with_all_that_was_acknowledged(log, own_valkey):
    told: dict[Position, bytes] = {}

    async def write(writer: int) -> None:
        number = 0
        while True:
            body = f"{writer} {number}".encode()
            told[(await log.append("tea", body)).position] = body
            number += 1

    writers = [asyncio.create_task(write(writer)) for writer in range(8)]
    await asyncio.sleep(0.3)
    own_valkey.kill()
    for outcome in await asyncio.gather(*writers, return_exceptions=True):
        assert isinstance(outcome, HistoryError)
    with pytest.raises(HistoryError):
        await log.append("tea", b"nobody is there")

    own_valkey.start()
    head = (await log.append("tea", b"afterwards")).position
    part = await log.since("tea", Position(head.epoch, 0), 100_000)
    assert offsets(part) == list(range(1, head.offset + 1))
    kept = {(entry.position, entry.body) for entry in part.entries}
    assert kept > set(told.items())
    assert told


async def test_a_paused_server_is_an_error_in_time_for_all_who_wait(log, own_valkey):
    """Even for those who would have been in a later batch; and it works again by itself."""
    (entry,) = await fill(log, "tea", 1)
    own_valkey.pause()
    started = time.monotonic()
    asked = [log.append("tea", b"lost?") for _ in range(200)]
    outcomes = await asyncio.gather(
        *asked, log.since("tea", entry.position, 1), log.heads(["tea"]), return_exceptions=True
    )
    assert 4 < time.monotonic() - started < 7
    assert {type(outcome) for outcome in outcomes} == {HistoryError}
    own_valkey.resume()

    new = await log.append("tea", b"again", key="k")
    part = await log.since("tea", entry.position, 1000)
    assert part.entries[-1].body == b"again"
    assert offsets(part) == list(range(2, new.position.offset + 1))
    assert (await log.heads(["tea"]))["tea"] == new.position


@pytest.mark.parametrize("command", ["FLUSHALL", "SCRIPT FLUSH"])
async def test_a_flushed_server_takes_messages_at_once(log, redis, command):
    """Lost messages are another epoch; lost scripts are none of the callers' business."""
    before = (await fill(log, "tea", 3))[-1].position
    await redis.execute_command(*command.split())
    after = await asyncio.gather(*(log.append("tea", b"again") for _ in range(10)))
    begins = 1 if command == "FLUSHALL" else 4
    assert [a.position.offset for a in after] == list(range(begins, begins + 10))
    assert (after[0].position.epoch == before.epoch) is (command == "SCRIPT FLUSH")


@pytest.mark.parametrize("look", [True, False])
async def test_a_room_whose_meta_was_evicted_begins_another_epoch(log, redis, look):
    last = (await fill(log, "tea", 3))[-1].position
    await redis.delete("chat:{tea}:meta")
    if look:
        assert (await log.head("tea")).offset == 0
    new = (await log.append("tea", b"new")).position
    assert new.offset == 1
    assert new.epoch != last.epoch
    assert [entry.body for entry in (await log.before("tea", None, 10)).entries] == [b"new"]
    assert not (await log.since("tea", last, 10)).complete


async def test_a_room_whose_messages_were_evicted_counts_on(log, redis):
    entries = await fill(log, "tea", 3)
    await redis.delete("chat:{tea}:stream")
    part = await log.since("tea", entries[1].position, 10)
    assert (part.entries, part.head, part.complete) == ((), entries[-1].position, False)
    assert (await log.append("tea", b"new")).position == Position(part.head.epoch, 4)
    assert not (await log.since("tea", entries[1].position, 10)).complete
    assert (await log.since("tea", entries[2].position, 10)).complete


@pytest.mark.parametrize(("config", "value"), [("maxmemory", "1"), ("min-replicas-to-write", "1")])
async def test_a_server_that_takes_no_writes_fails_the_check_and_can_be_read(
    log, redis, config, value
):
    entries = await fill(log, "tea", 3)
    await redis.config_set(config, value)
    with pytest.raises(HistoryError):
        await log.check()
    with pytest.raises(HistoryError) as caught:
        await log.append("tea", b"no")
    assert caught.value.__cause__ is not None
    assert (await log.before("tea", None, 2)).entries == tuple(entries[1:])
    await redis.config_set(config, "0")
    await log.check()
    assert (await log.append("tea", b"yes")).position.offset == 4


async def test_a_replica_fails_the_check(log, redis):
    await redis.execute_command("REPLICAOF", "127.0.0.1", "1")
    with pytest.raises(HistoryError):
        await log.check()


async def test_one_refused_command_does_not_fail_its_neighbours(log, redis):
    await redis.set("chat:{odd}:meta", "not a hash")
    odd = asyncio.ensure_future(log.append("odd", b"no"))
    tea = asyncio.ensure_future(log.append("tea", b"yes"))
    assert (await tea).position.offset == 1
    with pytest.raises(HistoryError):
        await odd
    with pytest.raises(HistoryError):
        await log.heads(["odd", "tea"])


async def test_a_server_that_is_not_there_cannot_be_opened(own_valkey):
    own_valkey.kill()
    log = RedisRoomLog(own_valkey.url, Retention())
    with pytest.raises(HistoryError):
        await log.open()
    await log.close()


async def test_closing_fails_what_was_not_answered(log, own_valkey):
    own_valkey.pause()
    waiting = [asyncio.ensure_future(log.append("tea", b"?")) for _ in range(100)]
    given_up = asyncio.ensure_future(log.append("tea", b"?"))
    await asyncio.sleep(0.05)
    given_up.cancel()
    await log.close()
    for outcome in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(outcome, HistoryError)


async def test_no_key_stays_for_ever_and_old_messages_leave_the_memory(valkey):
    prefix = fresh_prefix()
    async with (
        opened(RedisRoomLog(valkey.url, Retention(length=200, age=0.2), prefix=prefix)) as log,
        connect(valkey.url) as redis,
    ):
        await log.head("empty")
        await log.append("tea", b"with a key", key="k")
        await fill(log, "tea", 999)
        stream = f"{prefix}:{{tea}}:stream"
        assert await redis.xlen(stream) < 320  # whole nodes of 100 are removed
        meta = f"{prefix}:{{tea}}:meta"
        await redis.pexpire(meta, 60_000)
        for _ in range(2):  # two ages are the most that a message is in memory
            await asyncio.sleep(0.21)
            await log.append("tea", b"still here")
        assert await redis.xlen(stream) <= 2
        keys = await redis.keys(f"{prefix}*")
        assert len(keys) == 4
        for key in keys:
            assert await redis.pttl(key) > 0
        assert await redis.pttl(meta) > 60_000 > await redis.pttl(stream)
