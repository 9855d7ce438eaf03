"""One client's WebSocket: frames are read from and written to its transport, without a task, a
queue or a timer of its own.

Source: RFC 6455.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple, Protocol, cast

from chat_gateway.sockets import frames, packets
from chat_gateway.sockets.counts import Counts
from chat_gateway.sockets.frames import FrameError, Message, Reader
from chat_gateway.sockets.packets import Outgoing
from chat_gateway.sockets.wheel import Turn, Wheel
from chatcluster.core.codes import Code
from chatcluster.core.errors import MalformedError

CLOSE_SECONDS = 2.0  # for the client to answer a close frame, before its connection is cut
NORMAL = 1000  # RFC 6455 section 7.4.1


class Owner(Protocol):
    """Whom a WebSocket belongs to: a session, or an upgrade that may become one."""

    def received(self, payload: bytes, *, binary: bool) -> None:
        """A message came. Raises MalformedError for one that may not be sent."""

    def keeps_up(self, link: WebSocket, write: bool) -> None:
        """The client reads fast enough that what is sent to it can be written at once (or not)."""

    def gone(self, link: WebSocket, *, clean: bool) -> None:
        """Nothing more will come; *clean* if the client has closed as the protocol wants it. When
        what came before has been handled, `part` is to be called.
        """


class Parting(NamedTuple):
    """How a client has made an end: with a close frame (*clean*), or by breaking the protocol."""

    number: int  # that it is to be answered with
    reason: str
    clean: bool


class Shared:
    """What the WebSockets of a server have in common: sizes in bytes."""

    def __init__(self, counts: Counts, *, max_payload: int, send_buffer: int) -> None:
        self.counts = counts
        self.send_buffer = send_buffer
        self.max_payload = max_payload
        self.closing: Wheel[WebSocket] = Wheel(CLOSE_SECONDS, _cut)
        self.all: set[WebSocket] = set()
        self.reader = Reader(max_payload)  # for all who have sent nothing incomplete


class WebSocket(asyncio.Protocol):
    """A transport that `owner` sends to and is called by.

    It ends once: with a close frame of ours, which the client has CLOSE_SECONDS to answer, with one
    of the client's, or with its connection.
    """

    name = "websocket"
    __slots__ = ("_ended", "_reader", "_shared", "behind", "owner", "parting", "transport")

    def __init__(self, transport: asyncio.Transport, shared: Shared) -> None:
        self.owner: Owner | None = None
        self.transport = transport
        self.behind = False  # half of what may be unsent is
        self._shared = shared
        self._reader: Reader | None = None
        self._ended = False  # a close frame was sent, or the connection is gone
        self.parting: Parting | None = None
        transport.set_write_buffer_limits(high=shared.send_buffer // 2)
        shared.all.add(self)

    # What a session calls.

    def send(self, outgoing: Sequence[Outgoing]) -> bool:
        if self._ended:
            return True
        if self.behind:
            if self.pending > self._shared.send_buffer:
                return False
            lasting = [one for one in outgoing if not one.volatile]
            self._shared.counts.dropped += len(outgoing) - len(lasting)
            outgoing = lasting
            if not outgoing:
                return True
        data = packets.joined(outgoing)
        self._shared.counts.sent += len(data)
        self.transport.write(data)
        return True

    @property
    def pending(self) -> int:
        return self.transport.get_write_buffer_size()

    def close(self, code: Code | None) -> None:
        if code is None:
            self.end(NORMAL, "")
        else:
            self.end(code.number, code.name)

    def end(self, number: int, reason: str) -> None:
        """Send a close frame; the client has CLOSE_SECONDS to read it and to close."""
        if self._ended:
            return
        self._ended = True
        if not self.transport.is_closing():
            self.transport.write(frames.close_frame(number, reason))
            # A connection that is closed with unread data is reset, and the client may never see
            # why (RFC 6455 section 7.1.1): so whatever it still sends is read, up to its own close.
            self.transport.resume_reading()
            self._shared.closing.add(self)

    def part(self) -> None:
        """Answer the client's close frame, or whatever else it has made an end with."""
        if self.parting is not None:
            self.end(self.parting.number, self.parting.reason)
            if self.parting.clean:
                self.transport.close()  # section 7.1.1: after both frames, the server does it

    def pause_reading(self) -> None:
        self.transport.pause_reading()

    def resume_reading(self) -> None:
        if not self.transport.is_closing():
            self.transport.resume_reading()

    # What the event loop calls.

    def data_received(self, data: bytes) -> None:
        if self.parting is not None and not self._ended:
            return
        messages: list[Message] = []
        shared = self._shared
        shared.counts.received += len(data)
        reader = self._reader or shared.reader
        try:
            reader.feed(data, messages)
        except FrameError as error:
            self._take(messages)
            if self.parting is None:
                self._depart(Parting(error.number, str(error), clean=False))
            if reader is shared.reader:
                shared.reader = Reader(shared.max_payload)
            else:
                self._reader = None
            return
        if reader.pending:
            if reader is shared.reader:
                self._reader, shared.reader = reader, Reader(shared.max_payload)
        else:
            self._reader = None
        self._take(messages)

    def eof_received(self) -> bool:
        return False  # the transport closes itself

    def pause_writing(self) -> None:
        self.behind = True
        if self.owner is not None:
            self.owner.keeps_up(self, False)

    def resume_writing(self) -> None:
        self.behind = False
        if self.owner is not None and not self._ended:
            self.owner.keeps_up(self, True)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._ended = True
        self._reader = None
        self._shared.all.discard(self)
        self._let_go(clean=False)

    def _take(self, messages: list[Message]) -> None:
        for kind, payload in messages:
            if kind == frames.CLOSE:
                self._closed(payload)
                return
            if self._ended:
                continue
            try:
                if kind <= frames.BINARY:
                    if self.owner is not None:
                        self.owner.received(payload, binary=kind == frames.BINARY)
                elif kind == frames.PING and not self.behind:
                    self.transport.write(frames.frame(frames.PONG, payload))
            except MalformedError as error:
                self.fail(error)

    def _closed(self, payload: bytes) -> None:
        """The client's close frame."""
        try:
            frames.check_close(payload)
        except FrameError as error:
            self._depart(Parting(error.number, str(error), clean=False))
        else:
            number = int.from_bytes(payload[:2], "big") or NORMAL
            self._depart(Parting(number, "", clean=True))

    def _depart(self, parting: Parting) -> None:
        self.parting = parting
        if self.owner is None:
            self.part()
        else:
            self._let_go(clean=parting.clean)

    def fail(self, error: MalformedError) -> None:
        number = error.number if isinstance(error, FrameError) else frames.PROTOCOL_ERROR
        self.end(number, str(error))
        self._let_go(clean=False)

    def _let_go(self, *, clean: bool) -> None:
        owner, self.owner = self.owner, None
        if owner is not None:
            owner.gone(self, clean=clean)


def _cut(socket: WebSocket, turn: Turn[WebSocket]) -> None:
    socket.transport.abort()


def as_transport(transport: asyncio.BaseTransport) -> asyncio.Transport:
    """uvloop's have its interface without being instances of it."""
    return cast(asyncio.Transport, transport)
