"""One client's Engine.IO session, whatever transport it is on just now."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any, Protocol

from chat_gateway.sockets import packets
from chat_gateway.sockets.packets import Outgoing, Packet
from chatcluster.core.codes import SLOW, Code
from chatcluster.core.errors import MalformedError

# The reasons for a disconnect that python-socketio gives to handlers.
TRANSPORT_CLOSE = "transport close"
TRANSPORT_ERROR = "transport error"
CLIENT_DISCONNECT = "client disconnect"
SERVER_DISCONNECT = "server disconnect"
PING_TIMEOUT = "ping timeout"

CAUGHT_UP_BYTES = 65_536
CAUGHT_UP_SECONDS = 0.02


class Link(Protocol):
    """The transport under a session: a WebSocket or a polling client."""

    name: str

    def send(self, outgoing: Sequence[Outgoing]) -> bool:
        """Send, or keep until it can be sent; False if the client has left too much unread."""

    @property
    def pending(self) -> int:
        """Bytes that wait to be sent."""

    def close(self, code: Code | None) -> None:
        """End it: with *code* where the transport can say one."""


class Engine(Protocol):
    """What a session needs from the server that made it."""

    ping_interval: float
    ping_timeout: float

    async def on_message(self, session: Session, data: str | bytes) -> None: ...
    async def on_closed(self, session: Session, reason: str) -> None: ...
    def spawn(self, work: Awaitable[None]) -> None: ...


class Session:
    """Sends in order, answers pings, and ends once.

    A session that is closed takes nothing more: `send` is then silent, since its client is told by
    the disconnect.
    """

    __slots__ = ("_engine", "_timer", "closed", "connected_at", "link", "sid", "upgrading", "user")

    def __init__(self, sid: str, engine: Engine, connected_at: float) -> None:
        self.sid = sid
        self.link: Link | None = None
        self.closed = False
        self.upgrading = False
        self.connected_at = connected_at
        self.user: dict[str, Any] = {}  # python-socketio keeps its session data here
        self._engine = engine
        self._timer: asyncio.TimerHandle | None = None

    def start(self, link: Link) -> None:
        """Begin on *link*: pings are sent from now on."""
        self.link = link
        self._timer = asyncio.get_running_loop().call_later(self._engine.ping_interval, self._ping)

    def send(self, outgoing: Sequence[Outgoing], *, volatile: bool = False) -> None:
        """Send all of *outgoing* or, when the client reads too slowly, nothing more ever."""
        if self.closed or self.link is None:
            return
        if not self.link.send(outgoing) and not volatile:
            self.close(SERVER_DISCONNECT, SLOW)

    async def caught_up(self) -> None:
        """Return when the client has read nearly all that it was sent, or is gone."""
        # Asked for again and again: a transport's buffer tells nobody when it has become shorter.
        while not self.closed and self.link is not None and self.link.pending > CAUGHT_UP_BYTES:  # noqa: ASYNC110
            await asyncio.sleep(CAUGHT_UP_SECONDS)

    async def receive(self, packet: Packet) -> None:
        """Act on a packet of the client. Raises MalformedError for one that it may not send."""
        if self.closed:
            return
        if packet.kind == packets.MESSAGE:
            await self._engine.on_message(self, packet.data)
        elif packet.kind == packets.PONG:
            self._pong()
        elif packet.kind == packets.CLOSE:
            self.close(CLIENT_DISCONNECT)
        else:
            raise MalformedError(f"a client may not send an Engine.IO packet of type {packet.kind}")

    def move_to(self, link: Link) -> None:
        """Go on over *link* (an upgrade); what waits on the old one is not part of it."""
        self.link = link

    def close(self, reason: str, code: Code | None = None) -> None:
        """End the session; repeated calls change nothing."""
        if self.closed:
            return
        self.closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self.link is not None:
            self.link.close(code)
        self._engine.spawn(self._engine.on_closed(self, reason))

    def _ping(self) -> None:
        self.send((_PING,))
        self._timer = asyncio.get_running_loop().call_later(
            self._engine.ping_timeout, self.close, PING_TIMEOUT
        )

    def _pong(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._engine.ping_interval, self._ping)


_PING = Outgoing(Packet(packets.PING))
