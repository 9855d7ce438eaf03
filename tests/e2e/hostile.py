"""Requests and packets that nobody sends who means well: made at random, from a seed."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

POLLING = "/socket.io/?EIO=4&transport=polling"
WEBSOCKET = "/socket.io/?EIO=4&transport=websocket"
HEADERS = [
    b"Host: here",
    b"Connection: Upgrade",
    b"Upgrade: websocket",
    b"Sec-WebSocket-Version: 13",
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
]
# A second request that hides in the first: where two programs disagree about its length, spelling
# or end (CWE-444).
SMUGGLED = b"GET /page/app.js HTTP/1.1\r\nHost: smuggled\r\n\r\n"
AMBIGUOUS = [
    [b"Content-Length: 5", b"Content-Length: 6"],
    [b"Content-Length: 5, 6"],
    [b"Content-Length: +5"],
    [b"Content-Length: 5 5"],
    [b"Content-Length: 0x5"],
    [b"Content-Length: -1"],
    [b"Content-Length: 99999999999999999999"],
    [b"Content-Length: 5", b"Transfer-Encoding: chunked"],
    [b"Transfer-Encoding: chunked", b"Content-Length: 5"],
    [b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"],
    [b"Transfer-Encoding: xchunked"],
    [b"Transfer-Encoding: chunked, identity"],
    [b"Transfer-Encoding : chunked"],
    [b" Transfer-Encoding: chunked"],
    [b"X: y\n Transfer-Encoding: chunked"],
    [b"Transfer-Encoding:\x0bchunked"],
    [b"Transfer-Encoding: chunked\0"],
    [b"Content-Length\0: 5"],
    [b"X: y\rContent-Length: 5"],
]
# Signs that are read in one way and shown, compared or stored in another.
UNICODE = [
    "\u202egnihtyna",
    "\u2066x\u2069",
    "a\u0300" * 50,
    "\ufdfa" * 20,
    "\u200b\u200d\ufeff",
    "\U000e0041\U000e007f",
    "\uff1cscript\uff1e",
    "\u0130\u0131\u017f",
    "ﬀ",
    "\ud800",
    "\udfff\ud800",
    "\x00",
    "\u0085\u2028\u2029",
    "\U0010ffff",
    "👩‍👩‍👧‍👦" * 20,
]
POLLUTION: list[Any] = [
    {"__proto__": {"polluted": "yes"}},
    {"constructor": {"prototype": {"polluted": "yes"}}},
    {"message": "x", "__proto__": {"room": "elsewhere", "polluted": 1}},
    ["__proto__", "polluted"],
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
]
NUMBERS = [0, -1, 1e308, 2**53, -(2**63), 2**64, 1.5, 10**400]
EVENTS = [
    "chat message",
    "join",
    "leave",
    "history",
    "presence",
    "typing",
    "create",
    "remove",
    "auth",
    "moderate",
    "no",
]
FIELDS = ["message", "nickname", "room", "key", "after", "before", "limit", "typing", "from", "to"]
FIELDS += ["token", "action", "who", "seconds", "reason"]


def handshakes(count: int, chance: random.Random) -> Iterator[bytes]:
    """Requests, each for a connection of its own."""
    kinds: list[Callable[[random.Random], bytes]] = [_mangled, _mangled, _smuggling, _odd, _noise]
    for _ in range(count):
        yield chance.choice(kinds)(chance)


def smuggling(ambiguity: list[bytes], line: str) -> bytes:
    """A request with a body that is *ambiguous*, and another one within or behind it."""
    head = [f"{line} HTTP/1.1".encode(), b"Host: here", *ambiguity]
    return b"\r\n".join(head) + b"\r\n\r\n0\r\n\r\n" + SMUGGLED


def packets(count: int, chance: random.Random) -> Iterator[str]:
    """Engine.IO messages with Socket.IO packets."""
    for _ in range(count):
        packet = _packet(chance)
        if chance.random() < 0.2:
            at = chance.randrange(len(packet) + 1)
            packet = (
                packet[:at] + chance.choice(["", "[", '"', "\x00", "9", ","]) + packet[at + 1 :]
            )
        yield packet


def _mangled(chance: random.Random) -> bytes:
    """An opening of a WebSocket with a line that is doubled, missing, cut, or changed."""
    headers = list(HEADERS)
    for _ in range(chance.randrange(3)):
        at = chance.randrange(len(headers))
        line = headers[at]
        headers[at : at + 1] = chance.choice(
            [
                [],
                [line, line],
                [line[: chance.randrange(len(line))]],
                [line.replace(b":", chance.choice([b"", b" :", b"::", b"\0:", b":\n"]))],
                [line.swapcase()],
                [line + chance.randbytes(chance.randrange(1, 30))],
                [b"X: " + b"y" * chance.randrange(4000)],
            ]
        )
    query = f"{WEBSOCKET}{chance.choice(['', '&sid=x', '&EIO=3', '&%00', '&transport=polling'])}"
    end = chance.choice([b"\r\n\r\n", b"\r\n\r\n", b"\n\n", b"\r\n", b""])
    return b"\r\n".join([f"GET {query} HTTP/1.1".encode(), *headers]) + end


def _smuggling(chance: random.Random) -> bytes:
    line = chance.choice([f"POST {POLLING}", f"GET {WEBSOCKET}", f"GET {POLLING}", "GET /"])
    ambiguity = chance.choice(AMBIGUOUS)
    more = HEADERS[1:] if chance.random() < 0.5 else []
    return smuggling([*ambiguity, *more], line)


def _odd(chance: random.Random) -> bytes:
    """A request line that is none."""
    line = chance.choice(
        [
            "GET http://elsewhere/ HTTP/1.1",
            "CONNECT here:443 HTTP/1.1",
            "TRACE / HTTP/1.1",
            f"GET {POLLING}&sid={'x' * chance.randrange(9000)} HTTP/1.1",
            f"GET /{'../' * chance.randrange(50)}etc/passwd HTTP/1.1",
            f"GET {POLLING} HTTP/{chance.choice(['0.9', '1.0', '1.2', '2.0', '3', '11'])}",
            "PRI * HTTP/2.0",
            f"get {POLLING} http/1.1",
            f"GET\t{POLLING}\tHTTP/1.1",
            "GET  / HTTP/1.1",
        ]
    )
    return f"{line}\r\nHost: here\r\nOrigin: https://evil.example\r\n\r\n".encode()


def _noise(chance: random.Random) -> bytes:
    return chance.randbytes(chance.randrange(1, 300)) + b"\r\n\r\n"


def _packet(chance: random.Random) -> str:
    kind = chance.choice(["2", "2", "2", "2", "21", "2/room,3", "2/messages/tea,4", "0", "0/room,"])
    if kind.startswith("0"):
        return f"4{kind}{_json(_value(chance, 2), chance)}"
    if chance.random() < 0.05:
        return chance.choice(
            ["1", "3", "4", "44{}", "451-", "4529-[]", "43[]", "4", "46", "6", "2x"]
        )
    event = chance.choice([*EVENTS, *EVENTS, "__proto__", "constructor", "connect", "x" * 500])
    return f"4{kind}{_json([event, _value(chance, 4)], chance)}"


def _value(chance: random.Random, depth: int) -> Any:
    roll = chance.random()
    if roll < 0.3 and depth:
        names = chance.sample(FIELDS, chance.randrange(1, 4))
        return {name: _value(chance, depth - 1) for name in names}
    if roll < 0.4:
        return chance.choice(POLLUTION)
    if roll < 0.6:
        return chance.choice(UNICODE)
    if roll < 0.7:
        return chance.choice(NUMBERS)
    if roll < 0.75:
        return _nested(chance.randrange(2, 900))
    if roll < 0.8:
        return {"_placeholder": True, "num": chance.choice(NUMBERS)}
    return chance.choice([None, True, "", " ", "tea", "x" * chance.randrange(9000), [], {}])


def _nested(depth: int) -> Any:
    value: Any = "deep"
    for _ in range(depth):
        value = [value]
    return value


def _json(value: Any, chance: random.Random) -> str:
    if chance.random() < 0.5:
        return json.dumps(value)  # with half surrogate pairs, as JavaScript writes them
    raw = json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass")
    return raw.decode(errors="replace")
