"""An Engine.IO server's handlers, in the way of python-engineio."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from chat_gateway.sockets import frames
from chat_gateway.sockets.session import Session


class Handlers:
    """Calls `connect` with a session's id and its request, `message` with the id and the data, and
    `disconnect` with the id and the reason.
    """

    def __init__(self, spawn: Callable[[Coroutine[Any, Any, None]], None]) -> None:
        self.by_event: dict[str, Callable[..., Awaitable[Any]]] = {}
        self._spawn = spawn

    def opened(self, session: Session) -> None:
        if session.handshake is not None:
            self._spawn(self._call("connect", session.sid, session.handshake.environ()))

    def message(self, session: Session, data: bytes, *, binary: bool) -> Coroutine[Any, Any, None]:
        return self._call("message", session.sid, data if binary else frames.text(data))

    async def closed(self, session: Session, reason: str) -> None:
        await self._call("disconnect", session.sid, reason)

    async def _call(self, event: str, *args: Any) -> None:
        if (handler := self.by_event.get(event)) is not None:
            await handler(*args)
