"""What asking needs of the fan-out under it."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Protocol

from chatcluster.core.envelope import Envelope, RoomKey
from chatcluster.fanout.port import Receiver, State


class Carrying(Protocol):
    """A fan-out that promises what the port says of these, and cannot ask."""

    mode: str
    durable: bool
    shared: bool

    @property
    def state(self) -> State: ...
    async def open(self, receiver: Receiver) -> None: ...
    async def publish(self, envelopes: Sequence[Envelope]) -> None: ...
    async def want(self, rooms: Set[RoomKey]) -> None: ...
    async def check(self) -> None: ...
    async def close(self) -> None: ...
