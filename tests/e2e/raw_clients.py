"""Clients that say whatever a test wants, well formed or not."""

from __future__ import annotations

import http.client
import itertools
import json
import socket
import time
from collections import deque
from typing import Any, Self
from urllib.parse import urlencode

import websocket
from socketio import packet as sio
from websocket import ABNF

from chat_gateway.sockets.packets import SEPARATOR

SECONDS = 5.0  # for an answer
PATH = "/socket.io/"
CUT = 1006  # RFC 6455 section 7.1.5: the connection ended without a close frame


class Closed(Exception):  # noqa: N818 - an ending, which is often what a test waits for
    """The server ended the connection; `code` is its close frame's, or CUT."""

    def __init__(self, code: int) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class Wire:
    """An Engine.IO client on a WebSocket; it answers pings unless it is `deaf`."""

    def __init__(
        self,
        port: int,
        *,
        path: str = PATH,
        sid: str | None = None,
        receive_buffer: int | None = None,
        deaf: bool = False,
        **headers: str,
    ) -> None:
        query = {"EIO": 4, "transport": "websocket", **({"sid": sid} if sid else {})}
        options = []
        if receive_buffer is not None:
            options.append((socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer))
        self.socket = websocket.WebSocket(sockopt=options, enable_multithread=False)
        url = f"ws://127.0.0.1:{port}{path}?{urlencode(query)}"
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        self.socket.connect(url, timeout=SECONDS, header=given, suppress_origin=True)
        self.port = port
        self.deaf = deaf
        self.handshake = {} if sid else json.loads(self._read_text()[1:])

    def send(self, *packets: str | bytes) -> None:
        """Each as one message."""
        for packet in packets:
            binary = isinstance(packet, bytes)
            self.socket.send(packet, ABNF.OPCODE_BINARY if binary else ABNF.OPCODE_TEXT)

    def send_bytes(self, data: bytes) -> None:
        """Straight into the TCP connection."""
        assert self.socket.sock is not None
        self.socket.sock.sendall(data)

    def read(self) -> str | bytes:
        """The next packet that is not a ping. Raises Closed."""
        while True:
            packet = self._read()
            if packet != "2":
                return packet
            if not self.deaf:
                self.send("3")

    def read_until_pong(self) -> None:
        """Read until the server has answered a ping frame. Raises Closed."""
        opcode = None
        while opcode != ABNF.OPCODE_PONG:
            opcode, data = self._receive()
            if opcode == ABNF.OPCODE_CLOSE:
                raise Closed(int.from_bytes(data[:2], "big"))

    def ending(self) -> int:
        """Read until the connection ends; how it was closed."""
        try:
            while True:
                self.read()
        except Closed as closed:
            return closed.code

    def close(self) -> None:
        """Cut the connection, without a word."""
        self.socket.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self) -> str | bytes:
        opcode, data = self._receive()
        while opcode in (ABNF.OPCODE_PING, ABNF.OPCODE_PONG):
            opcode, data = self._receive()
        if opcode == ABNF.OPCODE_CLOSE:
            raise Closed(int.from_bytes(data[:2], "big"))
        return data.decode() if opcode == ABNF.OPCODE_TEXT else data

    def _receive(self) -> tuple[int, bytes]:
        try:
            message: tuple[int, bytes] = self.socket.recv_data(control_frame=True)
        except (websocket.WebSocketConnectionClosedException, ConnectionError) as error:
            raise Closed(CUT) from error
        return message

    def _read_text(self) -> str:
        packet = self.read()
        assert isinstance(packet, str)
        return packet


class Chatter(Wire):
    """A Socket.IO client."""

    def __init__(self, port: int, *namespaces: str, **options: Any) -> None:
        super().__init__(port, **options)
        self._numbers = itertools.count()
        self._events: deque[sio.Packet] = deque()
        for namespace in namespaces:
            assert self.connect(namespace).packet_type == sio.CONNECT

    def connect(self, namespace: str = "/", auth: Any = None) -> sio.Packet:
        """The server's CONNECT or CONNECT_ERROR."""
        self.send_packet(sio.CONNECT, auth, namespace)
        return self._wait(lambda p: p.packet_type in (sio.CONNECT, sio.CONNECT_ERROR))

    def send_packet(
        self, kind: int, data: Any = None, namespace: str = "/", number: int | None = None
    ) -> None:
        encoded = sio.Packet(kind, data, namespace, number).encode()
        parts = encoded if isinstance(encoded, list) else [encoded]
        self.send(*(f"4{part}" if isinstance(part, str) else part for part in parts))

    def tell(self, event: str, *args: Any, namespace: str = "/") -> None:
        """An event without an acknowledgement."""
        self.send_packet(sio.EVENT, [event, *args], namespace)

    def ask(self, event: Any, *args: Any, namespace: str = "/") -> Any:
        """The acknowledgement of an event."""
        number = next(self._numbers)
        self.send_packet(sio.EVENT, [event, *args], namespace, number)
        return self.answer(number)

    def answer(self, number: int) -> Any:
        """The acknowledgement with this number."""
        acks = (sio.ACK, sio.BINARY_ACK)
        return self._wait(lambda p: p.packet_type in acks and p.id == number).data[0]

    def event(self, name: str) -> Any:
        """The first argument of the next event of that name, whatever came before it."""
        return self._wait(lambda p: p.packet_type == sio.EVENT and p.data[0] == name).data[1]

    def packet(self) -> sio.Packet:
        """The next Socket.IO packet."""
        encoded = self._read_text()
        assert encoded[0] == "4", encoded
        return sio.Packet(encoded_packet=encoded[1:])

    def _wait(self, wanted: Any) -> sio.Packet:
        for packet in self._events:
            if wanted(packet):
                self._events.remove(packet)
                return packet
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            packet = self.packet()
            if wanted(packet):
                return packet
            self._events.append(packet)
        raise AssertionError("no such packet came")


class Poller:
    """An Engine.IO client that polls: each request on a connection of its own."""

    def __init__(
        self, port: int, *, path: str = PATH, connected: bool = True, **headers: str
    ) -> None:
        self.port = port
        self.path = path
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.sid: str | None = None
        if connected:
            status, body = self.get()
            assert status == 200, body
            self.sid = json.loads(body[1:])["sid"]

    def get(self) -> tuple[int, str]:
        return self.request("GET")

    def post(self, *packets: str) -> tuple[int, str]:
        return self.request("POST", SEPARATOR.join(packets).encode())

    def request(
        self, method: str, body: bytes | None = None, **query: str | None
    ) -> tuple[int, str]:
        """Status and body; *query* in addition to, or (None) without, the usual fields."""
        fields = {"EIO": "4", "transport": "polling", "sid": self.sid, **query}
        given = urlencode({name: value for name, value in fields.items() if value is not None})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request(method, f"{self.path}?{given}", body, self.headers)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()


def exchange(port: int, request: bytes) -> bytes:
    """Send bytes to the port; everything that came back until the server closed."""
    with socket.create_connection(("127.0.0.1", port), SECONDS) as connection:
        connection.sendall(request)
        return drain(connection)


def drain(connection: socket.socket) -> bytes:
    """Everything until the other side closes."""
    received = b""
    try:
        while data := connection.recv(65536):
            received += data
    except ConnectionResetError:
        pass
    return received
