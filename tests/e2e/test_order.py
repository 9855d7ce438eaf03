"""Messages arrive in the order in which they were sent, everywhere."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from tests.e2e.clients import NODE, PLAIN
from tests.e2e.conftest import SHARING

pytestmark = pytest.mark.asyncio(loop_scope="session")

MANY = 300


def messages(room, nick, count):
    return [{"room": room, "nickname": nick, "message": str(number)} for number in range(count)]


async def test_one_clients_messages_arrive_in_its_order(cluster, mode, kind, connect, room):
    """300 in a row, none waiting for an acknowledgement, and all are acknowledged in order."""
    first, second = cluster.gateways
    ada = await connect(first.url, kind=kind)
    receivers = [await connect(first.url)]
    if mode != "isolated":
        receivers.append(await connect(second.url))
    for client in (ada, *receivers):
        await client.ask("join", room)

    acks = await ada.burst("chat message", messages(room, "ada", MANY))

    ids = [ack["id"] for ack in acks]
    for client in (ada, *receivers):
        got = await client.several("chat message", MANY)
        assert [one["message"] for one in got] == [str(number) for number in range(MANY)]
        assert [one["id"] for one in got] == ids


@pytest.mark.parametrize("kind", [PLAIN, pytest.param(NODE, marks=pytest.mark.node)], ids="-".join)
@pytest.mark.parametrize("mode", SHARING)
async def test_all_receivers_see_one_order(cluster, connect, room, kind):
    """Ten senders at once, at two gateways."""
    gateways = cluster.gateways
    receivers = [await connect(gateway.url) for gateway in gateways]
    senders = [
        await connect(gateway.url, kind=kind)
        for gateway, _ in zip(itertools.cycle(gateways), range(10), strict=False)
    ]
    for client in (*receivers, *senders):
        await client.ask("join", room)

    bursts = [
        sender.burst("chat message", messages(room, str(number), 30))
        for number, sender in enumerate(senders)
    ]
    acks = await asyncio.gather(*bursts)

    ids = {ack["id"] for burst in acks for ack in burst}
    assert len(ids) == MANY
    orders = [
        [one["id"] for one in await client.several("chat message", MANY)]
        for client in (*receivers, *senders)
    ]
    assert set(orders[0]) == ids
    assert all(order == orders[0] for order in orders)
    for burst in acks:
        mine = [ack["id"] for ack in burst]
        assert [id for id in orders[0] if id in mine] == mine


@pytest.mark.parametrize("mode", SHARING)
async def test_messages_and_events_of_the_namespace_keep_one_order(cluster, connect, room):
    """What is said on `/` and in `/messages/<room>` is one sequence."""
    first, second = cluster.gateways
    await (await connect(first.url, namespace="/room")).ask("create", room)
    chat, there = await connect(first.url), await connect(second.url, namespace=f"/messages/{room}")
    await chat.ask("join", room)
    await asyncio.gather(
        chat.burst("chat message", messages(room, "ada", 50)),
        there.burst("create", [{"from": "bob", "message": str(number)} for number in range(50)]),
    )
    as_chat = [one["id"] for one in await chat.several("chat message", 100)]
    as_items = [one["id"] for one in await there.several("item", 100)]
    assert as_chat == as_items
