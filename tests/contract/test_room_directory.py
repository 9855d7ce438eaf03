"""What every room directory promises, and what opening a store gives."""

from __future__ import annotations

import asyncio

import pytest

from chatcluster.core.codes import TOO_MANY_ROOMS
from chatcluster.core.errors import HistoryError, Refused
from chatcluster.history.opening import OpenedStore, opened
from chatcluster.history.port import Retention, RoomRecord
from tests.contract.logs import KINDS, address, fresh_prefix

LIMIT = 20


NOWHERE = {"redis": "redis://127.0.0.1:1/0", "postgres": "postgresql://127.0.0.1:1/postgres"}


def store(kind, url="", prefix="chat"):
    url = url or NOWHERE.get(kind, "")
    return opened(
        kind,
        redis_url=url,
        postgres_dsn=url,
        retention=Retention(),
        rooms_limit=LIMIT,
        prefix=prefix,
    )


@pytest.fixture(params=KINDS)
async def directory(request):
    url = address(request, request.param)
    async with store(request.param, url, fresh_prefix()) as opened_store:
        yield opened_store.directory


async def test_a_created_room_is_in_the_list_as_it_was_given(directory):
    record = RoomRecord("茶室 {🍵}\ud800", 1753900000.1234567)
    assert await directory.create(record) is True
    assert list(await directory.list()) == [record]
    assert await directory.exists(record.name)
    assert not await directory.exists("tea")


async def test_a_name_is_taken_once(directory):
    assert await directory.create(RoomRecord("tea", 1.0)) is True
    assert await directory.create(RoomRecord("tea", 2.0)) is False
    assert list(await directory.list()) == [RoomRecord("tea", 1.0)]


async def test_one_of_many_who_create_at_once_succeeds(directory):
    asked = [directory.create(RoomRecord("tea", float(n))) for n in range(30)]
    assert (await asyncio.gather(*asked)).count(True) == 1


async def test_the_oldest_room_is_first_and_names_decide_between_equals(directory):
    for name, created in [("b", 2.0), ("c", 1.5), ("ä", 2.0), ("a", 2.0), ("🍵", 2.0)]:
        await directory.create(RoomRecord(name, created))
    assert [record.name for record in await directory.list()] == ["c", "a", "b", "ä", "🍵"]


async def test_a_removed_room_can_be_created_again(directory):
    assert await directory.remove("tea") is False
    await directory.create(RoomRecord("tea", 1.0))
    assert await directory.remove("tea") is True
    assert not await directory.exists("tea")
    assert list(await directory.list()) == []
    assert await directory.create(RoomRecord("tea", 3.0)) is True


async def test_a_full_directory_refuses_and_still_tells_what_is_taken(directory):
    for number in range(LIMIT):
        await directory.create(RoomRecord(f"room {number}", float(number)))
    with pytest.raises(Refused) as caught:
        await directory.create(RoomRecord("one more", 99.0))
    assert caught.value.code is TOO_MANY_ROOMS
    assert await directory.create(RoomRecord("room 3", 99.0)) is False
    await directory.remove("room 3")
    assert await directory.create(RoomRecord("one more", 99.0)) is True


@pytest.mark.parametrize("kind", NOWHERE)
async def test_two_gateways_share_the_directory_on_a_server(request, kind):
    prefix, url = fresh_prefix(), address(request, kind)
    async with store(kind, url, prefix) as one, store(kind, url, prefix) as two:
        await one.directory.create(RoomRecord("tea", 1.0))
        assert await two.directory.exists("tea")


@pytest.mark.parametrize("kind", NOWHERE)
async def test_a_directory_whose_server_is_gone_is_an_error(request, kind):
    server = request.getfixturevalue("own_valkey" if kind == "redis" else "own_postgres")
    url = server.url if kind == "redis" else server.url()
    async with store(kind, url) as opened_store:
        server.kill()
        for ask in (opened_store.directory.list(), opened_store.directory.exists("tea")):
            with pytest.raises(HistoryError):
                await ask


async def test_without_history_there_is_a_directory_and_no_log():
    async with store("off") as opened_store:
        assert opened_store.log is None
        assert await opened_store.directory.create(RoomRecord("tea", 1.0))


async def test_an_opened_store_takes_messages_and_is_closed_at_the_end(request):
    stores: list[OpenedStore] = []
    for kind in KINDS:
        async with store(kind, address(request, kind), fresh_prefix()) as opened_store:
            stores.append(opened_store)
            assert opened_store.log is not None
            await opened_store.log.append("tea", b"hello")
    for opened_store in stores:
        assert opened_store.log is not None
        with pytest.raises(HistoryError):
            await opened_store.log.append("tea", b"late")


@pytest.mark.parametrize("kind", NOWHERE)
async def test_a_store_that_does_not_answer_cannot_be_opened(kind):
    with pytest.raises(HistoryError):
        async with store(kind):
            pass
