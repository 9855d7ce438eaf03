"""Gateways that part and are joined again, while clients chat, come, go and change the gateway."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from random import Random

import pytest
from msgspec.structs import replace

from chat_gateway.chat.domain import Message
from chat_gateway.chat.feeds import Feeds
from chat_gateway.chat.joining import Joining
from chatcluster.core.position import Position
from tests.unit.feeds_world import KEPT, SlowLog, memory_log, message
from tests.unit.virtual_time import in_virtual_time, now

ROOM = "tea"


class Client:
    """Deduplicates nothing; comes back with the highest position that it has seen."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lives = 0
        self.seen: list[int] = []
        self.after: Position | None = None
        self.live: list[int] = []  # by events of the present connection

    def take(self, at: Position) -> None:
        self.seen.append(at.offset)
        if self.after is None or at.offset > self.after.offset:
            self.after = at

    @property
    def sid(self) -> str:
        return f"{self.name} {self.lives}"

    def lacks(self, head: Position) -> set[int]:
        return set(range(self.seen[0], head.offset + 1)) - set(self.seen)

    def doubled(self) -> set[int]:
        return {offset for offset, count in Counter(self.seen).items() if count > 1}


class Server:
    """A gateway. What the carrier brings it is late and overtaken, and now and then lost. `apart`:
    it publishes for itself alone; `alone`: nobody else's messages come any more, either.
    """

    def __init__(self, name: str, world: World) -> None:
        self.name = name
        self.world = world
        self.apart = self.alone = False
        self.members: dict[str, Client] = {}
        self.feeds = Feeds(
            world.log, self._out, subscribed=self._subscribed, alone=lambda: self.alone, kept=KEPT
        )
        self.joining = Joining(world.log, self.feeds, recent=5, limit=10_000, budget=10**9)

    async def _subscribed(self, room: str) -> None:
        await self.world.nap()

    def _out(self, room: str, at: Position, message: Message, had: tuple[str, ...]) -> None:
        for sid, client in self.members.items():
            if sid not in had:
                client.take(at)
                client.live.append(at.offset)

    async def post(self) -> None:
        self.world.posted += 1
        said = message(self.world.posted)
        said = replace(said, dyno=self.name, time=now(), alone=self.apart)
        at = (await self.world.log.append(ROOM, said.encode())).position
        if said.alone:
            self.feeds.offer(ROOM, at, said)
        else:
            for server in self.world.servers:
                server.bring(at, said)

    def bring(self, at: Position, message: Message) -> None:
        if self.world.random.random() >= 0.2:
            delay = self.world.random.expovariate(20.0)
            asyncio.get_running_loop().call_later(delay, self.feeds.offer, ROOM, at, message)

    async def join(self, client: Client) -> None:
        client.lives += 1
        client.live.clear()
        self.feeds.hold(ROOM)
        missed = await self.joining.missed(ROOM, client.after, None)
        assert client.after is None or missed.complete
        for id, _ in missed.messages:
            client.take(Position.parse(id))
        if client.after is None or missed.position.offset > client.after.offset:
            client.after = missed.position
        self.members[client.sid] = client
        self.feeds.entered(ROOM, client.sid)

    def leave(self, client: Client) -> None:
        del self.members[client.sid]
        self.feeds.left(ROOM, client.sid)
        self.feeds.release(ROOM)


class World:
    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.log = SlowLog(memory_log())
        self.log.pause = self.log.delay = self.nap
        self.posted = 0
        self.servers = [Server(name, self) for name in ("one", "two", "three")]

    async def nap(self) -> None:
        await asyncio.sleep(self.random.expovariate(100.0))

    async def write(self, server: Server, seconds: float) -> None:
        end = now() + seconds
        while now() < end:
            await asyncio.sleep(self.random.expovariate(3.0))
            await server.post()

    async def part(self) -> None:
        """One gateway after another, in any order, as the steps of a change are."""
        for server in self.shuffled():
            server.apart = True
            await asyncio.sleep(self.random.random())
        for server in self.shuffled():
            server.alone = True
            server.feeds.refresh()
            await asyncio.sleep(self.random.random())

    async def meet(self) -> None:
        for server in self.shuffled():
            server.apart = server.alone = False
            server.feeds.refresh()
            await asyncio.sleep(self.random.random())

    def shuffled(self) -> list[Server]:
        return self.random.sample(self.servers, len(self.servers))

    async def part_and_meet(self, times: int) -> None:
        for _ in range(times):
            await asyncio.sleep(self.random.random() * 5)
            await self.part()
            await asyncio.sleep(self.random.random() * 10)
            await self.meet()

    async def wander(self, client: Client, servers: list[Server], times: int) -> None:
        """Joins, stays and leaves, here and there; in the end it is somewhere."""
        await asyncio.sleep(self.random.random() * 20)
        for _ in range(times):
            server = self.random.choice(servers)
            await server.join(client)
            await asyncio.sleep(self.random.expovariate(0.3))
            server.leave(client)
            await asyncio.sleep(self.random.expovariate(2.0))
        await self.random.choice(servers).join(client)

    async def settle(self) -> None:
        await asyncio.sleep(10.0)
        for server in self.servers:
            await server.feeds.stop()


def turns(offsets: list[int]) -> int:
    return sum(later < earlier for earlier, later in itertools.pairwise(offsets))


@pytest.mark.parametrize("seed", range(20))
@in_virtual_time
async def test_who_stays_gets_every_message_once(seed):
    """Own ones at once; what others said when the gateways are joined again, in the log's order."""
    world = World(seed)
    clients = [Client(f"client {number}") for number in range(6)]
    writing = [world.write(server, 30.0) for server in world.servers]
    stays = [
        world.wander(client, [world.servers[number % 3]], 0)
        for number, client in enumerate(clients)
    ]
    sweeps = [asyncio.create_task(server.feeds.sweep()) for server in world.servers]
    parting = world.random.randrange(3)
    await asyncio.gather(*writing, *stays, world.part_and_meet(parting))
    await world.settle()
    head = await world.log.head(ROOM)
    for client in clients:
        assert client.lacks(head) == set()
        assert client.doubled() == set()
        # Each time they are joined again the feed goes back once, and so does one that is
        # overtaken while the gateways change one after another.
        assert parting > 0 or turns(client.seen) == 0
    for sweep in sweeps:
        sweep.cancel()


@pytest.mark.parametrize("seed", range(20))
@in_virtual_time
async def test_who_comes_and_goes_at_other_gateways_too_misses_nothing(seed):
    world = World(seed)
    clients = [Client(f"client {number}") for number in range(6)]
    writing = [world.write(server, 40.0) for server in world.servers]
    visits = [world.wander(client, world.servers, world.random.randrange(6)) for client in clients]
    sweeps = [asyncio.create_task(server.feeds.sweep()) for server in world.servers]
    await asyncio.gather(*writing, *visits, world.part_and_meet(2))
    await world.settle()
    head = await world.log.head(ROOM)
    for client in clients:
        assert client.lacks(head) == set()
    for sweep in sweeps:
        sweep.cancel()
