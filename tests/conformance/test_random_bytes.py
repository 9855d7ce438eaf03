"""Conversations with random bytes changed: a gateway and its other clients live on, and nothing is
left of them.
"""

from __future__ import annotations

import contextlib
import random
import socket
import time

import psutil
import pytest

from tests.conformance.frames import BINARY, CLOSE, FIN, HEADERS, PING, PONG, TEXT, fragments, frame
from tests.e2e.lone_gateway import lone_gateway, unharmed

SECONDS = 6.0
LEAST = 200  # conversations in that time, on any machine
WARM = 100  # conversations after which memory is measured
GROWTH = 24 * 2**20  # bytes
QUERY = "/socket.io/?EIO=4&transport="


def upgraded(*frames: bytes) -> bytes:
    lines = (f"GET {QUERY}websocket HTTP/1.1", *HEADERS, "", "")
    return "\r\n".join(lines).encode() + b"".join(frames)


def posted(body: bytes) -> bytes:
    lines = (
        f"POST {QUERY}polling&sid=nobody HTTP/1.1",
        "Host: here",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join([*lines, "", ""]).encode() + body


def text(packet: str) -> bytes:
    return frame(FIN | TEXT, packet.encode())


SAID = '420["chat message",{"message":"grüße","nickname":"ada"}]'
CONVERSATIONS = [
    upgraded(text("40"), text(SAID), text('421["join",{"room":"tea"}]'), text("41"), text("1")),
    upgraded(text("40"), *fragments(TEXT, [SAID.encode()[n : n + 7] for n in range(0, 63, 7)])),
    upgraded(text("40"), frame(FIN | PING, b"x" * 125), frame(FIN | PONG), text("3"), text(SAID)),
    upgraded(
        text("40"), text('451-["a",{"_placeholder":true,"num":0}]'), frame(FIN | BINARY, b"x")
    ),
    upgraded(text("40"), frame(FIN | TEXT, b"4" * 70_000), frame(FIN | CLOSE, b"\x03\xe8bye")),
    upgraded(text("40"), frame(TEXT, size=2**20), b"x" * 1000),
    f"GET {QUERY}polling HTTP/1.1\r\nHost: here\r\n\r\n".encode() * 3,
    posted(b"40\x1e" + SAID.encode()),
    b"GET / HTTP/1.1\r\nHost: here\r\n\r\n",
]


def changed(data: bytes, chance: random.Random) -> bytes:
    """With a few bytes flipped, cut out, repeated, moved or replaced."""
    for _ in range(chance.randint(1, 6)):
        # Often behind the request's head, which would be refused as a whole.
        least = data.find(b"\r\n\r\n") + 4 if chance.random() < 0.8 else 0
        start = chance.randint(min(least, len(data)), len(data))
        end = min(len(data), start + chance.choice((0, 1, 1, 2, 4, 8, 100)))
        middle = chance.choice(
            (
                b"",
                data[start:end] * 2,
                chance.randbytes(end - start),
                bytes(byte ^ 1 << chance.randrange(8) for byte in data[start:end]),
                chance.choice(
                    (b"\x00", b"\xff", b"\x7f\xff", b"\x80", b"\x1e", b"\r\n", b"\x88\x80")
                ),
            )
        )
        data = data[:start] + middle + data[end:]
    return data


def converse(port: int, data: bytes, chance: random.Random) -> None:
    """Send it in a few pieces and read what comes, or leave in the middle."""
    with (
        socket.create_connection(("127.0.0.1", port), 1.0) as connection,
        contextlib.suppress(OSError),
    ):
        cut = chance.randint(0, len(data))
        connection.sendall(data[:cut])
        connection.sendall(data[cut:])
        if chance.random() < 0.7:
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass


@pytest.mark.timeout(120)
def test_changed_conversations_harm_nobody(tmp_path):
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # pytest shows it when the test fails
    chance = random.Random(seed)
    with lone_gateway(tmp_path, ping_interval=1, ping_timeout=3, request_timeout=1) as gateway:
        assert gateway.process is not None
        process = psutil.Process(gateway.process.pid)
        with unharmed(gateway) as witness:
            before = (process.num_fds(), gateway.stats()["connections"])
            memory = done = 0
            ends = time.monotonic() + SECONDS
            while time.monotonic() < ends or done < LEAST:
                converse(gateway.port, changed(chance.choice(CONVERSATIONS), chance), chance)
                done += 1
                if done == WARM:
                    memory = process.memory_info().rss
                if done % 50 == 0:
                    witness.chats()
            patience = time.monotonic() + 20
            while (process.num_fds(), gateway.stats()["connections"]) > before:
                assert time.monotonic() < patience, "connections are left over"
                witness.chats()
                time.sleep(0.1)
            growth = process.memory_info().rss - memory
            print(f"{done} conversations, {growth} bytes")
            assert growth < GROWTH
