"""Mode `postgres` when its server, its way or its rights are not the usual ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from chatcluster.core.errors import FanoutError
from chatcluster.fanout.port import State
from chatcluster.fanout.postgres import PostgresFanout
from chatcluster.testing.harness import Gateway
from tests.contract.deaf_proxy import deaf_proxy
from tests.contract.postgres_gateways import Place, eventually, place, quiet
from tests.postgres_server import Postgres


@pytest.fixture
async def here(postgres: Postgres) -> AsyncIterator[Place]:
    async with place(postgres) as here:
        yield here


@pytest.fixture
async def alone(own_postgres: Postgres) -> AsyncIterator[Place]:
    """On a server that may be killed."""
    async with place(own_postgres) as here:
        yield here


async def down(gateway: Gateway) -> None:
    async def is_down() -> bool:
        return gateway.fanout.state is State.DOWN

    await eventually(is_down)


async def test_what_was_inserted_while_a_gateway_was_away_arrives_in_order(alone, monkeypatch):
    """It goes on where it stopped reading, however often the server dies."""
    monkeypatch.setattr("chatcluster.fanout.postgres.fanout.FIRST_DELAY", 1.0)
    gateway = await alone.enter("a", "big")
    await alone.insert(await alone.sql(), 0)
    await gateway.got(1)
    for outage in range(1, 4):
        alone.server.kill()
        await down(gateway)
        alone.server.start()
        sql = await alone.sql()
        for number in range(4):
            await alone.insert(sql, outage * 10 + number, room="ab"[number % 2])
        assert gateway.fanout.state is State.DOWN
        await gateway.interrupted_times(outage)
        await gateway.until(lambda outage=outage: outage * 10 + 2 in gateway.args)
    await quiet(gateway)
    assert gateway.args == [0, 10, 12, 20, 22, 30, 32]


async def test_much_that_was_missed_arrives_page_by_page(alone, monkeypatch):
    monkeypatch.setattr("chatcluster.fanout.postgres.fanout.FIRST_DELAY", 1.0)
    gateway = await alone.enter("a")
    alone.server.kill()
    await down(gateway)
    alone.server.start()
    sql = await alone.sql()
    await sql.execute(
        f"INSERT INTO {alone.prefix}_envelopes (rooms, event, args)"
        " SELECT '{a}', 'e', to_jsonb(ARRAY[n]) FROM generate_series(1, 3500) AS n"
    )
    await gateway.got(3500)
    await quiet(gateway)
    assert gateway.args == list(range(1, 3501))


async def test_a_publish_of_which_nobody_knows_is_over_before_the_next(alone):
    """The server falls silent before it commits; what is sent afterwards comes after it."""
    publisher, witness = await alone.enter("a"), await alone.enter("a")
    await publisher.say("before")
    alone.server.pause()
    with pytest.raises(FanoutError):
        await publisher.say("refused")
    alone.server.resume()
    await publisher.interrupted_times(1)
    await publisher.say("after")
    await witness.until(lambda: "after" in witness.args)
    await quiet(witness)
    assert witness.args in (["before", "after"], ["before", "refused", "after"])


async def test_where_notifications_do_not_come_the_table_is_polled(here):
    with capture_logs() as logs:
        async with deaf_proxy(here.server.port) as port:
            deaf = here.server.url().replace(str(here.server.port), str(port))
            gateway = await here.enter("a", listen_dsn=deaf, poll_seconds=0.02)
            other = await here.enter("a")
            sent = [await gateway.say("mine"), await other.say("another's")]
            assert await gateway.got(2) == sent
            await here.insert(await here.sql(), 1)
            async with asyncio.timeout(0.5):
                await gateway.got(3)
            await gateway.fanout.check()
            await gateway.fanout.close()
    assert [log["event"] for log in logs].count("postgres_polls") == 1


async def test_a_replica_is_polled(alone):
    """It can be read, so it relieves the server that is written to; LISTEN it refuses."""
    await (await alone.enter()).fanout.check()
    replica = alone.server.replica()
    try:
        replica.start()
        with capture_logs() as logs:
            gateway = await alone.enter("a", listen_dsn=replica.url(), poll_seconds=0.02)
            sent = [await gateway.say(number) for number in range(20)]
            assert await gateway.got(20) == sent
            await gateway.fanout.check()
        assert [log["event"] for log in logs] == ["postgres_polls"]
        await gateway.fanout.close()
    finally:
        replica.stop()


async def test_old_rows_are_dropped_and_new_ones_stay(here):
    gateway = await here.enter("a", keep_seconds=0.8)
    sql = await here.sql()
    count = f"SELECT count(*) FROM {here.prefix}_envelopes WHERE args->>0 = 'old'"
    for _ in range(20):
        await here.insert(sql, '"old"')
    await gateway.got(20)
    assert await sql.fetchval(count) == 20

    async def dropped() -> bool:
        await here.insert(sql, '"new"')
        return not await sql.fetchval(count)

    await eventually(dropped)
    assert await sql.fetchval(f"SELECT count(*) FROM {here.prefix}_envelopes") > 0


async def test_whoever_holds_an_old_partition_is_not_waited_for(here):
    """A dump may read for hours: inserts and gateways go on, and the rows are dropped later."""
    gateway = await here.enter("a", keep_seconds=0.4)
    dump, sql = await here.sql(), await here.sql()
    await here.insert(sql, '"old"')
    await gateway.got(1)
    async with dump.transaction():
        held = await dump.fetchval(f"SELECT count(*) FROM {here.prefix}_envelopes")
        assert held >= 1
        await asyncio.sleep(0.5)
        for number in range(40):
            async with asyncio.timeout(0.5):
                await here.insert(sql, number)
                await gateway.got(number + 2)
        assert await sql.fetchval(f"SELECT {here.prefix}_purge(0.4)") is False

    async def dropped() -> bool:
        return not await sql.fetchval(f"SELECT count(*) FROM {here.prefix}_envelopes")

    await eventually(dropped)


async def test_gateways_that_open_at_once_make_the_tables_together(here):
    gateways = await asyncio.gather(*(here.enter("a") for _ in range(6)))
    sent = await gateways[0].say("hello")
    for gateway in gateways:
        assert await gateway.got(1) == [sent]


async def test_a_role_without_privileges_can_own_it_and_others_may_only_insert(here):
    """`chat` owns a schema, `gate` may do what a gateway does, `shop` may broadcast."""
    prefix = here.prefix
    chat, gate, shop = f"{prefix}_chat", f"{prefix}_gate", f"{prefix}_shop"
    here.server.psql(
        f"CREATE ROLE {chat} LOGIN; CREATE ROLE {gate} LOGIN; CREATE ROLE {shop} LOGIN;"
        f"CREATE SCHEMA {chat} AUTHORIZATION {chat};"
        f"GRANT USAGE ON SCHEMA {chat} TO {gate}, {shop};"
    )
    names = f"{chat}.chatcluster"
    owner = Gateway(PostgresFanout(here.server.url(chat), prefix=names), "owner")
    await owner.open("a")
    here.server.psql(
        f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {chat} TO {gate};"
        f"GRANT INSERT (namespace, rooms, exclude, event, args) ON {names}_envelopes TO {shop};"
        f"GRANT EXECUTE ON FUNCTION {names}_emit TO {shop};",
        user=chat,
    )
    gateway = Gateway(PostgresFanout(here.server.url(gate), prefix=names), "gateway")
    await gateway.open("a")
    try:
        await gateway.say(1)
        insert = f"INSERT INTO {names}_envelopes (rooms, event, args) VALUES ('{{a}}', 'e', '2')"
        here.server.psql(f"{insert}; SELECT {names}_emit('e', '3', '{{a}}')", user=shop)
        for one in (owner, gateway):
            await one.got(3)
            assert one.args == [1, 2, 3]
        for statement in (
            f"SELECT * FROM {names}_envelopes",
            f"INSERT INTO {names}_envelopes (body) VALUES ('')",
        ):
            with pytest.raises(AssertionError, match="permission denied"):
                here.server.psql(statement, user=shop)
    finally:
        await owner.fanout.close()
        await gateway.fanout.close()


async def test_a_name_that_is_no_prefix_and_a_dsn_that_is_none_are_refused():
    for prefix in ("", "Chat", "a-b", "a.b.c", "x" * 41, 'a"b'):
        with pytest.raises(ValueError, match="prefix"):
            PostgresFanout("postgresql://127.0.0.1/x", prefix=prefix)
    with pytest.raises(ValueError, match="DSN"):
        PostgresFanout("redis://127.0.0.1/0")
