"""Gateways that change between carriers which are only lists of who listens."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence, Set
from itertools import count

from chatcluster.core.envelope import Action, Envelope, RoomKey
from chatcluster.core.errors import FanoutError
from chatcluster.core.request import Reply, Request
from chatcluster.core.switch import Next, Order, Step, Switch, Target
from chatcluster.fanout.answers import nobody
from chatcluster.fanout.port import Answers, Receiver, State
from chatcluster.fanout.switching import Switching

TEA = RoomKey("/", "tea")
OLD, NEW = Target("old"), Target("new")


class Wire:
    """Brings envelopes after `delay` seconds, in their order; `cut`: refuses; `stuck`: hangs."""

    def __init__(self, *, shared: bool = True) -> None:
        self.shared = shared
        self.ends: list[End] = []
        self.cut = False
        self.stuck = False
        self.delay = 0.01

    def bring(self, publisher: End, envelopes: Sequence[Envelope]) -> None:
        ends = list(self.ends) if self.shared else [publisher]
        loop = asyncio.get_running_loop()
        for end in ends:  # timers of the same moment go off in any order
            end.coming.append(list(envelopes))
            loop.call_later(self.delay, end.take_next)


class End:
    """One gateway's end of a wire."""

    durable = False

    def __init__(self, wire: Wire, mode: str) -> None:
        self.mode = mode
        self.wire = wire
        self.receiver: Receiver | None = None
        self.wanted: frozenset[RoomKey] = frozenset()
        self.coming: deque[list[Envelope]] = deque()

    @property
    def shared(self) -> bool:
        return self.wire.shared

    @property
    def state(self) -> State:
        if self.receiver is None:
            return State.CLOSED
        return State.DOWN if self.wire.cut else State.UP

    def take_next(self) -> None:
        envelopes = self.coming.popleft()
        mine = [one for one in envelopes if self.wanted.intersection(one.keys)]
        if mine and self.receiver is not None:
            self.receiver.deliver(mine)

    async def open(self, receiver: Receiver) -> None:
        self.receiver = receiver
        await self._reach()
        self.wire.ends.append(self)

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        await self._reach()
        self.wire.bring(self, envelopes)

    async def want(self, rooms: Set[RoomKey]) -> None:
        self.wanted = frozenset(rooms)
        await self._reach()

    async def ask(self, request: Request, timeout: float) -> Answers:
        await self._reach()
        return nobody()

    async def check(self) -> None:
        await self._reach()

    async def close(self) -> None:
        self.receiver = None
        if self in self.wire.ends:
            self.wire.ends.remove(self)

    async def _reach(self) -> None:
        if self.wire.stuck:
            await asyncio.Event().wait()
        if self.wire.cut:
            raise FanoutError(f"{self.mode} is cut")


class World:
    """The carriers, by mode."""

    def __init__(self) -> None:
        self.wires = {"old": Wire(), "new": Wire(), "lonely": Wire(shared=False)}
        self.gateways: list[Gateway] = []

    def make(self, target: Target) -> End:
        if target.mode not in self.wires:
            raise ValueError(f"there is no {target.mode}")
        return End(self.wires[target.mode], target.mode)

    async def gateway(self, name: str, start: Switch | None = None) -> Gateway:
        gateway = Gateway(self, name, start or Switch(0, OLD))
        await gateway.fanout.open(gateway)
        await gateway.fanout.want({TEA})
        self.gateways.append(gateway)
        return gateway

    def order(self, step: Step, epoch: int = 1, target: Target = NEW) -> None:
        for gateway in self.gateways:
            gateway.fanout.order(Order(step, epoch, target))

    async def until(self, is_so: Callable[[Gateway], bool]) -> None:
        for _ in range(10_000):
            if all(map(is_so, self.gateways)):
                return
            await asyncio.sleep(0.01)
        raise AssertionError([gateway.switch for gateway in self.gateways])

    async def prepared(self, target: Target = NEW) -> None:
        self.order(Step.PREPARE, target=target)
        await self.until(lambda one: one.next.ready)

    async def committed(self, target: Target = NEW) -> None:
        self.order(Step.COMMIT, target=target)
        await self.until(lambda one: one.switch.epoch == 1)

    async def finished(self, target: Target = NEW) -> None:
        self.order(Step.FINISH, target=target)
        await self.until(lambda one: one.switch == Switch(1, target))

    async def close(self) -> None:
        for gateway in self.gateways:
            await gateway.fanout.close()


class Gateway:
    """Notes what is delivered to it."""

    def __init__(self, world: World, name: str, start: Switch) -> None:
        self.name = name
        self.numbers = count(1)
        self.fanout = Switching(world.make, name, self.numbers, start)
        self.received: list[Envelope] = []
        self.interruptions = 0

    @property
    def switch(self) -> Switch:
        return self.fanout.switch

    @property
    def next(self) -> Next:
        """One that is not there is not ready, and has no error."""
        return self.switch.next or Next(0, OLD)

    async def say(self, text: str = "") -> None:
        await self.fanout.publish(
            [Envelope(self.name, next(self.numbers), "/", Action.EMIT, ("tea",), event=text)]
        )

    def heard(self, origin: str | None = None) -> list[str]:
        return [one.event for one in self.received if origin in (None, one.origin)]

    def deliver(self, envelopes: Iterable[Envelope]) -> None:
        # A gateway that has just started gets others' marks like any signal, which says nothing.
        self.received += [one for one in envelopes if one.action is Action.EMIT]

    def interrupted(self) -> None:
        self.interruptions += 1

    def answer(self, request: Request, reply: Callable[[Reply], None]) -> None:
        reply(Reply((self.name,)))
