"""RFC 6455 section 5.1: "The server MUST close the connection upon receiving a frame that is not
masked", which aiohttp does not check.
"""

from __future__ import annotations

from typing import Any

_MASK = 0x80
_REFUSED = b"\xff\xff"  # as a frame's beginning: all reserved bits are set (section 5.2)


class MaskedReader:
    """Stands before aiohttp's frame parser until the first frame has shown that the client masks;
    a client masks all its frames or none.
    """

    def __init__(self, parser: Any) -> None:
        self._parser = parser
        self._head = b""
        self._masks = False

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        if self._masks:
            result: tuple[bool, bytes] = self._parser.feed_data(data)
            return result
        self._head += data
        if len(self._head) < 2:
            return False, b""
        self._masks = True
        if not self._head[1] & _MASK:
            self._head = _REFUSED
        return self.feed_data(self._head)

    def feed_eof(self) -> None:
        self._parser.feed_eof()
