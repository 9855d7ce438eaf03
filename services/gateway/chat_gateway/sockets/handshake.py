"""The HTTP request that opens a WebSocket, and the answer to it; without I/O.

Source: RFC 6455 section 4.2, RFC 9112 sections 3 and 5.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

from chat_gateway.sockets.headers import fold

PATH = "/socket.io/"
LONGEST_HEAD = 16_384  # bytes

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY = re.compile("[A-Za-z0-9+/]{22}==")  # 16 bytes in base64
_REQUEST_LINE = re.compile(rf"GET {PATH}\?([!-~]*) HTTP/1\.1")
_NAME = re.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # "token" in RFC 9110 section 5.6.2
_BEGINNING = f"GET {PATH}?".encode()
_END = b"\r\n\r\n"


class Handshake:
    """What is kept of the request that opened a client's connection: its headers as one string.

    `address` is that of the other end, until the client's own is known.
    """

    __slots__ = ("_headers", "_line", "_secure", "address")

    def __init__(
        self, line: tuple[str, str, str], headers: str, address: str, *, secure: bool
    ) -> None:
        self._line = line  # method, path, query
        self._headers = headers
        self.address = address
        self._secure = secure

    def environ(self) -> dict[str, Any]:
        """The request in WSGI's words (PEP 3333), as python-socketio gives it to handlers."""
        method, path, query = self._line
        headers = dict(line.partition(": ")[::2] for line in self._headers.split("\n"))
        return {
            "wsgi.url_scheme": "https" if self._secure else "http",
            "chat_gateway.headers": self._headers,
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REMOTE_ADDR": self.address,
            "HTTP_USER_AGENT": headers.get("user-agent", ""),
            "HTTP_ORIGIN": headers.get("origin", ""),
            "HTTP_X_FORWARDED_FOR": headers.get("x-forwarded-for", ""),
        }


class Opening:
    """A request for a WebSocket that follows all rules: its query and its headers."""

    __slots__ = ("headers", "key", "query", "rest", "text")

    def __init__(self, query: str, headers: list[tuple[str, str]], key: str, rest: bytes) -> None:
        self.text = query
        self.query = parse_qs(query, keep_blank_values=True)
        self.headers = headers
        self.key = key
        self.rest = rest  # what came after the request

    def kept(self, address: str) -> Handshake:
        return Handshake(("GET", PATH, self.text), fold(self.headers), address, secure=False)


def may_be_opening(data: bytes) -> bool:
    """Whether *data* can be the beginning of a request for a WebSocket that is not complete yet."""
    if len(data) < len(_BEGINNING):
        return _BEGINNING.startswith(data)
    if not data.startswith(_BEGINNING) or len(data) > LONGEST_HEAD or _END in data:
        return False
    line, end, _ = data.partition(b"\r\n")
    return not end or b"transport=websocket" in line


def opening(data: bytes) -> Opening | None:
    """The request at the beginning of *data*; None if it is not complete, or not one for a
    WebSocket that follows all rules: another server then finds the words to refuse it.
    """
    end = data.find(_END)
    if end < 0 or end > LONGEST_HEAD or not data.startswith(_BEGINNING):
        return None
    first, *lines = _text(data[:end]).split("\r\n")
    line = _REQUEST_LINE.fullmatch(first)
    headers = _headers(lines)
    if line is None or headers is None:
        return None
    key = _key(headers)
    return None if key is None else Opening(line[1], headers, key, data[end + 4 :])


def of_headers(query: str, raw: Iterable[tuple[bytes, bytes]]) -> Opening | None:
    """A request that was read by somebody else; None if it does not follow the rules."""
    headers = [(_text(name), _text(value)) for name, value in raw]
    key = _key(headers)
    return None if key is None else Opening(query, headers, key, b"")


def accepted(key: str) -> bytes:
    """The answer that opens the WebSocket (section 4.2.2)."""
    digest = base64.b64encode(hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + digest + _END
    )


def _headers(lines: Iterable[str]) -> list[tuple[str, str]] | None:
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or _NAME.fullmatch(name) is None or "\0" in value or "\n" in value:
            return None
        headers.append((name, value.strip(" \t")))
    return headers


def _key(headers: Iterable[tuple[str, str]]) -> str | None:
    """The key of a request that asks for a WebSocket, in the way of section 4.2.1."""
    asked: dict[str, str] = {}
    for name, value in headers:
        lower = name.lower()
        if lower in asked and lower in _ONCE:
            return None
        asked[lower] = value
    key = asked.get("sec-websocket-key", "")
    follows = (
        _NEEDED.items() <= {name: value.lower() for name, value in asked.items()}.items()
        and "upgrade" in re.split(r"[\s,]+", asked.get("connection", "").lower())
        and bool(asked.get("host"))
        and _WITH_BODY.isdisjoint(asked)
        and _KEY.fullmatch(key) is not None
    )
    return key if follows else None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


_NEEDED = {"upgrade": "websocket", "sec-websocket-version": "13"}
_WITH_BODY = frozenset(("content-length", "transfer-encoding", "expect"))
_ONCE = frozenset(("host", "sec-websocket-key", "sec-websocket-version", "upgrade", "connection"))
