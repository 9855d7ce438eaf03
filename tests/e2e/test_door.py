"""WebSockets are opened however their request comes, and not too many at once."""

from __future__ import annotations

import json
import socket
import time

import pytest

from chat_gateway.limits.doorstep import PER_CLIENT
from tests.e2e.lone_gateway import lone_gateway
from tests.e2e.raw_clients import SECONDS, Wire, exchange, opened

REQUEST = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: here\r\n"
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
CONNECT = b"\x81\x82\0\0\0\x0040"
PER_SECOND = 20.0


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with lone_gateway(tmp_path_factory.mktemp("door")) as program:
        yield program


@pytest.fixture
def connection(gateway):
    with socket.create_connection(("127.0.0.1", gateway.port), SECONDS) as connection:
        yield connection


def read_until(connection: socket.socket, end: bytes) -> bytes:
    received = b""
    while end not in received:
        data = connection.recv(65536)
        assert data, received
        received += data
    return received


def greeted(connection: socket.socket) -> None:
    """The handshake's answer, the session's, and the namespace's."""
    answer = read_until(connection, b'"maxPayload":1000000}')
    assert answer.startswith(b"HTTP/1.1 101 ")
    assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in answer
    connection.sendall(CONNECT)
    assert b'40{"sid":"' in read_until(connection, b'"}')


def test_a_request_that_comes_at_once_opens_it(connection):
    connection.sendall(REQUEST)
    greeted(connection)


def test_a_request_that_comes_byte_by_byte_opens_it(connection):
    for number in range(len(REQUEST)):
        connection.sendall(REQUEST[number : number + 1])
    greeted(connection)


def test_what_comes_with_the_request_is_read(connection):
    connection.sendall(REQUEST + CONNECT)
    assert b'40{"sid":"' in read_until(connection, b'40{"sid":"')


def test_a_request_on_a_connection_that_was_polled_on_opens_it(connection):
    """As proxies send it that keep their connections."""
    for _ in range(2):
        connection.sendall(b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = read_until(connection, b'"maxPayload":1000000}')
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert json.loads(answer.partition(b"\r\n\r\n0")[2])["upgrades"] == ["websocket"]
    connection.sendall(REQUEST)
    greeted(connection)


def test_newcomers_are_spread_where_a_pace_is_set(tmp_path):
    with lone_gateway(tmp_path, admitted_per_second=PER_SECOND) as program:
        began = time.monotonic()
        sockets = [
            socket.create_connection(("127.0.0.1", program.port), SECONDS) for _ in range(10)
        ]
        for one in sockets:
            one.sendall(REQUEST)
        for one in sockets:
            greeted(one)
            one.close()
        assert time.monotonic() - began >= 8 / PER_SECOND
        with Wire(program.port) as client:
            client.send("40")
            assert str(client.read()).startswith("40")


def test_one_address_has_as_many_idle_connections_as_browsers_need(tmp_path):
    """Whether they have said nothing yet, or are kept after an answer."""
    with lone_gateway(tmp_path, connections_per_address=1) as gateway:
        address = ("127.0.0.1", gateway.port)
        silent = [socket.create_connection(address, SECONDS) for _ in range(PER_CLIENT - 2)]
        kept = [socket.create_connection(address, SECONDS) for _ in range(2)]
        for one in kept:
            one.sendall(b"GET /nothing HTTP/1.1\r\nHost: here\r\n\r\n")
            assert b" 404 " in one.recv(65_536)
        answer = exchange(gateway.port, b"")
        assert answer.startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
        for one in (silent.pop(), kept.pop()):
            one.close()
        with opened(gateway.port):
            pass
        for one in (*silent, *kept):
            one.close()
