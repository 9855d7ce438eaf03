"""RFC 6455 section 4: the opening handshake, on our server and on Node's."""

from __future__ import annotations

import itertools
import socket
import struct

import pytest

from tests.conformance.frames import ACCEPT, CLOSE, ECHO, FIN, HEADERS, TEXT, Peer, frame
from tests.e2e.raw_clients import SECONDS, drain

QUERY = "?EIO=4&transport=websocket"
KEY = next(line for line in HEADERS if line.startswith("Sec-WebSocket-Key"))


def head(*lines: str) -> bytes:
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def without(*names: str) -> list[str]:
    return [line for line in HEADERS if not line.startswith(names)]


def asked(port: int, data: bytes) -> tuple[int, dict[str, str]]:
    """The status and the headers, by their names in lower case, of the answer."""
    with socket.create_connection(("127.0.0.1", port), SECONDS) as connection:
        connection.sendall(data)
        answer = connection.makefile("rb")
        with answer:
            status = int(answer.readline().split()[1])
            lines = list(itertools.takewhile(lambda line: line != b"\r\n", answer))
    fields = (line.decode().partition(":") for line in lines)
    return status, {name.lower(): value.strip() for name, _, value in fields}


ACCEPTABLE = {
    "as in the RFC": HEADERS,
    "other cases": (
        "host: here",
        "UPGRADE: WebSocket",
        "connection: upgrade",
        f"sec-websocket-key:{KEY.partition(':')[2]}",
        "SEC-WEBSOCKET-VERSION: 13",
    ),
    "several tokens": (*without("Connection"), "Connection: keep-alive, Upgrade"),
    "extensions and protocols": (
        *HEADERS,
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-unknown",
    ),
    "an origin": (*HEADERS, "Origin: http://elsewhere.example"),
}


@pytest.mark.parametrize("headers", ACCEPTABLE.values(), ids=ACCEPTABLE.keys())
def test_a_request_for_a_websocket_is_accepted(servers, path, headers):
    """With the answer to its key, and no extension."""
    status, answer = asked(servers.calm, head(f"GET {path}{QUERY} HTTP/1.1", *headers))
    assert status == 101
    assert answer["upgrade"].lower() == "websocket"
    assert answer["connection"].lower() == "upgrade"
    assert answer["sec-websocket-accept"] == ACCEPT
    assert "sec-websocket-extensions" not in answer


REFUSED = {
    "no key": without("Sec-WebSocket-Key"),
    "a short key": [*without("Sec-WebSocket-Key"), "Sec-WebSocket-Key: AAAA"],
    "a key of other letters": [*without("Sec-WebSocket-Key"), "Sec-WebSocket-Key: ???"],
    "no version": without("Sec-WebSocket-Version"),
    "a version of no digits": [*without("Sec-WebSocket-Version"), "Sec-WebSocket-Version: \xff"],
    "a later version": [*without("Sec-WebSocket-Version"), "Sec-WebSocket-Version: 14"],
}


@pytest.mark.parametrize("headers", REFUSED.values(), ids=REFUSED.keys())
def test_a_request_that_lacks_something_is_refused(servers, path, headers):
    """With 400, or 426 for the version (section 4.2.2)."""
    asks = head(f"GET {path}{QUERY} HTTP/1.1", *headers)
    assert asked(servers.calm, asks)[0] in (400, 426)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_only_a_get_becomes_a_websocket(servers, path, method):
    asks = head(f"{method} {path}{QUERY} HTTP/1.1", *HEADERS, "Content-Length: 0")
    assert asked(servers.calm, asks)[0] in (400, 405)


def test_a_plain_get_of_the_websocket_transport_is_refused(servers, path):
    assert asked(servers.calm, head(f"GET {path}{QUERY} HTTP/1.1", "Host: here"))[0] == 400


def test_a_request_in_pieces_is_accepted(servers, path):
    with socket.create_connection(("127.0.0.1", servers.calm), SECONDS) as connection:
        request = head(f"GET {path}{QUERY} HTTP/1.1", *HEADERS)
        for byte in request:
            connection.sendall(bytes((byte,)))
        assert connection.recv(12) == b"HTTP/1.1 101"


def test_a_websocket_may_follow_a_poll_on_the_same_connection(servers, path):
    with socket.create_connection(("127.0.0.1", servers.calm), SECONDS) as connection:
        poll = QUERY.replace("websocket", "polling")
        connection.sendall(head(f"GET {path}{poll} HTTP/1.1", "Host: here"))
        assert b" 200 " in connection.recv(65536)
        connection.sendall(head(f"GET {path}{QUERY} HTTP/1.1", *HEADERS))
        assert b" 101 " in connection.recv(65536)


def test_frames_that_come_with_the_request_are_read(ours):
    """A client may not send them yet (section 4.1); none is lost all the same."""
    request = head(f"GET {ECHO} HTTP/1.1", *HEADERS)
    hurried = request + frame(FIN | TEXT, b"4a") + frame(FIN | CLOSE, b"\x03\xe8")
    with socket.create_connection(("127.0.0.1", ours.calm), SECONDS) as connection:
        connection.sendall(hurried)
        answer = drain(connection)
    assert answer.endswith(b"\x81\x024a\x88\x02\x03\xe8")


def test_a_connection_that_ends_in_the_handshake_harms_nothing(servers):
    request = head(f"GET {ECHO} HTTP/1.1", *HEADERS)
    for size in range(0, len(request), 10):
        with socket.create_connection(("127.0.0.1", servers.calm), SECONDS) as connection:
            connection.sendall(request[:size])
    with Peer(servers.calm) as peer:
        peer.send(frame(FIN | TEXT, b"4a"))
        assert peer.message() == b"4a"


def test_a_client_that_leaves_before_the_answer_is_no_error(ours, caplog):
    request = head(f"GET {ECHO} HTTP/1.1", *HEADERS)
    for _ in range(50):
        connection = socket.create_connection(("127.0.0.1", ours.calm), SECONDS)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(request)
        connection.close()  # with a reset
    with Peer(ours.calm) as peer:
        peer.send(frame(FIN | TEXT, b"4a"))
        assert peer.message() == b"4a"
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_http_1_0_has_no_websockets(ours):
    """Section 4.2.1; Node's server lets it pass."""
    status, _ = asked(ours.calm, head(f"GET {ECHO} HTTP/1.0", *HEADERS))
    assert status == 400


def test_a_draft_of_the_rfc_is_refused(servers):
    """Versions before 13 had other frames, or other rules for them."""
    older = [*without("Sec-WebSocket-Version"), "Sec-WebSocket-Version: 7"]
    assert asked(servers.calm, head(f"GET {ECHO} HTTP/1.1", *older))[0] in (400, 426)
