"""A Socket.IO client that costs as little as can be."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import time
from typing import cast

from chat_gateway.sockets import frames

TEXT = "x" * 100


class Client(asyncio.Protocol):
    """Speaks as much WebSocket, Engine.IO and Socket.IO as it takes to count."""

    def __init__(self, port: int, room: str, sender: bool, text: str = TEXT) -> None:
        self.ready = asyncio.get_running_loop().create_future()
        self.deliveries = 0
        self.latencies: list[float] = []
        self.sender = sender
        self.closed = False
        self.transport: asyncio.Transport
        self._text = text
        self._room = room
        self.port = port
        self._rest = b""
        self._open = False
        self._heard: asyncio.Future[None] | None = None

    def chats(self) -> asyncio.Future[None]:
        """Say something; done when it has come back."""
        self._heard = asyncio.get_running_loop().create_future()
        self.say()
        return self._heard

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(os.urandom(16)).decode()
        self.transport.write(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{self.port}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        at = 0
        if not self._open:
            at = data.find(b"\r\n\r\n") + 4
            if at < 4:
                self._rest = data
                return
            if b" 101 " not in data[:16]:
                raise ConnectionError(data[:200])
            self._open = True
        while len(data) - at >= 4:
            size, start = data[at + 1], at + 2
            if size == 126:
                size, start = int.from_bytes(data[start : start + 2], "big"), start + 2
            if len(data) < start + size:
                break
            self._packet(data[start : start + size])
            at = start + size
        self._rest = data[at:]

    def connection_lost(self, exc: BaseException | None) -> None:
        self.closed = True
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("closed while it was connecting"))

    def say(self) -> None:
        message = {"nickname": "n", "message": f"{id(self)} {time.perf_counter():.6f} {self._text}"}
        if self._room:
            message["room"] = self._room
        self._send("42" + json.dumps(["chat message", message]))

    def _packet(self, packet: bytes) -> None:
        if packet.startswith(b'42["chat message"'):
            self.deliveries += 1
            if self._heard is not None or self.sender:
                self._mine(packet)
        elif packet == b"2":
            self._send("3")
        elif packet.startswith(b"0"):
            self._send("40")
        elif packet.startswith(b"40"):
            if self._room:
                self._send("42" + json.dumps(["join", self._room]))
            self.ready.set_result(None)

    def _mine(self, packet: bytes) -> None:
        who, sent, _ = packet.partition(b'"message":"')[2].split(b" ", 2)
        if int(who) != id(self):
            return
        if self._heard is not None:
            self._heard.set_result(None)
            self._heard = None
        else:
            self.latencies.append(time.perf_counter() - float(sent))
            self.say()

    def _send(self, text: str) -> None:
        frame = bytearray(frames.frame(frames.TEXT, text.encode()))
        head = 2 if frame[1] < 126 else 4
        frame[1] |= 0x80
        frame[head:head] = b"\0\0\0\0"  # a mask that changes nothing
        self.transport.write(bytes(frame))
