"""RFC 6455 by hand: frames as bytes, and a client that sends whatever bytes a test wants."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterable
from typing import NamedTuple, Self

from tests.e2e.raw_clients import SECONDS

FIN = 0x80
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # of section 1.3
HEADERS = (
    "Host: here",
    "Upgrade: websocket",
    "Connection: Upgrade",
    f"Sec-WebSocket-Key: {KEY}",
    "Sec-WebSocket-Version: 13",
)
ECHO = "/engine.io/?EIO=4&transport=websocket"
MASK = b"\x37\xfa\x21\x3d"  # of section 5.7


class Frame(NamedTuple):
    """A server's: *first* holds FIN, the reserved bits and the opcode."""

    first: int
    payload: bytes


def frame(
    first: int, payload: bytes = b"", *, mask: bytes | None = MASK, size: int | None = None
) -> bytes:
    """A client's (section 5.2), which says that it has *size* bytes."""
    size = len(payload) if size is None else size
    bit = 0x80 if mask is not None else 0
    if size < 126:
        head = bytes((first, bit | size))
    elif size < 65536:
        head = bytes((first, bit | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, bit | 127)) + size.to_bytes(8, "big")
    return head + (payload if mask is None else mask + masked(payload, mask))


def masked(payload: bytes, mask: bytes) -> bytes:
    """Section 5.3."""
    return bytes(byte ^ key for byte, key in zip(payload, itertools.cycle(mask), strict=False))


def fragments(opcode: int, payloads: Iterable[bytes]) -> list[bytes]:
    """One message as the frames of section 5.4."""
    parts = list(payloads)
    opcodes = [opcode, *[CONTINUATION] * (len(parts) - 1)]
    opcodes[-1] |= FIN
    return [frame(first, part) for first, part in zip(opcodes, parts, strict=True)]


class Peer:
    """A client that has opened a WebSocket and read the session's handshake."""

    def __init__(self, port: int, target: str = ECHO) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port), SECONDS)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = self.connection.makefile("rb")
        lines = (f"GET {target} HTTP/1.1", *HEADERS)
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n")
        assert b" 101 " in self._received.readline()
        while self._received.readline() != b"\r\n":
            pass
        assert self.read().payload[:1] == b"0"

    def send(self, *data: bytes) -> None:
        self.connection.sendall(b"".join(data))

    def dribble(self, data: bytes, size: int = 1) -> None:
        """Send it *size* bytes at a time, each a segment of its own."""
        for start in range(0, len(data), size):
            self.connection.sendall(data[start : start + size])

    def read(self) -> Frame:
        """The next frame. Raises EOFError, and AssertionError for one that a server may not send:
        masked, fragmented, with reserved bits, or longer encoded than need be.
        """
        first, size = self._exactly(2)
        assert first & 0xF0 == FIN, hex(first)
        assert size < 0x80, "masked"
        if size >= 126:
            width, least = (2, 126) if size == 126 else (8, 65536)
            size = int.from_bytes(self._exactly(width), "big")
            assert size >= least
        return Frame(first & 0xF, self._exactly(size))

    def message(self) -> bytes:
        opcode, payload = self.read()
        assert opcode in (TEXT, BINARY), (opcode, payload)
        return payload

    def closing(self) -> bytes:
        """The payload of the close frame, which is the next frame and the last, before the end."""
        opcode, payload = self.read()
        assert opcode == CLOSE, (opcode, payload)
        return payload

    def ended(self) -> bool:
        """Whether the server closes the connection, without another byte."""
        try:
            return self._received.read(1) == b""
        except ConnectionResetError:
            return True

    def code(self) -> int:
        """The code that the connection is closed with."""
        return int.from_bytes(self.closing()[:2], "big")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._received.close()
        self.connection.close()

    def _exactly(self, size: int) -> bytes:
        data = self._received.read(size)
        if len(data) < size:
            raise EOFError
        return data
