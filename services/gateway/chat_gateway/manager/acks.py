"""Acknowledgements that clients of this gateway owe."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from chat_gateway.manager.socket import Socket
from chat_gateway.sockets.packets import Outgoing


class Callback:
    """One client's, for a function that gets its arguments."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def acked(self, socket: Socket, data: Sequence[Any]) -> Any:
        return self._function(*data)

    def gone(self, socket: Socket) -> None:
        """As in Socket.IO, the function is then never called."""


class Awaited:
    """One client's, for a task that waits: its arguments, or None when the client is gone."""

    def __init__(self) -> None:
        self.data: asyncio.Future[Sequence[Any] | None] = asyncio.get_running_loop().create_future()

    def acked(self, socket: Socket, data: Sequence[Any]) -> None:
        if not self.data.done():
            self.data.set_result(data)

    def gone(self, socket: Socket) -> None:
        if not self.data.done():
            self.data.set_result(None)


class Round:
    """Those of several clients for one event.

    *report* gets each one's first argument as it comes, and whether it was the last to come. When
    clients leave without answering, or the timeout is reached, it is called once more with nothing.
    """

    def __init__(self, number: int, report: Callable[[tuple[Any, ...], bool], None]) -> None:
        self._number = number
        self._report = report
        self._waiting: dict[str, Socket] = {}
        self._timer: asyncio.TimerHandle | None = None

    def begin(
        self, sockets: Sequence[Socket], outgoing: Sequence[Outgoing], timeout: float
    ) -> None:
        """Send *outgoing*, an event with this round's number, to *sockets* (at least one)."""
        self._timer = asyncio.get_running_loop().call_later(timeout, self._expire)
        self._waiting = {socket.sid: socket for socket in sockets}
        for socket in sockets:
            socket.expect(self._number, self)
            socket.session.send(outgoing)

    def acked(self, socket: Socket, data: Sequence[Any]) -> None:
        # As in Node, an acknowledgement is its first argument.
        self._leave(socket, (data[0] if data else None,))

    def gone(self, socket: Socket) -> None:
        self._leave(socket, ())

    def _leave(self, socket: Socket, values: tuple[Any, ...]) -> None:
        if self._waiting.pop(socket.sid, None) is None:
            return
        over = not self._waiting
        if over and self._timer is not None:
            self._timer.cancel()
        if over or values:
            self._report(values, over)

    def _expire(self) -> None:
        for socket in self._waiting.values():
            socket.forget(self._number)
        self._waiting.clear()
        self._report((), True)
