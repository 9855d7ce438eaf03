"""What every store of what moderates the chat promises."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial

import pytest
from redis.asyncio import Redis

from chatcluster.core.deeds import Deed, Measure
from chatcluster.core.errors import HistoryError
from chatcluster.core.sanctions import Kind, Sanction
from chatcluster.history.opening import opened
from chatcluster.history.port import ENDED_SECONDS, ModerationStore, Retention
from tests.contract.logs import KINDS, address, fresh_prefix

ENDS = 160.5
BAN = Sanction(
    kind=Kind.BAN,
    user="茶 {🍵}\ud800\x00",
    room="tea",
    until=ENDS,
    reason="spam",
    by="a",
    made=100.0,
)
MUTE = Sanction(kind=Kind.MUTE, address="2001:db8::/64", made=100.0)
DEED = Deed(
    measure=Measure.BAN, time=100.25, by="ada", gateway="gw", user="\ud800", room="", until=160.0
)

Opened = Callable[[], AbstractAsyncContextManager[ModerationStore]]


@asynccontextmanager
async def moderation(kind: str, url: str, prefix: str) -> AsyncIterator[ModerationStore]:
    async with opened(
        kind,  # type: ignore[arg-type]
        redis_url=url,
        postgres_dsn=url,
        retention=Retention(),
        rooms_limit=10,
        prefix=prefix,
    ) as store:
        yield store.moderation


@pytest.fixture(params=KINDS)
def opener(request: pytest.FixtureRequest) -> Opened:
    return partial(moderation, request.param, address(request, request.param), fresh_prefix())


@pytest.fixture
async def store(opener: Opened) -> AsyncIterator[ModerationStore]:
    async with opener() as store:
        yield store


async def imposed(store: ModerationStore) -> set[Sanction]:
    return set((await store.sanctions())[1])


async def test_a_sanction_comes_back_as_it_was_given(store):
    assert await imposed(store) == set()
    await store.impose(BAN)
    await store.impose(MUTE)
    assert await imposed(store) == {BAN, MUTE}


async def test_a_later_sanction_takes_the_place_of_one_against_the_same(store):
    await store.impose(BAN)
    later = replace(BAN, until=None, reason="again", made=101.0)
    await store.impose(later)
    everywhere = replace(BAN, room=None)
    await store.impose(everywhere)
    assert await imposed(store) == {later, everywhere}


async def test_a_sanction_is_lifted_once(store):
    await store.impose(BAN)
    assert await store.lift(MUTE.id) is False
    assert await store.lift(BAN.id) is True
    assert await store.lift(BAN.id) is False
    assert await imposed(store) == set()


async def test_every_change_gives_another_version(store):
    seen = [await store.version()]
    for change in (store.impose(BAN), store.impose(BAN), store.lift(BAN.id)):
        await change
        seen.append(await store.version())
    assert len(set(seen)) == 4
    assert (await store.sanctions())[0] == await store.version() == seen[-1]


async def test_what_ended_long_ago_is_forgotten(store):
    await store.impose(BAN)
    await store.impose(replace(BAN, user="for good", until=None))
    await store.impose(replace(MUTE, made=ENDS + ENDED_SECONDS - 1))
    assert len(await imposed(store)) == 3
    await store.impose(replace(MUTE, made=ENDS + ENDED_SECONDS + 1))
    assert {one.user for one in await imposed(store)} == {"for good", ""}


async def test_the_newest_deed_is_first(store):
    assert list(await store.deeds(0, 10)) == []
    done = [replace(DEED, time=float(number)) for number in range(5)]
    for deed in done:
        await store.record(deed)
    assert list(await store.deeds(0, 10)) == done[::-1]
    assert list(await store.deeds(1, 2)) == [done[3], done[2]]
    assert list(await store.deeds(9, 2)) == list(await store.deeds(0, 0)) == []


async def test_gateways_share_what_is_on_a_server(opener):
    async with opener() as one, opener() as other:
        await asyncio.gather(one.impose(BAN), other.impose(MUTE))
        await one.record(DEED)
        if one.shared:
            assert await imposed(one) == await imposed(other) == {BAN, MUTE}
            assert list(await other.deeds(0, 1)) == [DEED]
            assert await other.version() == await one.version()
        else:
            assert await imposed(one) == {BAN}
            assert list(await other.deeds(0, 1)) == []


@pytest.mark.parametrize("kind", ["redis", "postgres"])
async def test_a_server_that_is_gone_is_an_error(request, kind):
    server = request.getfixturevalue("own_valkey" if kind == "redis" else "own_postgres")
    url = server.url if kind == "redis" else server.url()
    async with moderation(kind, url, fresh_prefix()) as store:
        await store.impose(BAN)
        server.kill()
        for ask in (store.impose(MUTE), store.version(), store.sanctions(), store.deeds(0, 1)):
            with pytest.raises(HistoryError):
                await ask


async def test_what_is_no_sanction_and_no_deed_is_an_error(valkey):
    prefix = fresh_prefix()
    async with Redis.from_url(valkey.url) as client:
        await client.hset(f"{prefix}:sanctions", "x", " {}")
        await client.lpush(f"{prefix}:deeds", "[]")
    async with moderation("redis", valkey.url, prefix) as store:
        for ask in (store.sanctions(), store.deeds(0, 1)):
            with pytest.raises(HistoryError):
                await ask
