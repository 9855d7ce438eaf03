"""What mode `adapter` does that other modes do not: how it meets Redis, and peers that err."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from chatcluster.connections.redis import connect
from chatcluster.core.envelope import Action
from chatcluster.fanout.adapter import AdapterFanout, classic, notepack
from chatcluster.testing.harness import Gateway
from tests.servers import Valkey


@pytest.fixture
def key() -> str:
    return f"adapter-{secrets.token_hex(4)}"


@pytest.fixture
async def redis(valkey: Valkey) -> AsyncIterator[Redis]:
    async with connect(valkey.url) as redis:
        yield redis


@pytest.fixture
async def gateway(valkey: Valkey, key: str) -> AsyncIterator[Gateway]:
    gateway = await Gateway(AdapterFanout(valkey.url, key=key), "gw-1").open("a")
    yield gateway
    await gateway.fanout.close()


async def test_redis_sends_nothing_that_nobody_here_wants(
    redis: Redis, gateway: Gateway, key: str
) -> None:
    """Where Node's pattern would take every room of the namespace."""
    assert await redis.publish(f"{key}#/#a#", b"") == 1
    assert await redis.publish(f"{key}#/#b#", b"") == 0
    assert await redis.publish(f"{key}#/chat#", b"") == 0


async def test_what_a_peer_gets_wrong_is_logged_once_and_disturbs_nothing(
    redis: Redis, gateway: Gateway, key: str
) -> None:
    with capture_logs() as logs:
        for payload in (b"", b"{", b"\xc1", notepack.pack([]), b'{"type":2}'):
            for channel in ("#/#", "#/#a#", "-request#/#", "-chatcluster#/#"):
                await redis.publish(key + channel, payload)
        sent = await gateway.say("fine")
        assert await gateway.got(1) == [sent]
    assert [line["event"] for line in logs] == ["adapter_malformed"] * 4


async def test_a_gateway_without_clients_is_a_server_of_the_main_namespace(
    redis: Redis, gateway: Gateway, key: str
) -> None:
    """As a Node server without clients is; of other namespaces if it is told of them."""
    await gateway.want()
    assert await redis.publish(f"{key}-request#/#", b"") == 1
    assert await redis.publish(f"{key}#/#", b"") == 0
    assert await redis.publish(f"{key}-request#/admin#", b"") == 0


async def test_the_server_of_further_namespaces(valkey: Valkey, redis: Redis, key: str) -> None:
    fanout = AdapterFanout(valkey.url, key=key, namespaces=("/", "/admin"))
    await Gateway(fanout, "gw-1").open()
    assert await redis.publish(f"{key}-request#/admin#", b"") == 1
    await fanout.close()


async def test_what_was_told_before_a_question_is_done_before_it_is_answered(
    redis: Redis, gateway: Gateway, key: str
) -> None:
    """Also when both arrive at once."""
    opts = b'"opts":{"rooms":["a"],"except":[]}'
    join = b'{"uid":"A1b2C3","type":2,%s,"rooms":["x"]}' % opts
    fetch = b'{"uid":"A1b2C3","requestId":"Zz9-_0","type":5,%s}' % opts
    seen: list[int] = []
    gateway.answers = lambda request, reply: seen.append(len(gateway.received))
    async with redis.pipeline(transaction=True) as pipeline:
        for payload in (join, fetch, join):
            pipeline.publish(f"{key}-request#/#", payload)
        await pipeline.execute()
    await gateway.got(2)
    assert seen == [1]


async def test_peers_are_numbered_by_one_count_for_all_fanouts(
    redis: Redis, valkey: Valkey, gateway: Gateway, key: str
) -> None:
    """So that a gateway on two Redis at once takes none for the repeat of another."""
    other = await Gateway(AdapterFanout(valkey.url, key=key), "gw-2").open("a")
    payload = classic.broadcast("emitter", classic.packet("/", "e"), rooms=["a"], flags={})
    for _ in range(3):
        await redis.publish(f"{key}#/#a#", payload)
    sequences = [envelope.sequence for envelope in await gateway.got(3) + await other.got(3)]
    assert len(set(sequences)) == 6
    await other.fanout.close()


async def test_each_namespace_of_a_gateway_has_one_uid(
    redis: Redis, gateway: Gateway, key: str
) -> None:
    """Of six characters, as Node's `uid2(6)`."""
    uids = []
    async with redis.pubsub() as pubsub:
        await pubsub.psubscribe(f"{key}#*")
        await pubsub.get_message(timeout=1)
        for namespace in ("/", "/", "/chat"):
            await gateway.say(action=Action.EMIT, namespace=namespace)
            message = await pubsub.get_message(timeout=1)
            assert message is not None
            uids.append(notepack.unpack(message["data"])[0])
    assert uids[0] == uids[1] != uids[2]
    assert [len(uid) for uid in uids] == [6, 6, 6]


async def test_it_may_be_opened_again_after_it_was_closed(gateway: Gateway) -> None:
    await gateway.fanout.close()
    await gateway.open("a")
    sent = await gateway.say("again")
    assert await gateway.got(1) == [sent]
