"""A fan-out that can be changed for another one while envelopes are published and arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence, Set
from typing import Any

from chatcluster.connections.ending import end
from chatcluster.core.envelope import Envelope, RoomKey
from chatcluster.core.errors import FanoutError
from chatcluster.core.request import Request
from chatcluster.core.switch import Order, Switch
from chatcluster.core.switch_plan import Report
from chatcluster.fanout.port import Answers, Receiver, State, store_of
from chatcluster.fanout.switching.carrier import Carrier
from chatcluster.fanout.switching.changer import Changer, Make
from chatcluster.fanout.switching.lanes import Lanes


class Switching:
    """Publishes on the fan-out in force, and listens to the one that comes or goes beside it.

    *make* gives a fan-out that is not open yet. *origin* and *numbers* are those of this gateway's
    envelopes. What the port promises of order and repeats holds across a change; `mode`, `durable`
    and `shared` are those of the fan-out in force. Raises ValueError when *start* names one that
    cannot be made.
    """

    def __init__(self, make: Make, origin: str, numbers: Iterator[int], start: Switch) -> None:
        current = Carrier(start.epoch, start.target, make(start.target))
        self._origin = origin
        self._lanes = Lanes(current, origin)
        self._changer = Changer(self._lanes, make, start, origin, numbers)
        self._keeper: asyncio.Task[None] | None = None

    @property
    def mode(self) -> str:
        return self._lanes.current.fanout.mode

    @property
    def durable(self) -> bool:
        return self._lanes.current.fanout.durable

    @property
    def shared(self) -> bool:
        return self._lanes.current.fanout.shared

    @property
    def joined(self) -> bool:
        """Whether other gateways' envelopes come here: on the fan-out in force, or on the one
        before it.
        """
        before = self._lanes.beside if self.switch.previous is not None else None
        return self.shared or (before is not None and before.fanout.shared)

    @property
    def store(self) -> object | None:
        """As `store_of` says; None at the moment of a change."""
        return None if self._lanes.held else store_of(self._lanes.current.fanout)

    @property
    def state(self) -> State:
        if self._lanes.receiver is None:
            return State.CLOSED
        return self._lanes.current.fanout.state

    @property
    def switch(self) -> Switch:
        return self._changer.switch

    async def open(self, receiver: Receiver) -> None:
        self._lanes.receiver = receiver
        try:
            if (previous := self.switch.previous) is not None:
                await self._changer.listen_to(previous)
            await self._lanes.open(self._lanes.current)
        except BaseException:
            await self.close()
            raise
        self._keeper = asyncio.create_task(self._changer.keep(), name="switching")

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        await self._lanes.publish(envelopes)

    async def want(self, rooms: Set[RoomKey]) -> None:
        await self._lanes.want(rooms)

    async def ask(self, request: Request, timeout: float) -> Answers:
        return await self._lanes.current.fanout.ask(request, timeout)

    async def check(self) -> None:
        if self._keeper is not None and self._keeper.done():
            raise FanoutError("nobody carries out what is ordered of this gateway's fan-out")
        await self._lanes.current.fanout.check()

    async def close(self) -> None:
        self._lanes.receiver = None
        if (keeper := self._keeper) is not None:
            self._keeper = None
            await end([keeper])
        await self._lanes.close()

    def order(self, order: Order) -> None:
        """Note what is to be done; `report` shows when it is. Raises StaleError."""
        self._changer.order(order)

    def report(self) -> Report:
        """What a controller has to know of this gateway."""
        crossing, switch = self._lanes.crossing, self.switch
        if crossing is None or switch.previous is None:
            return Report(self._origin, switch, waits=False)
        since = asyncio.get_running_loop().time() - self._changer.committed
        return Report(self._origin, switch, crossing.marked, crossing.waits, since)


def change_stats(fanout: Switching | None) -> dict[str, Any]:
    """What `/stats` says of a change: the epoch in force and, during one, its `phase`."""
    if fanout is None:
        return {}
    switch = fanout.switch
    phase = "steady"
    if switch.previous is not None:
        phase = f"committed, and listens to {switch.previous.target} too"
    elif switch.next is not None:
        state = switch.next.error or ("ready" if switch.next.ready else "opening")
        phase = f"prepares {switch.next.target}: {state}"
    return {"epoch": switch.epoch, "phase": phase}
