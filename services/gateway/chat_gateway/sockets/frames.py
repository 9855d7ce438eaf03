"""WebSocket frames: read, joined to messages, and built; without I/O.

Source: RFC 6455, sections 5 (framing), 7.4 (close codes) and 8.1 (UTF-8).
"""

from __future__ import annotations

from chatcluster.core.errors import MalformedError

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FIN = 0x80
PROTOCOL_ERROR, NOT_UTF8, TOO_BIG = 1002, 1007, 1009  # section 7.4.1

_MASKED = 0x80
_RESERVED_BITS = 0x70
_NO_MASK = b"\0\0\0\0"
_CONTROL_LIMIT = 125  # section 5.5
_REASON_LIMIT = _CONTROL_LIMIT - 2
# First bytes that a client may send: no reserved bits (nobody has negotiated an extension), known
# opcodes, and control frames only whole.
_FIRST = frozenset(
    (0x00, 0x01, 0x02, 0x80, 0x81, 0x82, FIN | CLOSE, FIN | PING, FIN | PONG),
)

Message = tuple[int, bytes]  # the opcode of its first frame, and its payload


class FrameError(MalformedError):
    """What a client may not send; `number` is the close code that tells it."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(reason)
        self.number = number


class Reader:
    """Makes messages of what a client sends, in whatever pieces it comes.

    A message is one text or binary message, however many fragments it had, or a control frame. None
    is longer than *limit* bytes.
    """

    __slots__ = ("_kind", "_limit", "_needed", "_parts", "_rest", "_room")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = bytearray()  # the beginning of a frame
        self._needed = 0  # bytes of it, before reading on makes sense
        self._kind = CONTINUATION  # of the message whose fragments are in `_parts`
        self._parts: bytearray | None = None
        self._room = limit  # for what the message may still have

    @property
    def pending(self) -> bool:
        """Whether something has begun that has not come to its end."""
        return bool(self._rest) or self._parts is not None

    def feed(self, data: bytes, messages: list[Message]) -> None:
        """Append to *messages* what *data* completes.

        Raises FrameError for what may not be sent; *messages* then has what came before it.
        """
        if self._rest:
            self._rest += data
            if len(self._rest) < self._needed:
                return
            data = bytes(self._rest)
            self._rest.clear()
        at, end = 0, len(data)
        while at < end:
            frame = read(data, at, self._room)
            if isinstance(frame, int):
                self._rest += data[at:]
                self._needed = frame
                return
            first, payload, at = frame
            if first & FIN and first & 0xF and (self._parts is None or first & CLOSE):
                messages.append((first & 0xF, payload))
            else:
                self._join(first, payload, messages)

    def _join(self, first: int, payload: bytes, messages: list[Message]) -> None:
        """Section 5.4."""
        opcode = first & 0xF
        if (opcode == CONTINUATION) != (self._parts is not None):
            raise FrameError(PROTOCOL_ERROR, "a fragment of nothing, or a message within another")
        if self._parts is None:
            self._kind, self._parts = opcode, bytearray()
        # Not a list: millions of empty ones would fill the memory, and are within the limit.
        self._parts += payload
        self._room -= len(payload)
        if first & FIN:
            messages.append((self._kind, bytes(self._parts)))
            self._parts, self._room = None, self._limit


def read(data: bytes, at: int, limit: int) -> tuple[int, bytes, int] | int:
    """The frame at *at*: its first byte, its payload, and where it ends. Where *data* does not have
    all of it, how many bytes from *at* on are needed to know more. A data frame may have *limit*
    bytes.

    Raises FrameError, as soon as it can be told.
    """
    there = len(data) - at
    if there < 2:
        return 2
    first, size = data[at], data[at + 1] - _MASKED
    if first not in _FIRST:
        raise FrameError(PROTOCOL_ERROR, _what_is_wrong(first))
    if size < 0:
        raise FrameError(PROTOCOL_ERROR, "a client masks its frames")
    start = at + 6
    if size > _CONTROL_LIMIT:
        start = _after_long_head(first, at, size)
        if there < start - at - 4:
            return start - at
        size = int.from_bytes(data[at + 2 : start - 4], "big")
    if size > limit and not first & CLOSE:
        raise FrameError(TOO_BIG, f"{size} bytes, at most {limit}")
    end = start + size
    if end > at + there:
        return end - at
    mask, payload = data[start - 4 : start], data[start:end]
    return first, payload if mask == _NO_MASK else apply_mask(payload, mask), end


def _after_long_head(first: int, at: int, size: int) -> int:
    """Where the payload begins when the head has two or eight more bytes for its size."""
    if first & CLOSE:
        raise FrameError(PROTOCOL_ERROR, "a control frame of more than 125 bytes")
    return at + 6 + (2 if size == 126 else 8)


def apply_mask(payload: bytes, mask: bytes) -> bytes:
    """Masks and unmasks (section 5.3); as one large number, which is done in C."""
    size = len(payload)
    pad = (mask * (size // 4 + 1))[:size]
    number = int.from_bytes(payload, "little") ^ int.from_bytes(pad, "little")
    return number.to_bytes(size, "little")


def text(payload: bytes) -> str:
    """A text message. Raises FrameError."""
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise FrameError(NOT_UTF8, "text that is not UTF-8") from error


def check_close(payload: bytes) -> None:
    """Raises FrameError for a close frame that may not be sent (sections 5.5.1 and 7.4)."""
    if not payload:
        return
    number = int.from_bytes(payload[:2], "big")
    if len(payload) == 1 or not _may_be_sent(number):
        raise FrameError(PROTOCOL_ERROR, "a close frame without a code that may be sent")
    text(payload[2:])


def frame(opcode: int, payload: bytes) -> bytes:
    """An unmasked, final frame: what a server sends (sections 5.1 and 5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((FIN | opcode, size)) + payload
    if size < 65536:
        return bytes((FIN | opcode, 126)) + size.to_bytes(2, "big") + payload
    return bytes((FIN | opcode, 127)) + size.to_bytes(8, "big") + payload


def close_frame(number: int, reason: str) -> bytes:
    """A close frame; the reason is cut to what a control frame holds, at a whole character."""
    cut = reason.encode()[:_REASON_LIMIT].decode(errors="ignore").encode()
    return frame(CLOSE, number.to_bytes(2, "big") + cut)


def _may_be_sent(number: int) -> bool:
    """Section 7.4.2, and IANA's registry of close codes for those from 1012 on."""
    return 3000 <= number < 5000 or (1000 <= number <= 1014 and number not in (1004, 1005, 1006))


def _what_is_wrong(first: int) -> str:
    if first & _RESERVED_BITS:
        return "reserved bits are set"
    if first & 0xF in (CLOSE, PING, PONG):
        return "a fragmented control frame"
    return f"the opcode {first & 0xF} is reserved"
