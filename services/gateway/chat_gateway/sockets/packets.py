"""Engine.IO 4 packets and WebSocket frames as bytes.

Source: the Engine.IO protocol, revision 4 (socketio/socket.io, docs/engine.io-protocol), and RFC
6455 section 5.2.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import NamedTuple

from chatcluster.core.errors import MalformedError

OPEN, CLOSE, PING, PONG, MESSAGE, UPGRADE, NOOP = "0123456"
SEPARATOR = "\x1e"  # between the packets of a polling body

_TEXT_FRAME, _BINARY_FRAME, _CLOSE_FRAME = 0x81, 0x82, 0x88


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
    """One packet to be sent, to however many: each form of it is built once, when first needed."""

    __slots__ = ("_frame", "_text", "packet")

    def __init__(self, packet: Packet) -> None:
        self.packet = packet
        self._frame: bytes | None = None
        self._text: str | None = None

    @property
    def frame(self) -> bytes:
        """As a WebSocket message, ready to be written."""
        if self._frame is None:
            kind, data = self.packet
            self._frame = (
                frame(_BINARY_FRAME, data)
                if isinstance(data, bytes)
                else frame(_TEXT_FRAME, (kind + data).encode())
            )
        return self._frame

    @property
    def text(self) -> str:
        """As a part of a polling body."""
        if self._text is None:
            kind, data = self.packet
            self._text = (
                "b" + base64.b64encode(data).decode() if isinstance(data, bytes) else kind + data
            )
        return self._text


def message(data: str | bytes) -> Outgoing:
    """A Socket.IO packet, or one of its binary attachments, on its way."""
    return Outgoing(Packet(MESSAGE, data))


def frame(opcode: int, payload: bytes) -> bytes:
    """An unmasked, final frame: what a server sends (RFC 6455 sections 5.1 and 5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((opcode, size)) + payload
    if size < 65536:
        return bytes((opcode, 126)) + size.to_bytes(2, "big") + payload
    return bytes((opcode, 127)) + size.to_bytes(8, "big") + payload


def close_frame(number: int, reason: str) -> bytes:
    """A close frame; the reason is cut to what a control frame holds (RFC 6455 section 5.5)."""
    return frame(_CLOSE_FRAME, number.to_bytes(2, "big") + reason.encode()[:123])
