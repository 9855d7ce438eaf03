"""What mode `adapter` on streams does that the other protocols do not: nothing is lost."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import redis
from redis.asyncio import Redis
from structlog.testing import capture_logs

from chatcluster.connections.redis import connect
from chatcluster.core.envelope import Action, Envelope
from chatcluster.core.errors import FanoutError
from chatcluster.fanout.adapter import AdapterFanout, Streams
from chatcluster.fanout.port import State
from chatcluster.testing.harness import Gateway
from tests.servers import Valkey


@pytest.fixture
def name() -> str:
    return f"streams-{secrets.token_hex(4)}"


@pytest.fixture
async def server(own_valkey: Valkey) -> AsyncIterator[Redis]:
    async with connect(own_valkey.url) as server:
        yield server


def gateway(valkey: Valkey, name: str, origin: str = "one", **options: Any) -> Gateway:
    protocol = Streams(stream_name=name, channel_prefix=name, **options)
    return Gateway(AdapterFanout(valkey.url, protocol), origin)


async def up(gateway: Gateway) -> None:
    async with asyncio.timeout(6):
        while gateway.fanout.state is not State.UP:  # noqa: ASYNC110 - the port has no event
            await asyncio.sleep(0.01)


async def test_it_says_that_nothing_is_lost(own_valkey: Valkey, name: str) -> None:
    assert gateway(own_valkey, name).fanout.durable


async def test_nothing_that_was_taken_is_lost_while_connections_break(
    own_valkey: Valkey, server: Redis, name: str
) -> None:
    """Not by whom they break, nor in the time until there are others."""
    one = await gateway(own_valkey, name).open()
    two = await gateway(own_valkey, name, "two").open("a")
    taken: list[int] = []

    async def cut() -> None:
        for _ in range(6):
            await asyncio.sleep(0.15)
            for kind in ("normal", "pubsub"):
                await server.client_kill_filter(_type=kind, skipme=True)

    cutting = asyncio.create_task(cut())
    number = 0
    while not cutting.done():
        number += 1
        with contextlib.suppress(FanoutError):
            await one.say(number)
            taken.append(number)
        await asyncio.sleep(0.002)
    await cutting
    await up(one)
    taken.append((await one.say("last")).args[0])
    await two.until(lambda: two.args[-1:] == ["last"])
    assert set(taken) <= set(two.args)  # what was refused may have been taken all the same
    assert two.args[:-1] == sorted(set(two.args[:-1]))
    assert two.interruptions >= 1
    for each in (one, two):
        await each.fanout.close()


async def test_nothing_is_lost_over_a_restart_of_a_server_that_keeps_its_data(
    own_valkey: Valkey, name: str
) -> None:
    one, two = gateway(own_valkey, name), gateway(own_valkey, name, "two")
    await one.open()
    await two.open("a")
    for outage in range(3):
        await one.say(outage)
        own_valkey.kill()
        own_valkey.start()
        for each in (one, two):
            await each.interrupted_times(outage + 1)
        await up(one)
    await two.got(3)
    assert two.args == [0, 1, 2]
    for each in (one, two):
        await each.fanout.close()


async def test_a_stream_that_was_lost_with_its_server_is_read_from_its_new_beginning(
    own_valkey: Valkey, server: Redis, name: str
) -> None:
    """Also if the clock of the new server is behind that of the old one."""
    one = gateway(own_valkey, name)
    await one.open("a")
    entry: Any = {"uid": "x", "nsp": "/", "type": "2"}
    await server.xadd(name, entry, id="9999999999999-1")
    await one.fanout.check()
    await server.delete(name)
    await server.client_kill_filter(_type="normal", skipme=True)
    await one.interrupted_times(1)
    await up(one)
    said = await one.say("after")
    assert await one.got(1) == [said]
    await one.fanout.close()


async def test_entries_between_two_reads_are_not_lost_before_the_first_one(
    own_valkey: Valkey, server: Redis, name: str
) -> None:
    """Where Node's reader begins anew at the end of the stream with every read."""
    one = await gateway(own_valkey, name, block_time_in_ms=1).open("a")
    two = await gateway(own_valkey, name, "two").open()
    for number in range(100):
        await asyncio.sleep(0.003)
        await two.say(number)
    await one.got(100)
    assert one.args == list(range(100))
    for each in (one, two):
        await each.fanout.close()


async def test_what_was_there_before_is_not_read(own_valkey: Valkey, name: str) -> None:
    one = await gateway(own_valkey, name).open()
    await one.say("before")
    two = await gateway(own_valkey, name, "two").open("a")
    said = await one.say("after")
    assert await two.got(1) == [said]
    for each in (one, two):
        await each.fanout.close()


async def test_streams_do_not_grow_without_bound(
    own_valkey: Valkey, server: Redis, name: str
) -> None:
    one = await gateway(own_valkey, name, max_len=100).open()
    for _ in range(20):
        await one.fanout.publish([one.envelope(number) for number in range(100)])
    assert await server.xlen(name) <= 300  # "~": in whole blocks
    await one.fanout.close()


class Slow(Gateway):
    """While it handles its first envelopes, more come than the stream keeps."""

    def __init__(self, gateway: Gateway, valkey: Valkey, name: str) -> None:
        super().__init__(gateway.fanout, gateway.origin)
        self._valkey = valkey
        self._name = name

    def deliver(self, envelopes: Sequence[Envelope]) -> None:
        if not self.received:
            with redis.Redis(port=self._valkey.port) as client:
                for _ in range(20):
                    client.xadd(self._name, {"uid": "x", "nsp": "/", "type": "2"})
                client.xtrim(self._name, maxlen=5, approximate=False)
        super().deliver(envelopes)


async def test_a_gateway_that_is_too_slow_for_the_stream_hears_that_it_missed_something(
    own_valkey: Valkey, name: str
) -> None:
    slow = Slow(gateway(own_valkey, name, read_count=10), own_valkey, name)
    await slow.open("a")
    two = await gateway(own_valkey, name, "two").open()
    await two.fanout.publish([two.envelope(number) for number in range(10)])
    await slow.interrupted_times(1)
    said = await two.say("after")
    await slow.until(lambda: said in slow.received)
    assert slow.interruptions == 1
    for each in (slow, two):
        await each.fanout.close()


async def test_the_entries_of_one_read_are_one_delivery(own_valkey: Valkey, name: str) -> None:
    one = await gateway(own_valkey, name).open("a")
    await one.fanout.publish([one.envelope(number) for number in range(1000)])
    await one.got(1000)
    assert one.batches <= 100
    await one.fanout.close()


async def test_what_a_peer_gets_wrong_is_logged_once_and_disturbs_nothing(
    own_valkey: Valkey, server: Redis, name: str
) -> None:
    one = await gateway(own_valkey, name).open("a")
    wrong: list[dict[str, str]] = [
        {"x": "y"},
        {"uid": "u", "nsp": "/", "type": "3"},
        {"uid": "u", "nsp": "/", "type": "x", "data": "{}"},
        {"uid": "u", "nsp": "/", "type": "3", "data": "{"},
        {"uid": "u", "nsp": "/", "type": "3", "data": "é"},
        {"uid": "u", "nsp": "/", "type": "3", "data": "{}"},
        {"uid": "u", "nsp": "/", "type": "1"},
        {"nsp": "/", "type": "3", "data": "{}"},
    ]
    with capture_logs() as logs:
        for fields in wrong:
            await server.xadd(name, fields)  # type: ignore[arg-type]
        sent = await one.say("fine")
        assert await one.got(1) == [sent]
    assert [line["event"] for line in logs] == ["adapter_malformed"]
    await one.fanout.close()


async def test_a_key_that_is_no_stream_is_an_error(
    own_valkey: Valkey, server: Redis, name: str
) -> None:
    await server.set(name, "x")
    with pytest.raises(FanoutError, match="WRONGTYPE"):
        await gateway(own_valkey, name).open("a")


async def test_plain_text_only_if_it_is_wanted(
    own_valkey: Valkey, server: Redis, name: str
) -> None:
    """As Node's `onlyPlaintext`: bytes are then objects, as JSON.stringify writes a Buffer."""
    one = await gateway(own_valkey, name, only_plaintext=True).open("a")
    await one.say(b"\x01", action=Action.EMIT)
    (envelope,) = await one.got(1)
    assert envelope.args == ({"type": "Buffer", "data": [1]},)
    entries: Any = await server.xrange(name)
    assert entries[0][1][b"data"].startswith(b"{")
    await one.fanout.close()
