"""What everybody who can write SQL may do with mode `postgres`."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator

import pytest

from chatcluster.connections.postgres import Connection, PostgresError
from chatcluster.core.envelope import Action, Envelope
from tests.contract.postgres_gateways import Place, place, quiet
from tests.postgres_server import Postgres


@pytest.fixture
async def here(postgres: Postgres) -> AsyncIterator[Place]:
    async with place(postgres) as here:
        yield here


async def test_an_insert_broadcasts(here):
    """With the columns that it names; the rest is what an emit without options has."""
    gateway = await here.enter("", "a", "b")
    here.server.psql(
        f"""
        INSERT INTO {here.prefix}_envelopes (event) VALUES ('first');
        INSERT INTO {here.prefix}_envelopes (rooms, exclude, event, args)
          VALUES ('{{a,b}}', '{{c}}', 'second', '["Zürich 🎉", 1.5, {{"a": [null, true]}}]');
        INSERT INTO {here.prefix}_envelopes (event, args) VALUES ('third', '{{"one": "argument"}}');
        INSERT INTO {here.prefix}_envelopes (namespace, event) VALUES ('/other', 'not wanted');
        """
    )
    await gateway.got(3)
    first, second, third = await quiet(gateway)
    assert first == Envelope("sql", first.sequence, "/", Action.EMIT, event="first")
    assert (second.rooms, second.exclude) == (("a", "b"), ("c",))
    assert second.args == ("Zürich 🎉", 1.5, {"a": [None, True]})
    assert third.args == ({"one": "argument"},)
    assert {envelope.origin for envelope in gateway.received} == {"sql"}
    assert first.sequence < second.sequence < third.sequence


async def test_the_function_emit_broadcasts(here):
    gateway = await here.enter("", "a", namespace="/chat")
    emit = f"{here.prefix}_emit"
    here.server.psql(
        f"""
        SELECT {emit}('to a room', '[1, 2]', '{{a}}', '/chat');
        SELECT {emit}('to all', namespace => '/chat');
        SELECT {emit}('elsewhere');
        """
    )
    await gateway.got(2)
    assert [(e.event, e.rooms, e.args) for e in await quiet(gateway)] == [
        ("to a room", ("a",), (1, 2)),
        ("to all", (), ()),
    ]


async def test_a_row_without_an_event_is_refused(here):
    await here.enter()
    sql = await here.sql()
    for event in (None, ""):
        with pytest.raises(PostgresError):
            await sql.execute(f"INSERT INTO {here.prefix}_envelopes (event) VALUES ($1)", event)


@pytest.mark.parametrize("rooms", ["{a,NULL}", "{{a,b},{c,d}}"])
async def test_rooms_that_are_no_list_of_names_are_refused(here, rooms):
    await here.enter()
    sql = await here.sql()
    for column in ("rooms", "exclude"):
        with pytest.raises(PostgresError):
            await sql.execute(
                f"INSERT INTO {here.prefix}_envelopes (event, {column}) VALUES ('e', '{rooms}')"
            )


async def test_arguments_that_no_gateway_can_read_disturb_nobody(here):
    gateway = await here.enter("a")
    sql = await here.sql()
    for argument in ("[" * 3000 + "]" * 3000, "9" * 5000, 1):
        await here.insert(sql, argument)
    await gateway.got(1)
    assert gateway.args == [1]


async def test_arguments_of_a_megabyte_arrive(here):
    gateway = await here.enter("a")
    text = "".join(random.Random(1).choices("abcdefgh", k=2**20))
    await here.insert(await here.sql(), json.dumps(text))
    assert (await gateway.got(1))[0].args == (text,)


async def test_large_contents_are_fetched_only_where_they_are_wanted(here):
    """A gateway without interest reads the row and leaves its contents where they are."""
    publisher, witness = await here.enter(), await here.enter("a")
    reader = await here.enter("b")
    fetched: list[str] = []
    link = reader.fanout._link
    fetch = link.fetch

    async def watched(function, *arguments, **options):
        fetched.append(function)
        return await fetch(function, *arguments, **options)

    link.fetch = watched
    await publisher.say(b"\x00" * 2**20)
    await witness.got(1)
    await quiet(reader)
    assert "read" in fetched
    assert "contents" not in fetched


async def test_a_rollback_sends_nothing(here):
    gateway = await here.enter("a")
    sql = await here.sql()
    transaction = sql.transaction()
    await transaction.start()
    await here.insert(sql, 1)
    await transaction.rollback()
    async with sql.transaction():
        await here.insert(sql, 2)
        savepoint = sql.transaction()
        await savepoint.start()
        await here.insert(sql, 3)
        await savepoint.rollback()
        await here.insert(sql, 4)
    await gateway.got(2)
    await quiet(gateway)
    assert gateway.args == [2, 4]


class Writers:
    """Transactions that insert a few numbers each, at random times, and may be rolled back."""

    def __init__(self, here: Place, dice: random.Random) -> None:
        self._here = here
        self._dice = dice
        self.committed: list[list[int]] = []

    async def transact(self, sql: Connection, numbers: list[int]) -> None:
        transaction = sql.transaction()
        await transaction.start()
        if self._dice.random() < 0.2:  # then rows are numbered long before the commit
            await sql.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for number in numbers:
            await self._here.insert(sql, number)
            await asyncio.sleep(self._dice.choice([0, 0.001, 0.005]))
        if self._dice.random() < 0.3:
            await transaction.rollback()
        else:
            await transaction.commit()
            self.committed.append(numbers)

    async def write(self, sql: Connection, first: int) -> None:
        for turn in range(12):
            start = first + turn * 10
            await self.transact(sql, list(range(start, start + self._dice.randint(1, 4))))


@pytest.mark.parametrize("seed", range(3))
async def test_commits_out_of_order_lose_nothing(here, seed):
    """Transactions that overlap at random, beside a gateway that publishes: all gateways see the
    same envelopes in the same order, each transaction's together and each origin's in its order."""
    dice = random.Random(seed)
    one, two = await here.enter("a"), await here.enter("a")
    writers = Writers(here, dice)

    async def publish() -> None:
        for number in range(60):
            await one.say(-number)
            await asyncio.sleep(dice.choice([0, 0.002]))

    connections = [await here.sql() for _ in range(6)]
    writing = [writers.write(sql, (n + 1) * 1000) for n, sql in enumerate(connections)]
    await asyncio.gather(publish(), *writing)
    total = 60 + sum(map(len, writers.committed))
    for gateway in (one, two):
        await gateway.got(total)
        await quiet(gateway)
    assert one.args == two.args
    assert len(one.received) == total
    assert [number for number in one.args if number <= 0] == [-n for n in range(60)]
    for numbers in writers.committed:
        start = one.args.index(numbers[0])
        assert one.args[start : start + len(numbers)] == numbers


async def test_a_long_transaction_delays_nobody(here):
    """Neither one that has written elsewhere nor one that has already inserted an envelope."""
    gateway = await here.enter("a")
    elsewhere, inserting, sql = await here.sql(), await here.sql(), await here.sql()
    await elsewhere.execute(f"CREATE TABLE {here.prefix}_unrelated (n int)")
    async with elsewhere.transaction():
        await elsewhere.execute(f"INSERT INTO {here.prefix}_unrelated VALUES (1)")
        async with inserting.transaction():
            await here.insert(inserting, "late".join('""'))
            for number in range(3):
                await here.insert(sql, number)
                await gateway.say(number + 10)
            await gateway.got(6)
            assert gateway.args == [0, 10, 1, 11, 2, 12]
    await gateway.got(7)
    assert gateway.args[-1] == "late"


async def test_notifications_carry_nothing(here):
    """They only wake, so nothing is too large for one, and the server's queue stays empty."""
    gateway = await here.enter("a")
    listening = await here.sql()
    heard: list[str] = []
    channel = gateway.fanout._link.names.channel
    await listening.add_listener(channel, lambda *found: heard.append(found[3]))
    await gateway.say("x" * 10_000)
    await here.insert(await here.sql(), json.dumps("y" * 10_000))
    await gateway.got(2)
    await listening.fetchval("SELECT 1")
    assert heard
    assert set(heard) == {""}
    assert await listening.fetchval("SELECT pg_notification_queue_usage()") == 0


async def test_applications_that_share_a_database_do_not_meet(here, postgres):
    async with place(postgres) as there:
        one, other = await here.enter("a"), await there.enter("a")
        await here.insert(await here.sql(), 1)
        await other.say(2)
        await one.got(1)
        await other.got(1)
        await quiet(one)
        assert (one.args, other.args) == ([1], [2])
