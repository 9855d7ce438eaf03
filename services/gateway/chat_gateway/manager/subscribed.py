"""The manager of a server whose handlers are somebody's own: what they send reaches those here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from typing import Any

from chat_gateway.manager.interest import Interest
from chat_gateway.manager.manager import FanoutManager
from chatcluster.core.envelope import RoomKey
from chatcluster.fanout.port import Fanout
from chatcluster.runtime.background import background


class SubscribedManager(FanoutManager):
    """Keeps the fan-out's wants as the clients here need them.

    `enter_room` returns when what is sent to the room comes here, and `emit` waits until it does
    for those here whom it is for: what a handler does next is never too early.
    """

    def __init__(self, fanout: Fanout, origin: str) -> None:
        super().__init__(fanout, origin, self._changed)
        self._fanout = fanout
        self._interest = Interest()

    @asynccontextmanager
    async def subscribing(self, namespaces: Collection[str]) -> AsyncIterator[None]:
        """Keep the wants while the body runs, which begins when those of whole *namespaces* are in
        force. The fan-out has to be open.
        """
        keys = [RoomKey(namespace, "") for namespace in namespaces]
        for key in keys:
            self._interest.add(key)
        async with background(interest=self._interest.keep(self._fanout.want)):
            for key in keys:
                await self._interest.in_force(key)
            yield

    async def enter_room(
        self, sid: str, namespace: str, room: str, eio_sid: str | None = None
    ) -> None:
        await super().enter_room(sid, namespace, room, eio_sid)
        await self._subscribed(namespace, (room,))

    async def emit(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: str | list[str] | None = None,
        skip_sid: str | list[str] | None = None,
        callback: Any = None,
        to: str | list[str] | None = None,
        **options: Any,
    ) -> None:
        rooms = to or room or ()
        await self._subscribed(namespace, (rooms,) if isinstance(rooms, str) else rooms)
        await super().emit(
            event,
            data,
            namespace,
            room=room,
            skip_sid=skip_sid,
            callback=callback,
            to=to,
            **options,
        )

    async def _subscribed(self, namespace: str, rooms: Iterable[str]) -> None:
        for room in rooms:
            if room in self.members.sockets or self.members.place(namespace, room) is not None:
                await self._wanted(RoomKey(namespace, room))

    async def _wanted(self, key: RoomKey) -> None:
        self._interest.add(key)  # its last member may leave meanwhile
        try:
            await self._interest.in_force(key)
        finally:
            self._interest.discard(key)

    def _changed(self, key: RoomKey, first: bool) -> None:
        if first:
            self._interest.add(key)
        else:
            self._interest.discard(key)
