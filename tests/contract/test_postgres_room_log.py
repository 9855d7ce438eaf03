"""What the room log in Postgres promises when its server does not do well."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from chatcluster.connections.postgres import Connection, connect
from chatcluster.core.errors import HistoryError
from chatcluster.core.position import Position
from chatcluster.history.port import Retention, RoomLog
from chatcluster.history.postgres import PostgresRoomLog
from tests.contract.logs import fill, fresh_prefix, offsets, opened
from tests.postgres_server import Postgres


@pytest.fixture
async def log(own_postgres: Postgres) -> AsyncIterator[RoomLog]:
    async with opened(PostgresRoomLog(own_postgres.url(), Retention(length=100_000))) as log:
        yield log


@pytest.fixture
async def sql(own_postgres: Postgres) -> AsyncIterator[Connection]:
    """An operator's own connection."""
    connection = await connect(own_postgres.url(), "a test")
    yield connection
    connection.terminate()


async def test_a_killed_server_comes_back_with_all_that_was_acknowledged(log, own_postgres):
    told: dict[Position, bytes] = {}

    async def write(writer: int) -> None:
        number = 0
        while True:
            body = f"{writer} {number}".encode()
            told[(await log.append("tea", body)).position] = body
            number += 1

    writers = [asyncio.create_task(write(writer)) for writer in range(8)]
    await asyncio.sleep(0.3)
    own_postgres.kill()
    for outcome in await asyncio.gather(*writers, return_exceptions=True):
        assert isinstance(outcome, HistoryError)
    with pytest.raises(HistoryError):
        await log.append("tea", b"nobody is there")

    own_postgres.start()
    head = (await log.append("tea", b"afterwards")).position
    part = await log.since("tea", Position(head.epoch, 0), 100_000)
    assert offsets(part) == list(range(1, head.offset + 1))
    assert {(entry.position, entry.body) for entry in part.entries} > set(told.items())
    assert told


async def test_a_paused_server_is_an_error_in_time_for_all_who_wait(log, own_postgres):
    """Even for those who would have been in a later batch; and it works again by itself."""
    (entry,) = await fill(log, "tea", 1)
    own_postgres.pause()
    started = time.monotonic()
    appends = [log.append("tea", b"lost?") for _ in range(200)]
    reads = [log.since("tea", entry.position, 1) for _ in range(20)]
    outcomes = await asyncio.gather(*appends, *reads, log.heads(["tea"]), return_exceptions=True)
    assert 4 < time.monotonic() - started < 7
    assert {type(outcome) for outcome in outcomes} == {HistoryError}
    own_postgres.resume()

    new = await log.append("tea", b"again", key="k")
    part = await log.since("tea", entry.position, 1000)
    assert part.entries[-1].body == b"again"
    assert offsets(part) == list(range(2, new.position.offset + 1))


async def test_two_gateways_that_write_to_the_same_rooms_do_not_lock_each_other_out(postgres):
    prefix = fresh_prefix()
    rooms = [f"room {number}" for number in range(10)]
    async with (
        opened(PostgresRoomLog(postgres.url(), Retention(), prefix=prefix)) as one,
        opened(PostgresRoomLog(postgres.url(), Retention(), prefix=prefix)) as other,
    ):
        for _ in range(20):
            forth = [one.append(room, b"x") for room in rooms]
            back = [other.append(room, b"x") for room in reversed(rooms)]
            await asyncio.gather(*forth, *back)
        assert {head.offset for head in (await one.heads(rooms)).values()} == {40}


async def test_a_server_that_takes_no_writes_fails_the_check_and_can_be_read(log, sql):
    entries = await fill(log, "tea", 3)
    await sql.execute("ALTER SYSTEM SET default_transaction_read_only = on")
    await sql.execute("SELECT pg_reload_conf()")
    await asyncio.sleep(0.2)
    with pytest.raises(HistoryError):
        await log.check()
    with pytest.raises(HistoryError) as caught:
        await log.append("tea", b"no")
    assert caught.value.__cause__ is not None
    assert (await log.before("tea", None, 2)).entries == tuple(entries[1:])


async def test_an_emptied_database_begins_another_epoch(log, sql):
    before = (await fill(log, "tea", 3))[-1].position
    await sql.execute("DROP SCHEMA public CASCADE")
    await sql.execute("CREATE SCHEMA public")
    for attempt in (log.append("tea", b"lost"), log.heads(["tea"])):
        with pytest.raises(HistoryError):
            await attempt
    after = (await log.append("tea", b"again")).position
    assert after.offset == 1
    assert after.epoch != before.epoch
    assert not (await log.since("tea", before, 10)).complete


async def test_messages_that_somebody_deleted_make_a_slice_incomplete(log, sql):
    entries = await fill(log, "tea", 3)
    await sql.execute("DELETE FROM chatcluster_messages")
    part = await log.since("tea", entries[1].position, 10)
    assert (part.entries, part.head, part.complete) == ((), entries[-1].position, False)
    assert (await log.append("tea", b"new")).position == Position(part.head.epoch, 4)


async def test_a_name_that_is_too_long_is_refused_and_disturbs_nobody(log):
    with pytest.raises(HistoryError):
        await log.append("x" * 2001, b"no")
    assert (await log.append("y" * 2000, b"yes", key="k" * 10_000)).position.offset == 1


async def test_what_is_over_age_leaves_the_database(own_postgres, sql):
    async with opened(PostgresRoomLog(own_postgres.url(), Retention(age=0.2, key_age=0.1))) as log:
        await log.append("tea", b"with a key", key="k")
        async with asyncio.timeout(5):
            for table in ("messages", "keys"):
                count = f"SELECT count(*) FROM chatcluster_{table}"
                while await sql.fetchval(count):  # noqa: ASYNC110 - nothing tells when it is done
                    await asyncio.sleep(0.05)
        assert (await log.head("tea")).offset == 1


async def test_a_room_that_was_silent_for_long_is_forgotten(log, sql):
    last = (await fill(log, "tea", 1))[-1].position
    await log.head("coffee")
    await sql.execute("UPDATE chatcluster_rooms SET written = now() - interval '1 hour'")
    await fill(log, "coffee", 1)
    await sql.execute("SELECT chatcluster_tidy(86400, 1800)")
    assert list(await log.heads(["tea", "coffee"])) == ["coffee"]
    assert (await log.append("tea", b"again")).position.epoch != last.epoch


async def test_a_server_that_is_not_there_cannot_be_opened(own_postgres):
    own_postgres.kill()
    log = PostgresRoomLog(own_postgres.url(), Retention())
    with pytest.raises(HistoryError):
        await log.open()
    await log.close()


async def test_closing_fails_what_was_not_answered(log, own_postgres):
    own_postgres.pause()
    waiting = [asyncio.create_task(log.append("tea", b"?")) for _ in range(100)]
    waiting += [asyncio.create_task(log.since("tea", Position("", 0), 1)) for _ in range(10)]
    given_up = asyncio.create_task(log.append("tea", b"?"))
    await asyncio.sleep(0.05)
    given_up.cancel()
    async with asyncio.timeout(1):
        await log.close()
        for outcome in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(outcome, HistoryError)
