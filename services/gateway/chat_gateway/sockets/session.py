"""One client's Engine.IO session, whatever transport it is on just now."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Sequence
from typing import Any

from chat_gateway.access.identity import Identity, stranger
from chat_gateway.sockets import frames, packets
from chat_gateway.sockets.counts import Counts
from chat_gateway.sockets.handshake import Handshake
from chat_gateway.sockets.packets import Outgoing, Packet
from chat_gateway.sockets.ports import Engine, Link
from chat_gateway.sockets.roommate import Roommate
from chat_gateway.sockets.websocket import WebSocket
from chat_gateway.sockets.wheel import Turn
from chatcluster.core.codes import SLOW, Code
from chatcluster.core.errors import MalformedError

# The reasons for a disconnect that python-socketio gives to handlers.
TRANSPORT_CLOSE = "transport close"
TRANSPORT_ERROR = "transport error"
CLIENT_DISCONNECT = "client disconnect"
SERVER_DISCONNECT = "server disconnect"
PING_TIMEOUT = "ping timeout"

MOST_WAITING = 64  # messages of a client that wait for one that is being handled


class Session(Roommate):
    """Sends in order, answers pings, and ends once.

    A session that is closed takes nothing more: `send` is then silent, since its client is told by
    the disconnect.
    """

    __slots__ = (
        "_engine",
        "_left",
        "_turn",
        "_waiting",
        "closed",
        "connected_at",
        "granted",
        "handshake",
        "link",
        "pinged",
        "settling",
        "sid",
        "unsettled",
        "upgrading",
        "users",
    )

    def __init__(
        self,
        sid: str,
        engine: Engine,
        connected_at: float,
        handshake: Handshake | None = None,
        place: str | None = None,
    ) -> None:
        super().__init__(place)
        self.sid = sid
        self.link: Link | None = None
        self.closed = False
        self.upgrading = False
        self.pinged = False  # and the pong has not come
        self.connected_at = connected_at
        self.handshake = handshake
        self.granted: Identity | None = None  # as whom it was let in, where that is asked
        self.users: dict[str, Any] | None = None  # what handlers stored, by namespace
        self.unsettled = 0  # events whose outcome is not known yet
        self.settling: asyncio.Future[None] | None = None  # done when there are none any more
        self._engine = engine
        self._left = ""  # why the session ends when what the client sent before is handled
        self._turn: Turn[Session] | None = None
        self._waiting: deque[tuple[bytes, bool]] | None = None  # while a message is being handled

    @property
    def counts(self) -> Counts:
        return self._engine.counts

    @property
    def user(self) -> dict[str, Any]:
        if self.users is None:
            self.users = {}
        return self.users

    @property
    def identity(self) -> Identity:
        """Whose session this is."""
        return self.granted or stranger(self.handshake.address if self.handshake else "")

    def start(self, link: Link) -> None:
        """Begin on *link*: pings are sent from now on."""
        self._turn = self._engine.pings.add(self)
        self.move_to(link)

    def send(self, outgoing: Sequence[Outgoing]) -> None:
        """Send all of *outgoing* or, when the client reads too slowly, nothing more ever; whoever
        does not keep up is not sent what is volatile.
        """
        if self.closed or self.link is None:
            return
        if self.rooms:
            self.overtake_rooms()
        if not self.link.send(outgoing) and not all(one.volatile for one in outgoing):
            self.close(SERVER_DISCONNECT, SLOW)

    async def receive(self, packet: Packet) -> None:
        """Act on a packet of the client, and return when that is done. Raises MalformedError for
        one that it may not send.
        """
        data = packet.data
        binary = isinstance(data, bytes)
        work = self._act(packet.kind, data if isinstance(data, bytes) else data.encode(), binary)
        if work is not None:
            await work

    def move_to(self, link: Link) -> None:
        """Go on over *link* (an upgrade); what waits on the old one is not part of it."""
        self.link = link
        if isinstance(link, WebSocket):
            link.owner = self
            self.keeps_up(link, not link.behind)

    def close(self, reason: str, code: Code | None = None) -> None:
        """End the session; repeated calls change nothing."""
        if self.closed:
            return
        if code is not SLOW:
            self.overtake_rooms()
            if self.closed:  # it was too slow for that
                return
        self.closed = True
        self.counts.closed.add(reason if code is None else code.name)
        self._turn = None
        self.is_written_by(None)
        if self.link is not None:
            self.link.close(code)
        self._engine.spawn(self._engine.on_closed(self, reason))

    def release(self) -> None:
        """Its end has been handled: let go of what is large, since deadlines keep the rest until
        they come.
        """
        self.link = self.handshake = self.users = self.granted = None

    def settle(self) -> None:
        """The outcome of an event is known."""
        self.unsettled -= 1
        if self.settling is not None and not self.unsettled:
            self.settling.set_result(None)
            self.settling = None

    # What its WebSocket calls.

    def received(self, payload: bytes, *, binary: bool) -> None:
        """One message: handled at once, or after those that came before it."""
        if self._waiting is not None:
            self._waiting.append((payload, binary))
            if len(self._waiting) == MOST_WAITING and isinstance(self.link, WebSocket):
                self.link.pause_reading()
            return
        work = self._take(payload, binary)
        if work is not None:
            self._waiting = deque()
            self._engine.handle(self._work(work))

    def keeps_up(self, link: WebSocket, write: bool) -> None:
        if self.link is link and not self.closed:
            self.is_written_by(link.transport.write if write else None)

    def gone(self, link: WebSocket, *, clean: bool) -> None:
        reason = TRANSPORT_CLOSE if clean else TRANSPORT_ERROR
        if self._waiting is not None and link.parting is not None and not self.closed:
            self._left = reason
            self.is_written_by(None)
        else:
            link.part()
            self.close(reason)

    def _take(self, payload: bytes, binary: bool) -> Awaitable[None] | None:
        if binary:
            return self._act(packets.MESSAGE, payload, True)
        if payload[:1] == _MESSAGE and not self.closed:
            return self._engine.receiver.message(self, payload[1:], binary=False)
        packet = packets.decode(frames.text(payload))
        return self._act(packet.kind, b"", False)

    def _act(self, kind: str, data: bytes, binary: bool) -> Awaitable[None] | None:
        if self.closed:
            return None
        if kind == packets.MESSAGE:
            return self._engine.receiver.message(self, data, binary=binary)
        if kind == packets.PONG:
            if self.pinged:  # else any number of them would set as many deadlines
                self.pinged = False
                self._turn = self._engine.pings.add(self)
        elif kind == packets.CLOSE:
            self.close(CLIENT_DISCONNECT)
        else:
            raise MalformedError(f"a client may not send an Engine.IO packet of type {kind}")
        return None

    async def _work(self, work: Awaitable[None]) -> None:
        """Handle what takes time, and what comes meanwhile after it."""
        link = self.link
        try:
            await work
            while self._waiting:
                payload, binary = self._waiting.popleft()
                following = self._take(payload, binary)
                if following is not None:
                    await following
        except MalformedError as error:
            if isinstance(link, WebSocket):
                link.fail(error)
        except BaseException:
            self.close(TRANSPORT_ERROR)
            raise
        finally:
            self._waiting = None
        if isinstance(link, WebSocket):
            if self._left:
                link.part()
                self.close(self._left)
            link.resume_reading()

    def ping(self, turn: Turn[Session]) -> None:
        """The time for one has come."""
        if turn is self._turn:
            self.pinged = True
            self._turn = self._engine.timeouts.add(self)
            self.send((_PING,))

    def ping_timeout(self, turn: Turn[Session]) -> None:
        if turn is self._turn:
            self.close(PING_TIMEOUT)


_PING = Outgoing(Packet(packets.PING))
_MESSAGE = packets.MESSAGE.encode()
