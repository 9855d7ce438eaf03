"""Gateways that tell each other of their people, over a carrier that takes a moment."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import asynccontextmanager
from typing import Any

from chat_gateway.chat.presence import GATHER_SECONDS, Presence
from chatcluster.core.envelope import Action, Envelope
from chatcluster.core.errors import FanoutError
from chatcluster.core.people import Person, Signal
from chatcluster.runtime.background import background
from tests.unit.virtual_time import now

WAY = 0.01  # from one gateway to another, and back to itself
SOON = GATHER_SECONDS + 3 * WAY


class Carrier:
    """Brings every signal to all gateways, the sender too."""

    def __init__(self) -> None:
        self.away = False
        self.sent: list[tuple[str, Signal]] = []
        self.gateways: list[Gateway] = []

    def deliver(self, origin: str, signal: Signal) -> None:
        envelope = Envelope(
            origin, 1, "/", Action.SIGNAL, event="presence", args=(signal.kind, signal.body)
        )
        for gateway in self.gateways:
            gateway.presence.hear(envelope)

    def kinds(self) -> list[str]:
        return [signal.kind for _, signal in self.sent if signal.kind != "alive"]


class Gateway:
    def __init__(self, name: str, carrier: Carrier, *, alone: bool = False) -> None:
        self.name = name
        self.carrier = carrier
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.alone = alone
        self.presence = Presence(
            name, 2.0, send=self._send, tell=self._tell, alone=lambda: self.alone
        )
        carrier.gateways.append(self)

    async def _send(self, signal: Signal) -> None:
        if self.carrier.away:
            raise FanoutError("away")
        self.carrier.sent.append((self.name, signal))
        loop = asyncio.get_running_loop()
        loop.call_later(WAY, self.carrier.deliver, self.name, signal)

    def _tell(self, room: str, event: dict[str, Any]) -> None:
        self.told.append((room, event))

    async def came(self, id: str, room: str = "tea") -> float:
        """How long it took."""
        before = now()
        await self.presence.came(room, Person(id, f"nick {id}", self.name))
        return now() - before

    def members(self, room: str = "tea") -> list[str]:
        described = self.presence.describe(room)
        assert described["count"] == len(described["members"])
        return sorted(member["id"] for member in described["members"])


@asynccontextmanager
async def running(*gateways: Gateway):
    loops = {
        f"{kind} {gateway.name}": loop()
        for gateway in gateways
        for kind, loop in (
            ("run", gateway.presence.run),
            ("talk", gateway.presence.talk),
            ("beat", gateway.presence.beat),
        )
    }
    async with background(**loops):
        await asyncio.sleep(SOON)
        yield


def pair() -> Sequence[Gateway]:
    carrier = Carrier()
    return Gateway("one", carrier), Gateway("two", carrier)
