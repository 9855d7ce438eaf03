"""A fan-out around another one."""

from __future__ import annotations

from collections.abc import Set

from chatcluster.core.envelope import RoomKey
from chatcluster.core.request import Request
from chatcluster.fanout.port import Answers, Fanout, State, store_of


class Wrapping:
    """What *inner* says and does, as it is at the moment: it may become another mode's."""

    def __init__(self, inner: Fanout) -> None:
        self._inner = inner

    @property
    def mode(self) -> str:
        return self._inner.mode

    @property
    def durable(self) -> bool:
        return self._inner.durable

    @property
    def shared(self) -> bool:
        return self._inner.shared

    @property
    def state(self) -> State:
        return self._inner.state

    @property
    def store(self) -> object | None:
        """As `store_of` says."""
        return store_of(self._inner)

    async def want(self, rooms: Set[RoomKey]) -> None:
        await self._inner.want(rooms)

    async def ask(self, request: Request, timeout: float) -> Answers:
        return await self._inner.ask(request, timeout)

    async def check(self) -> None:
        await self._inner.check()
