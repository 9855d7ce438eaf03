"""Clients that are slow, say nothing, or do not listen lose their connection; others do not."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import psutil
import pytest

from tests.e2e.lone_gateway import lone_gateway, unharmed
from tests.e2e.raw_clients import CUT, SECONDS, Chatter, Poller, Wire, drain
from tests.gateways import Program

TEXT = "x" * 90_000
SLOW = 3008


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    settings = {
        "request_timeout": 1,
        "connect_timeout": 1,
        "send_buffer": 65_536,
        "text_limit": 100_000,
    }
    with lone_gateway(tmp_path_factory.mktemp("slow"), **settings) as program:
        yield program


@pytest.fixture(scope="module")
def pinging(tmp_path_factory):
    settings = {"ping_interval": 0.3, "ping_timeout": 0.5}
    with lone_gateway(tmp_path_factory.mktemp("pinging"), **settings) as program:
        yield program


@pytest.fixture
def others(gateway):
    with unharmed(gateway) as witness:
        yield witness


def tcp(gateway: Program) -> socket.socket:
    return socket.create_connection(("127.0.0.1", gateway.port), SECONDS)


def process(gateway: Program) -> psutil.Process:
    assert gateway.process is not None
    return psutil.Process(gateway.process.pid)


def eventually(true: Callable[[], bool], seconds: float = 8.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.05)


def trickle(connection: socket.socket, data: bytes) -> float:
    """Send a byte every 50 ms; the seconds until the server had enough."""
    began = time.monotonic()
    connection.settimeout(0.05)
    for number in range(len(data)):
        try:
            connection.sendall(data[number : number + 1])
            if connection.recv(65536):
                connection.settimeout(SECONDS)
                drain(connection)
            break
        except TimeoutError:
            continue
        except ConnectionError:
            break
    else:
        raise AssertionError("all of it was taken")
    return time.monotonic() - began


def fill(connection: socket.socket, data: bytes) -> None:
    """Send *data* again and again until it is not taken any more."""
    try:
        while True:
            connection.sendall(data)
    except (TimeoutError, ConnectionError):
        return


def test_a_head_that_comes_byte_by_byte_is_cut_off(gateway, others):
    with tcp(gateway) as connection:
        assert 0.9 < trickle(connection, b"GET / HTTP/1.1\r\nX-Slow: " + b"x" * 200) < 4.0


def test_a_body_that_comes_byte_by_byte_is_cut_off(gateway, others):
    for length in ("Content-Length: 500\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n1f4\r\n"):
        line = f"POST /socket.io/?EIO=4&transport=polling&sid={Poller(gateway.port).sid} HTTP/1.1"
        with tcp(gateway) as connection:
            connection.sendall(f"{line}\r\nHost: here\r\n{length}".encode())
            assert 0.9 < trickle(connection, b"4" * 400) < 4.0


def test_two_hundred_silent_connections_are_closed(gateway, others):
    before = process(gateway).num_fds()
    silent = [tcp(gateway) for _ in range(200)]
    others.chats()
    eventually(lambda: process(gateway).num_fds() <= before)
    for connection in silent:
        assert drain(connection) == b""
        connection.close()


def test_a_client_that_joins_no_namespace_is_closed(gateway, others):
    poller = Poller(gateway.port)
    with Wire(gateway.port) as client:
        began = time.monotonic()
        assert client.ending() == 1000
        assert 0.8 < time.monotonic() - began < 4.0
    assert poller.get() == (200, "1")
    assert poller.get()[0] == 400


def test_a_client_that_does_not_read_an_answer_is_cut_off(gateway, others):
    """Answers to pipelined requests pile up until the client's window is full."""
    before = process(gateway).num_fds()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", gateway.port))
        connection.settimeout(0.5)
        one = b"GET /page/chat.js HTTP/1.1\r\nHost: here\r\n\r\n"
        fill(connection, one * 1000)
        assert process(gateway).num_fds() > before
        eventually(lambda: process(gateway).num_fds() <= before)


def test_a_client_that_stops_reading_is_closed_as_slow(gateway, others):
    """What waits for it is bounded, and the others have every message."""
    with Chatter(gateway.port, "/", receive_buffer=4096) as deaf, Chatter(gateway.port, "/") as ada:
        deaf.ask("join", "flood")
        ada.ask("join", "flood")
        before = process(gateway).memory_info().rss
        for number in range(80):
            ada.ask("chat message", {"room": "flood", "message": f"{number} {TEXT}"})
        for number in range(80):
            while not (heard := ada.event("chat message")).get("room"):
                pass
            assert heard["message"].startswith(f"{number} ")
        assert process(gateway).memory_info().rss - before < 40_000_000
        others.chats()
        # Its close frame is behind megabytes in the kernel's buffers, and may not have got out.
        assert deaf.ending() in (SLOW, CUT)


def test_a_client_that_does_not_poll_is_closed_as_slow(gateway, others):
    poller = Poller(gateway.port)
    poller.post("40")
    with Chatter(gateway.port, "/") as ada:
        for _ in range(3):
            ada.ask("chat message", {"message": TEXT})
    assert poller.get() == (200, "1")  # without what it did not fetch
    assert poller.get()[0] == 400


def test_a_client_that_does_not_answer_pings_leaves_its_rooms(pinging):
    """Closed after interval and timeout, 0.8 seconds; who answers stays."""
    with Chatter(pinging.port, "/", deaf=True) as deaf, Chatter(pinging.port, "/") as ada:
        ada.ask("join", "tea")
        deaf.ask("join", {"room": "tea", "nickname": "deaf"})
        joined: list[str] = []
        while not joined:
            joined = [p["id"] for p in ada.event("presence")["joined"] if p["nickname"] == "deaf"]
        began = time.monotonic()
        while ada.event("presence")["left"] != joined:
            pass
        assert 0.2 < time.monotonic() - began < 4.0
        assert deaf.ending() == 1000
        assert ada.ask("presence", "tea")["count"] == 1
    assert "Traceback" not in pinging.output()


def test_a_polling_client_that_does_not_answer_pings_leaves_its_rooms(pinging):
    poller = Poller(pinging.port)
    with Chatter(pinging.port, "/") as ada:
        ada.ask("join", "coffee")
        poller.post("40", '42["join","coffee"]')
        while not ada.event("presence")["joined"]:
            pass
        while not ada.event("presence")["left"]:
            pass
        assert ada.ask("presence", "coffee")["count"] == 1
    assert poller.get()[0] == 400
