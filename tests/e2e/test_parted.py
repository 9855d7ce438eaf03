"""Gateways that part (mode isolated comes into force) and meet again, with the room log that they
share: what was said elsewhere meanwhile comes when they meet.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from chatcluster.fanout.switching import Switching
from tests.e2e.sites import Site, change, changeable

pytestmark = pytest.mark.asyncio(loop_scope="session")

JOINING = ("redis", "adapter")
_epochs = itertools.count(1)


class Pair:
    """Two gateways."""

    def __init__(self, sites: list[Site], switchings: list[Switching]) -> None:
        self.one, self.two = sites
        self._switchings = switchings

    async def part(self) -> None:
        await change(self._switchings, next(_epochs), "isolated")

    async def meet(self, mode: str = "redis") -> None:
        await change(self._switchings, next(_epochs), mode)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateways(valkey) -> AsyncIterator[Pair]:
    settings: dict[str, object] = {
        "mode": "redis",
        "history": "redis",
        "redis_url": valkey.url,
        "redis_prefix": "parted",
        "key": "parted",
    }
    async with AsyncExitStack() as stack:
        both = [
            await stack.enter_async_context(changeable(name, **settings)) for name in ("one", "two")
        ]
        yield Pair([site for site, _ in both], [switching for _, switching in both])


async def say(client, room: str, *words: str) -> list[str]:
    """Their ids."""
    return [
        (await client.ask("chat message", {"room": room, "message": word}))["id"] for word in words
    ]


async def heard(client, count: int) -> list[str]:
    """The ids of the next *count* messages, which have to be all."""
    ids = [message["id"] for message in await client.several("chat message", count)]
    assert client.rest("chat message") == []
    return ids


async def heard_until(client, last: str, event: str = "chat message") -> list[str]:
    """The ids of what came until *last*, which has to be all."""
    ids: list[str] = []
    while not ids or ids[-1] != last:
        ids.append((await client.next(event))["id"])
    assert client.rest(event) == []
    return ids


def number(id: str) -> int:
    return int(id.split("-")[1])


@pytest.mark.parametrize("mode", JOINING)
async def test_who_stays_has_its_own_gateways_messages_at_once_and_the_others_when_they_meet(
    gateways, connect, room, mode
):
    ada, bob = await connect(gateways.one.url), await connect(gateways.two.url)
    rooms = await connect(gateways.one.url, namespace="/room")
    await rooms.ask("create", room)
    follower = await connect(gateways.one.url, namespace=f"/messages/{room}")
    for client in (ada, bob):
        await client.ask("join", room)
    await gateways.part()

    own: dict[object, list[str]] = {ada: [], bob: []}
    for word in ("first", "second", "third"):
        for client in (ada, bob, bob):
            own[client] += await say(client, room, word)
    for client, ids in own.items():
        assert await heard(client, len(ids)) == ids
    await gateways.meet(mode)
    [last] = await say(ada, room, "together")

    for client, elsewhere in ((ada, own[bob]), (bob, own[ada])):
        rest = await heard_until(client, last)
        assert rest == [*elsewhere, last]
    items = await heard_until(follower, last, "item")
    assert items == [*own[ada], *own[bob], last]


async def test_who_joins_meanwhile_has_what_was_said_before_and_gets_the_rest_when_they_meet(
    gateways, connect, room
):
    ada, bob = await connect(gateways.one.url), await connect(gateways.two.url)
    for client in (ada, bob):
        await client.ask("join", room)
    await gateways.part()
    before = await say(ada, room, "1") + await say(bob, room, "2") + await say(ada, room, "3")
    cy = await connect(gateways.two.url)
    reply = await cy.ask("join", room)
    assert [message["id"] for message in reply["messages"]] == before
    assert reply["position"] == before[-1]

    elsewhere = await say(ada, room, "4")
    own = await say(bob, room, "5")
    assert await heard(cy, 1) == own
    await gateways.meet()
    [last] = await say(ada, room, "6")
    rest = await heard_until(cy, last)
    assert rest == [*elsewhere, last]
    everything = await heard_until(bob, last)
    assert everything == [before[1], *own, before[0], before[2], *elsewhere, last]


async def test_the_lobby_counts_from_the_moment_of_connecting(gateways, connect):
    ada, bob = await connect(gateways.one.url), await connect(gateways.two.url)
    await gateways.part()
    first = await lobby(ada, "1")
    await lobby(bob, "2")
    cy = await connect(gateways.two.url)
    third, fourth = await lobby(ada, "3"), await lobby(bob, "4")
    await gateways.meet()
    last = await lobby(ada, "5")
    assert await heard_until(cy, last) == [fourth, third, last]
    assert first in await heard_until(bob, last)


async def lobby(client, word: str) -> str:
    id: str = (await client.ask("chat message", {"message": word}))["id"]
    return id


@pytest.mark.parametrize("met", [False, True], ids=["before they meet", "after they have met"])
async def test_who_changes_the_gateway_misses_nothing(gateways, connect, room, met):
    """What others said comes with the join, if need be a second time."""
    ada, bob = await connect(gateways.one.url), await connect(gateways.two.url)
    cy = await connect(gateways.one.url)
    for client in (ada, bob, cy):
        await client.ask("join", room)
    ids = await say(ada, room, "joined")
    assert await heard(cy, 1) == ids
    await gateways.part()
    for client, word in ((bob, "1"), (ada, "2"), (bob, "3"), (ada, "4")):
        ids += await say(client, room, word)
    seen = [ids[0], *await heard(cy, 2)]
    await cy.close()
    ids += await say(bob, room, "nobody at the other gateway hears this")
    if met:
        await gateways.meet()

    back = await connect(gateways.two.url)
    reply = await back.ask("join", {"room": room, "after": seen[-1]})
    seen += [message["id"] for message in reply["messages"]]
    assert reply["complete"] is True
    if not met:
        await gateways.meet()
    ids += await say(ada, room, "together")
    seen += await heard_until(back, ids[-1])
    assert sorted(seen, key=number) == ids


async def test_people_of_other_gateways_leave_when_they_part_and_are_back_when_they_meet(
    gateways, connect, room
):
    ada, bob = await connect(gateways.one.url), await connect(gateways.two.url)
    for client in (ada, bob):
        await client.ask("join", room)

    async def counted(count: int) -> None:
        for client in (ada, bob):
            while (await client.ask("presence", room))["count"] != count:
                pass

    await counted(2)
    await gateways.part()
    await counted(1)
    await gateways.meet()
    await counted(2)
