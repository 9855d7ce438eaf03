"""Engine.IO 4 packets.

Source: the Engine.IO protocol, revision 4 (socketio/socket.io, docs/engine.io-protocol).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chat_gateway.sockets import frames
from chatcluster.core.errors import MalformedError

OPEN, CLOSE, PING, PONG, MESSAGE, UPGRADE, NOOP = "0123456"
SEPARATOR = "\x1e"  # between the packets of a polling body


class Packet(NamedTuple):
    """One Engine.IO packet; a message's `data` is bytes when it was binary."""

    kind: str
    data: str | bytes = ""


def decode(encoded: str | bytes) -> Packet:
    """One packet as it comes in a WebSocket message. Raises MalformedError."""
    if isinstance(encoded, bytes):
        return Packet(MESSAGE, encoded)
    if not encoded or encoded[0] not in "0123456":
        raise MalformedError(f"no Engine.IO packet begins with {encoded[:1]!r}")
    return Packet(encoded[0], encoded[1:])


def decode_body(body: bytes, most: int) -> Iterator[Packet]:
    """The packets of a polling POST, at most *most*. Raises MalformedError."""
    try:
        parts = body.decode().split(SEPARATOR)
    except UnicodeDecodeError as error:
        raise MalformedError("a polling body must be UTF-8") from error
    if len(parts) > most:
        raise MalformedError(f"more than {most} packets in one polling body")
    return (_decode_part(part) for part in parts)


def _decode_part(part: str) -> Packet:
    if not part.startswith("b"):
        return decode(part)
    try:
        return Packet(MESSAGE, base64.b64decode(part[1:], validate=True))
    except ValueError as error:
        raise MalformedError(f"not base64: {error}") from error


class Outgoing:
    """One packet to be sent, to however many: each form of it is built once, when first needed.

    `volatile`: who does not keep up need not have it.
    """

    __slots__ = ("_binary", "_frame", "_payload", "_text", "volatile")

    def __init__(self, packet: Packet) -> None:
        kind, data = packet
        self._binary = isinstance(data, bytes)
        self._payload = data if isinstance(data, bytes) else (kind + data).encode()
        self._frame: bytes | None = None
        self._text: str | None = None
        self.volatile = False

    @classmethod
    def written(cls, payload: bytes) -> Outgoing:
        """A text packet whose encoded form is there already."""
        outgoing = cls.__new__(cls)
        outgoing._binary = False
        outgoing._payload = payload
        outgoing._frame = outgoing._text = None
        outgoing.volatile = False
        return outgoing

    @property
    def packet(self) -> Packet:
        return decode(self._payload if self._binary else self._payload.decode())

    @property
    def frame(self) -> bytes:
        """As a WebSocket message, ready to be written."""
        if self._frame is None:
            kind = frames.BINARY if self._binary else frames.TEXT
            self._frame = frames.frame(kind, self._payload)
        return self._frame

    @property
    def text(self) -> str:
        """As a part of a polling body."""
        if self._text is None:
            payload = self._payload
            self._text = (
                "b" + base64.b64encode(payload).decode() if self._binary else payload.decode()
            )
        return self._text


def message(data: str | bytes) -> Outgoing:
    """A Socket.IO packet, or one of its binary attachments, on its way."""
    return Outgoing(Packet(MESSAGE, data))


def joined(outgoing: Sequence[Outgoing]) -> bytes:
    """The frames of all of them, for one write."""
    return outgoing[0].frame if len(outgoing) == 1 else b"".join([one.frame for one in outgoing])
