"""Clients that join at any moment of a stream of messages have each of them once and in order."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from chat_gateway.chat.domain import Message
from chat_gateway.chat.feeds import Feeds
from chat_gateway.chat.joining import Joining
from chatcluster.core.position import Position
from tests.unit.feeds_world import KEPT, SlowLog, memory_log, message
from tests.unit.virtual_time import in_virtual_time

ROOM = "tea"


class Client:
    """Appends first what it is acknowledged with and then its events, as the protocol says."""

    def __init__(self) -> None:
        self.after: Position | None = None
        self.seen: list[str] = []

    def take(self, id: str) -> None:
        self.seen.append(id)
        self.after = Position.parse(id)

    def check(self) -> None:
        """From its first message on without a gap, a repeat or a turn."""
        offsets = [int(id.split("-")[1]) for id in self.seen]
        assert offsets == list(range(offsets[0], offsets[0] + len(offsets))) if offsets else True


class Server:
    """One gateway: what the carrier brings it is late, lost or overtaken."""

    def __init__(self, random: Random, log: SlowLog) -> None:
        self.random = random
        self.loss = 0.2
        self.members: set[Client] = set()
        self.feeds = Feeds(
            log, self._out, subscribed=self._subscribed, alone=lambda: False, kept=KEPT
        )
        self.joining = Joining(log, self.feeds, recent=5, limit=10_000, budget=10**9)

    async def _subscribed(self, room: str) -> None:
        await asyncio.sleep(self.random.random() * 0.1)

    def _out(self, room: str, at: Position, message: Message, had: tuple[str, ...]) -> None:
        assert had == ()  # nobody is named
        for client in self.members:
            client.take(str(at))

    def bring(self, at: Position, message: Message) -> None:
        if self.random.random() >= self.loss:
            delay = self.random.expovariate(20.0)
            asyncio.get_running_loop().call_later(delay, self.feeds.offer, ROOM, at, message)

    async def join(self, client: Client) -> None:
        self.feeds.hold(ROOM)
        missed = await self.joining.missed(ROOM, client.after, None)
        if client.after is not None:
            assert missed.complete
        for id, _ in missed.messages:
            client.take(id)
        client.after = missed.position
        self.members.add(client)

    def leave(self, client: Client) -> None:
        self.members.discard(client)
        self.feeds.release(ROOM)


class Stream:
    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.log = SlowLog(memory_log(100_000))
        self.log.pause = self.log.delay = self._nap
        self.servers = [Server(self.random, self.log) for _ in range(2)]
        self.posted = 0

    async def _nap(self) -> None:
        await asyncio.sleep(self.random.expovariate(100.0))

    async def write(self, count: int) -> None:
        for _ in range(count):
            await asyncio.sleep(self.random.expovariate(20.0))
            self.posted += 1
            said = message(self.posted)
            at = (await self.log.append(ROOM, said.encode())).position
            for server in self.servers:
                server.bring(at, said)

    async def visit(self, client: Client, server: Server, times: int) -> None:
        """Joins, stays, leaves and comes back; in the end it is there."""
        await asyncio.sleep(self.random.random() * 3)
        for _ in range(times):
            await server.join(client)
            await asyncio.sleep(self.random.expovariate(2.0))
            server.leave(client)
            await asyncio.sleep(self.random.expovariate(2.0))
        await server.join(client)


@pytest.mark.parametrize("seed", range(25))
@in_virtual_time
async def test_whenever_clients_join_and_come_back_they_miss_and_repeat_nothing(seed):
    stream = Stream(seed)
    clients = [Client() for _ in range(6)]
    sweeps = [asyncio.create_task(server.feeds.sweep()) for server in stream.servers]
    writing = [stream.write(40) for _ in range(3)]
    visits = [
        stream.visit(client, stream.random.choice(stream.servers), stream.random.randrange(4))
        for client in clients
    ]
    await asyncio.gather(*writing, *visits)
    await asyncio.sleep(10.0)
    for client in clients:
        client.check()
        assert client.after == await stream.log.head(ROOM)
        assert client.seen
    for sweep in sweeps:
        sweep.cancel()
    for server in stream.servers:
        await server.feeds.stop()
