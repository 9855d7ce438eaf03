"""Messages that are stored and published in one step, in every mode that goes through Redis."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
import redis

from chatcluster.core.append import Append, Unstored
from chatcluster.core.envelope import Action
from chatcluster.core.position import Position
from chatcluster.fanout.adapter import AdapterFanout, Classic, Sharded, Streams
from chatcluster.fanout.outbox import Outbox
from chatcluster.fanout.port import Fanout, store_of
from chatcluster.fanout.redis import RedisFanout
from chatcluster.history.port import Retention
from chatcluster.history.redis import RedisRoomLog
from chatcluster.testing.harness import Gateway
from tests.servers import Valkey

PLACE = Position(secrets.token_hex(8), 0)
TEXTS = ("hello", 'a "quoted" text', "\N{GRINNING FACE}", "x" * 3000)

FANOUTS: dict[str, Callable[[str, str], Fanout]] = {
    "classic": lambda url, key: AdapterFanout(url, Classic(key)),
    "sharded": lambda url, key: AdapterFanout(url, Sharded(key)),
    "streams": lambda url, key: AdapterFanout(url, Streams(key, channel_prefix=key)),
    "redis": lambda url, key: RedisFanout(
        url, origin=secrets.token_hex(4), prefix=key, events=("e",)
    ),
}


class Storing(Gateway):
    """One that sends messages which are not stored yet."""

    def unstored(self, log: RedisRoomLog, text: str, key: str | None = None) -> Unstored:
        self._sequence += 1
        append = log.appending("a", text.encode(), key=key, place=PLACE)
        chat = {"message": text, "id": str(PLACE)}
        head = (self.origin, self._sequence, "/", Action.EMIT, ("a",), (), "e", (chat,))
        return Unstored(*head, position=PLACE, append=append)

    async def store(self, log: RedisRoomLog, text: str, key: str | None = None) -> Append:
        envelope = self.unstored(log, text, key)
        assert envelope.append is not None
        await self.fanout.publish([envelope])
        assert envelope.append.sent
        return envelope.append


@pytest.fixture(params=FANOUTS.values(), ids=list(FANOUTS))
def make(request: pytest.FixtureRequest, valkey: Valkey) -> Callable[[], Storing]:
    key = f"storing-{secrets.token_hex(4)}"
    return lambda: Storing(request.param(valkey.url, key), secrets.token_hex(4))


@pytest_asyncio.fixture
async def log(valkey: Valkey) -> AsyncIterator[RedisRoomLog]:
    log = RedisRoomLog(valkey.url, Retention(), prefix=f"storing-{secrets.token_hex(4)}")
    await log.open()
    yield log
    await log.close()


@pytest_asyncio.fixture
async def gateways(make: Callable[[], Storing]) -> AsyncIterator[tuple[Storing, Storing]]:
    here, there = make(), make()
    await here.open("a")
    await there.open("a")
    yield here, there
    await here.fanout.close()
    await there.fanout.close()


async def test_what_is_published_says_where_it_is_stored(
    gateways: tuple[Storing, Storing], log: RedisRoomLog
) -> None:
    here, there = gateways
    appends = [await here.store(log, text) for text in TEXTS]
    got = await there.got(len(TEXTS))
    assert [one.args[0]["message"] for one in got] == list(TEXTS)
    assert [one.position for one in got] == [append.position for append in appends]
    assert [one.args[0]["id"] for one in got] == [str(append.position) for append in appends]
    slice = await log.before("a", None, 10)
    assert [entry.body.decode() for entry in slice.entries] == list(TEXTS)
    assert [entry.position for entry in slice.entries] == [one.position for one in got]


async def test_a_repetition_is_neither_stored_nor_published_again(
    gateways: tuple[Storing, Storing], log: RedisRoomLog
) -> None:
    here, there = gateways
    first = await here.store(log, "hello", "key")
    again = await here.store(log, "hello", "key")
    await here.store(log, "end")
    assert (again.position, again.repeated) == (first.position, True)
    assert [one.args[0]["message"] for one in await there.got(2)] == ["hello", "end"]
    assert (await log.head("a")).offset == 2


async def test_a_message_keeps_its_place_among_what_else_is_published(
    gateways: tuple[Storing, Storing], log: RedisRoomLog
) -> None:
    here, there = gateways
    await here.store(log, "first")
    batch = [here.envelope({"message": "before"}), here.unstored(log, "stored")]
    await here.fanout.publish([*batch, here.envelope({"message": "after"})])
    got = await there.got(4)
    assert [one.args[0]["message"] for one in got] == ["first", "before", "stored", "after"]


async def test_what_the_log_refuses_is_not_published_and_harms_nothing_else(
    gateways: tuple[Storing, Storing], log: RedisRoomLog, valkey: Valkey
) -> None:
    here, there = gateways
    await here.store(log, "first")
    refused = here.unstored(log, "refused")
    assert refused.append is not None
    stream = refused.append.keys[1]
    with redis.Redis.from_url(valkey.url) as client:
        client.delete(stream)
        client.set(stream, "not a stream")
    await here.fanout.publish([refused, here.envelope({"message": "after"})])
    assert refused.append.position is None
    assert refused.append.sent
    assert "WRONGTYPE" in refused.append.reason
    got = await there.got(2)
    assert [one.args[0]["message"] for one in got] == ["first", "after"]


async def test_the_first_message_is_stored_by_a_server_that_never_had_the_script(
    make: Callable[[], Storing], log: RedisRoomLog, valkey: Valkey
) -> None:
    """Else those that follow it might be, and it would come after them."""
    with redis.Redis.from_url(valkey.url) as client:
        client.script_flush()
    gateway = make()
    await gateway.open("a")
    try:
        envelopes = [gateway.unstored(log, text) for text in ("first", "second")]
        await gateway.fanout.publish(envelopes)
        positions = [one.append.position for one in envelopes if one.append is not None]
        epoch = (await log.head("a")).epoch
        assert positions == [Position(epoch, 1), Position(epoch, 2)]
    finally:
        await gateway.fanout.close()


async def test_a_server_that_forgot_the_script_gets_it_and_has_stored_nothing(
    gateways: tuple[Storing, Storing], log: RedisRoomLog, valkey: Valkey
) -> None:
    here, _ = gateways
    await here.store(log, "first")
    with redis.Redis.from_url(valkey.url) as client:
        client.script_flush()
    envelope = here.unstored(log, "second")
    assert envelope.append is not None
    await here.fanout.publish([envelope])
    assert not envelope.append.sent
    assert (await here.store(log, "second")).position == Position((await log.head("a")).epoch, 2)


async def test_what_belongs_to_another_server_s_log_is_not_stored(
    log: RedisRoomLog, valkey: Valkey
) -> None:
    """Messages may be on their way while the fan-out changes from one Redis to another."""
    url = f"{valkey.url.removesuffix('/0')}/1"
    elsewhere = AdapterFanout(url, Classic(f"storing-{secrets.token_hex(4)}"))
    gateway = Storing(elsewhere, secrets.token_hex(4))
    await gateway.open("a")
    try:
        message = gateway.unstored(log, "lost?")
        await gateway.fanout.publish([message, gateway.envelope()])
        assert [one.sequence for one in await gateway.got(1)] == [2]
    finally:
        await gateway.fanout.close()
    assert message.append is not None
    assert not message.append.sent
    with redis.Redis.from_url(url) as client:
        assert client.keys("*storing-*") == []


async def test_a_log_and_a_fanout_of_the_same_server_share_it(
    gateways: tuple[Storing, Storing], log: RedisRoomLog, valkey: Valkey
) -> None:
    here, _ = gateways
    assert store_of(here.fanout) == log.server is not None
    for other in (f"{valkey.url}/1", "redis+cluster://127.0.0.1:7000", "redis://127.0.0.1:1"):
        assert store_of(AdapterFanout(other)) != log.server


async def test_an_outbox_in_which_something_waits_stores_nothing(
    make: Callable[[], Storing], log: RedisRoomLog, own_valkey: Valkey
) -> None:
    gateway = Storing(Outbox(AdapterFanout(own_valkey.url)), "here")
    await gateway.open("a")
    try:
        assert store_of(gateway.fanout) is not None
        own_valkey.kill()
        await gateway.say({"message": "waits"})
        assert store_of(gateway.fanout) is None
        envelope = gateway.unstored(log, "too late")
        assert envelope.append is not None
        await gateway.fanout.publish([envelope])
        assert not envelope.append.sent
        assert [one.args[0]["message"] for one in gateway.received] == ["waits"]
    finally:
        await gateway.fanout.close()
