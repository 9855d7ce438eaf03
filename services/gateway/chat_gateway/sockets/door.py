"""Where connections come in: WebSockets are opened at once, everything else is aiohttp's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from chat_gateway.limits.entrance import Entrance
from chat_gateway.sockets import handshake, refusals
from chat_gateway.sockets.handshake import Handshake, Opening
from chat_gateway.sockets.websocket import as_transport
from chat_gateway.sockets.wheel import Turn, Wheel
from chatcluster.core.codes import Code

# Makes the protocol of a connection; what is given is to be called when that has ended.
Elsewhere = Callable[[Callable[[], None]], asyncio.Protocol]
# Takes the connection over, or says that it does not (False), and nothing has happened then.
Open = Callable[[asyncio.Transport, Opening, Handshake], bool]


class Door:
    """Makes the protocol of each new connection.

    *elsewhere* makes protocols for requests that are not openings of WebSockets, or are malformed.
    A connection whose first bytes tell neither within *head_seconds* is cut. There are no more of
    them than *entrance* has places for on its doorstep.
    """

    def __init__(
        self, open_: Open, elsewhere: Elsewhere, entrance: Entrance, *, head_seconds: float
    ) -> None:
        self.open = open_
        self.entrance = entrance
        self.elsewhere = elsewhere
        self.waiting: Wheel[Visitor] = Wheel(head_seconds, _expire)

    def __call__(self) -> Visitor:
        return Visitor(self)

    def close(self) -> None:
        """Cut those who have not yet said what they want."""
        for visitor in self.waiting.stop():
            if visitor.transport is not None:
                visitor.transport.abort()


class Visitor(asyncio.Protocol):
    """A connection that has not yet said what it wants."""

    __slots__ = ("_door", "_heard", "_place", "transport")

    def __init__(self, door: Door) -> None:
        self._door = door
        self._heard = b""
        self._place: str | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        made = as_transport(transport)
        place = self._door.entrance.step(_peer(made))
        if isinstance(place, Code):
            made.write(refusals.written(place))
            made.close()
            return
        self._place = place
        self.transport = made
        self._door.waiting.add(self)

    def data_received(self, data: bytes) -> None:
        if self.transport is None:  # it is about to be let in, and has nothing to say yet
            return
        self._heard += data
        if handshake.may_be_opening(self._heard):
            return
        transport, heard, place = self.transport, self._heard, self._place
        assert place is not None, "it has one as long as it has a transport"
        self._place = None
        self._forget()
        leave = partial(self._door.entrance.doorstep.leave, place)
        opening = handshake.opening(heard)
        if opening is not None and self._door.open(
            transport, opening, opening.kept(_peer(transport))
        ):
            leave()
        else:
            protocol = self._door.elsewhere(leave)
            transport.set_protocol(protocol)
            protocol.connection_made(transport)
            protocol.data_received(heard)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._forget()

    def _forget(self) -> None:
        """The deadline keeps what is left of a visitor until it comes."""
        if self._place is not None:
            self._door.entrance.doorstep.leave(self._place)
        self.transport, self._heard, self._place = None, b"", None


def _peer(transport: asyncio.Transport) -> str:
    peer: Any = transport.get_extra_info("peername")
    return str(peer[0]) if isinstance(peer, tuple) else ""


def _expire(visitor: Visitor, turn: Turn[Visitor]) -> None:
    if visitor.transport is not None:
        visitor.transport.abort()
