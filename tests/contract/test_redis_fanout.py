"""What mode `redis` does that other modes do not: events by name, and people at the channel."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from chatcluster.connections.redis import connect
from chatcluster.fanout.redis import RedisFanout
from chatcluster.testing.harness import Gateway
from tests.servers import Valkey

Make = Callable[[str], Gateway]


@pytest.fixture
def prefix() -> str:
    return f"redis-{secrets.token_hex(4)}"


@pytest.fixture
async def redis(valkey: Valkey) -> AsyncIterator[Redis]:
    async with connect(valkey.url) as redis:
        yield redis


@pytest.fixture
def make(valkey: Valkey, prefix: str) -> Make:
    def make(name: str) -> Gateway:
        return Gateway(RedisFanout(valkey.url, origin=name, prefix=prefix, events=("e",)), name)

    return make


@pytest.fixture
async def gateway(make: Make) -> AsyncIterator[Gateway]:
    gateway = await make("gw-1").open("a")
    yield gateway
    await gateway.fanout.close()


async def test_redis_sends_nothing_that_nobody_here_wants(
    redis: Redis, gateway: Gateway, prefix: str
) -> None:
    heard = {
        name: await redis.publish(f"{prefix}:{name}", '{"args": []}')
        for name in ("e", "e:a", "e:b", "e:/chat:a", "other", "#:/:a", "#:/:b", "#:/chat:a")
    }
    assert [name for name, listeners in heard.items() if listeners] == ["e", "e:a", "#:/:a"]


async def test_what_is_written_by_hand_arrives(redis: Redis, gateway: Gateway, prefix: str) -> None:
    await redis.publish(f"{prefix}:e", '{"room": "a", "args": ["by hand"]}')
    await redis.publish(f"{prefix}:e", '{"room": "b", "args": ["for others"]}')
    await redis.publish(f"{prefix}:e:a", '{"args": ["in the room"]}')
    await gateway.got(2)
    await gateway.fanout.check()
    assert gateway.args == ["by hand", "in the room"]
    assert {(one.origin, one.rooms) for one in gateway.received} == {("redis", ("a",))}


async def test_each_mistake_is_logged_once_and_disturbs_nothing(
    redis: Redis, gateway: Gateway, prefix: str
) -> None:
    with capture_logs() as logs:
        for _ in range(3):
            await redis.publish(f"{prefix}:e", "{'room': 'a'}")
            await redis.publish(f"{prefix}:e", '{"room": "a", "message": "hello"}')
            await redis.publish(f"{prefix}:#:/:a", '{"room": "a"}')
        sent = await gateway.say("fine")
        assert await gateway.got(1) == [sent]
    assert [(line["event"], line["channel"]) for line in logs] == [
        ("redis_malformed", repr(f"{prefix}:e".encode())),
        ("redis_malformed", repr(f"{prefix}:e".encode())),
        ("redis_malformed", repr(f"{prefix}:#:/:a".encode())),
    ]
    assert logs[1]["reason"] == "message: there is no such field"


async def test_an_event_that_is_not_listed_stays_with_its_gateway(
    gateway: Gateway, make: Make
) -> None:
    """In its place among the others, and said once."""
    other = await make("gw-2").open("a")
    with capture_logs() as logs:
        sent = [await gateway.say(event=event) for event in ("e", "secret", "e", "secret", "e")]
    assert await gateway.got(5) == sent
    assert await other.got(3) == sent[::2]
    assert [(line["event"], line["event_name"]) for line in logs] == [
        ("redis_event_not_listed", "secret")
    ]
    await other.fanout.close()


async def test_what_is_written_by_hand_is_numbered_by_one_count(
    redis: Redis, gateway: Gateway, make: Make, prefix: str
) -> None:
    """So that a gateway on two Redis at once takes none for the repeat of another."""
    other = await make("gw-2").open("a")
    for _ in range(3):
        await redis.publish(f"{prefix}:e", '{"room": "a"}')
    sequences = [envelope.sequence for envelope in await gateway.got(3) + await other.got(3)]
    assert len(set(sequences)) == 6
    await other.fanout.close()


def test_an_event_has_a_name(valkey: Valkey) -> None:
    with pytest.raises(ValueError, match="no name"):
        RedisFanout(valkey.url, origin="gw", events=("",))
