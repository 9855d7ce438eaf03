"""Tables of the user's own as live feeds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from chatcluster.connections.postgres import PostgresError
from chatcluster.testing.harness import Gateway
from tests.contract.postgres_gateways import Place, place, quiet
from tests.postgres_server import Postgres

ORDERS = "id int PRIMARY KEY, customer_id int, status text, total numeric, secret text"


class Feed:
    """A table of orders on which the trigger sits."""

    def __init__(self, here: Place) -> None:
        self.here = here
        self.orders = f"{here.prefix}_my_orders"

    async def attach(self, *arguments: str) -> None:
        quoted = ", ".join(f"'{argument}'" for argument in arguments)
        await self.run(
            f"CREATE TABLE {self.orders} ({ORDERS}); CREATE TRIGGER live"
            f" AFTER INSERT OR UPDATE OR DELETE ON {self.orders}"
            f" FOR EACH ROW EXECUTE FUNCTION {self.here.prefix}_feed({quoted})"
        )

    async def run(self, statement: str) -> None:
        sql = await self.here.sql()
        await sql.execute(statement.replace("ORDERS", self.orders))
        await sql.close()


@pytest.fixture
async def feed(postgres: Postgres) -> AsyncIterator[Feed]:
    async with place(postgres) as here:
        yield Feed(here)


def seen(gateway: Gateway) -> list[Any]:
    return [(envelope.rooms, envelope.args[0]) for envelope in gateway.received]


async def test_changes_of_a_row_reach_the_room_that_it_names(feed):
    gateway = await feed.here.enter("customer-7")
    await feed.attach("order", "customer-{customer_id}", "id, status,total")
    await feed.run("INSERT INTO ORDERS VALUES (1, 7, 'new', 9.5, 's'), (2, 8, 'new', 1, 's')")
    await feed.run("UPDATE ORDERS SET status = 'paid'")
    await feed.run("DELETE FROM ORDERS")
    await gateway.got(3)
    await quiet(gateway)
    new = {"id": 1, "status": "new", "total": 9.5}
    paid = {**new, "status": "paid"}
    room = ("customer-7",)
    assert seen(gateway) == [
        (room, {"op": "insert", "row": new}),
        (room, {"op": "update", "row": paid, "old": new}),
        (room, {"op": "delete", "row": paid}),
    ]
    assert {envelope.event for envelope in gateway.received} == {"order"}


async def test_a_row_that_moves_to_another_room_leaves_the_first(feed):
    """Where it was, nobody is told what it has become."""
    old, new = await feed.here.enter("c7"), await feed.here.enter("c8")
    await feed.attach("order", "c{customer_id}", "id,status")
    await feed.run("INSERT INTO ORDERS VALUES (1, 7, 'open')")
    await feed.run("UPDATE ORDERS SET customer_id = 8, status = 'moved'")
    await old.got(2)
    await new.got(1)
    opened, moved = {"id": 1, "status": "open"}, {"id": 1, "status": "moved"}
    assert seen(old)[1] == (("c7",), {"op": "delete", "row": opened})
    assert seen(new) == [(("c8",), {"op": "insert", "row": moved})]


async def test_nothing_is_said_when_no_column_that_is_shown_has_changed(feed):
    gateway = await feed.here.enter("orders")
    await feed.attach("order", "orders", "id")
    await feed.run("INSERT INTO ORDERS VALUES (1, 7, 'open')")
    await feed.run("UPDATE ORDERS SET status = 'paid'")
    await feed.run("UPDATE ORDERS SET id = 2")
    await gateway.got(2)
    await quiet(gateway)
    assert [change["op"] for _, change in seen(gateway)] == ["insert", "update"]


async def test_without_a_room_everybody_in_the_namespace_gets_all_columns(feed):
    gateway = await feed.here.enter("", namespace="/shop")
    await feed.attach("order", "", "", "/shop")
    await feed.run("INSERT INTO ORDERS VALUES (1, NULL, 'new', 2, 's')")
    await gateway.got(1)
    row = {"id": 1, "customer_id": None, "status": "new", "total": 2, "secret": "s"}
    assert seen(gateway) == [((), {"op": "insert", "row": row})]


async def test_a_row_whose_room_is_null_is_nobodys(feed):
    gateway = await feed.here.enter("", "c7")
    await feed.attach("order", "c{customer_id}", "id")
    await feed.run("INSERT INTO ORDERS VALUES (1, NULL)")
    await feed.run("UPDATE ORDERS SET customer_id = 7")
    await gateway.got(1)
    await quiet(gateway)
    assert seen(gateway) == [(("c7",), {"op": "insert", "row": {"id": 1}})]


async def test_a_change_that_is_rolled_back_was_never_told(feed):
    gateway = await feed.here.enter("orders")
    await feed.attach("order", "orders", "id")
    sql = await feed.here.sql()
    transaction = sql.transaction()
    await transaction.start()
    await sql.execute(f"INSERT INTO {feed.orders} VALUES (1)")
    await transaction.rollback()
    await feed.run("INSERT INTO ORDERS VALUES (2)")
    await gateway.got(1)
    await quiet(gateway)
    assert [change["row"]["id"] for _, change in seen(gateway)] == [2]


@pytest.mark.parametrize(
    "arguments",
    [("order", "c{nobody}", "id"), ("order", "all", "id,nobody"), ()],
    ids=["room", "columns", "no event"],
)
async def test_a_trigger_that_names_what_is_not_there_says_so(feed, arguments):
    await feed.here.enter()
    await feed.attach(*arguments)
    with pytest.raises(PostgresError):
        await feed.run("INSERT INTO ORDERS VALUES (1, 7)")
