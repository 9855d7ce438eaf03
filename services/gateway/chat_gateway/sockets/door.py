"""Where connections come in: WebSockets are opened at once, everything else is aiohttp's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from chat_gateway.sockets import handshake
from chat_gateway.sockets.handshake import Handshake, Opening
from chat_gateway.sockets.websocket import as_transport
from chat_gateway.sockets.wheel import Turn, Wheel

# Takes the connection over, or says that it does not (False), and nothing has happened then.
Open = Callable[[asyncio.Transport, Opening, Handshake], bool]


class Door:
    """Makes the protocol of each new connection.

    *elsewhere* makes protocols for requests that are not openings of WebSockets, or are refused.
    A connection whose first bytes tell neither within *head_seconds* is cut.
    """

    def __init__(
        self, open_: Open, elsewhere: Callable[[], asyncio.Protocol], *, head_seconds: float
    ) -> None:
        self.open = open_
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

    __slots__ = ("_door", "_heard", "transport")

    def __init__(self, door: Door) -> None:
        self._door = door
        self._heard = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = as_transport(transport)
        self._door.waiting.add(self)

    def data_received(self, data: bytes) -> None:
        if self.transport is None:  # it is about to be let in, and has nothing to say yet
            return
        self._heard += data
        if handshake.may_be_opening(self._heard):
            return
        transport, heard = self.transport, self._heard
        self._forget()
        opening = handshake.opening(heard)
        if opening is None or not self._door.open(transport, opening, _kept(opening, transport)):
            protocol = self._door.elsewhere()
            transport.set_protocol(protocol)
            protocol.connection_made(transport)
            protocol.data_received(heard)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._forget()

    def _forget(self) -> None:
        """The deadline keeps what is left of a visitor until it comes."""
        self.transport, self._heard = None, b""


def _kept(opening: Opening, transport: asyncio.Transport) -> Handshake:
    peer: Any = transport.get_extra_info("peername")
    return opening.kept(str(peer[0]) if isinstance(peer, tuple) else "")


def _expire(visitor: Visitor, turn: Turn[Visitor]) -> None:
    if visitor.transport is not None:
        visitor.transport.abort()
