"""HTTP requests that are malformed, or that come at the wrong time."""

from __future__ import annotations

import json
import socket
import threading
import time

import pytest

from chat_gateway.site import PAGE
from tests.e2e.lone_gateway import lone_gateway, unharmed
from tests.e2e.raw_clients import SECONDS, Chatter, Poller, drain, exchange

POLLING = b"/socket.io/?EIO=4&transport=polling"
KEY = b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="


def request(line: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    lines = (line + b" HTTP/1.1", b"Host: here", b"Connection: close", *headers)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def upgrade(*headers: bytes) -> bytes:
    line = b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1"
    lines = (line, b"Host: here", b"Connection: Upgrade", b"Upgrade: websocket", *headers)
    return b"\r\n".join(lines) + b"\r\n\r\n"


MALFORMED = {
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "an unknown version": b"GET / HTTP/9.9\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "a header without a colon": request(b"GET /", b"nonsense"),
    "a header of 20 kB": request(b"GET /", b"X-Long: " + b"x" * 20_000),
    "5000 headers": request(b"GET /", *[b"X-Many: 1"] * 5000),
    "a path of 20 kB": request(b"GET /" + b"x" * 20_000),
    "an unknown method": request(b"FETCH " + POLLING),
    "a port that is none": request(b"GET http://here:99999999/page/"),
    "a negative length": request(b"POST " + POLLING, b"Content-Length: -1"),
    "a length in words": request(b"POST " + POLLING, b"Content-Length: ten"),
    "two lengths": request(b"POST " + POLLING, b"Content-Length: 1", b"Content-Length: 2"),
    "chunks and a length": request(
        b"POST " + POLLING, b"Content-Length: 1", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"
    ),
    "a chunk without a size": request(
        b"POST " + POLLING, b"Transfer-Encoding: chunked", body=b"zz\r\n"
    ),
    "a WebSocket without a key": upgrade(b"Sec-WebSocket-Version: 13"),
    "a WebSocket with a short key": upgrade(b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: AA"),
    "a WebSocket with a key of no letters": upgrade(
        b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: \xc3\xa9"
    ),
    "a WebSocket of another version": upgrade(b"Sec-WebSocket-Version: 99", KEY),
    "a WebSocket without a version": upgrade(KEY),
    "another upgrade": request(b"GET /socket.io/?EIO=4&transport=websocket", b"Upgrade: h2c"),
}

OUTSIDE = [
    b"/page/../main.py",
    b"/page/../../../../../../etc/passwd",
    b"/page/%2e%2e/main.py",
    b"/page/..%2fmain.py",
    b"/page/..%5cmain.py",
    b"/page//etc/passwd",
    b"/page/%2fetc/passwd",
    b"/page/css/../../main.py",
    b"/page/./../main.py",
    b"/page/%00",
    b"/page/index.html%00.js",
    b"/page/%ff%fe",
    b"/page/",
    b"/page/css",
    b"/page/css/",
    b"/page/nothing.js",
    b"/../main.py",
    b"//etc/passwd",
]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with lone_gateway(tmp_path_factory.mktemp("requests"), request_timeout=1) as program:
        yield program


@pytest.fixture(autouse=True)
def _others(gateway):
    with unharmed(gateway):
        yield


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_request_is_answered_with_400(gateway, sent):
    with socket.create_connection(("127.0.0.1", gateway.port), SECONDS) as connection:
        connection.sendall(sent)
        assert status_of(connection.recv(65536)) == 400


@pytest.mark.parametrize("path", OUTSIDE, ids=[path.decode() for path in OUTSIDE])
def test_nothing_but_the_page_is_served(gateway, path):
    answer = exchange(gateway.port, request(b"GET " + path))
    assert status_of(answer) in (403, 404)
    assert b"import" not in answer
    assert b"root:" not in answer


def test_the_page_is_served(gateway):
    answer = exchange(gateway.port, request(b"GET /"))
    assert status_of(answer) == 200
    assert (PAGE / "index.html").read_bytes() in answer


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"transport": None}, "Transport unknown"),
        ({"transport": "carrier pigeon"}, "Transport unknown"),
        ({"transport": "websocket"}, "Bad request"),
        ({"EIO": None}, "Unsupported protocol version"),
        ({"EIO": "3"}, "Unsupported protocol version"),
        ({"EIO": "abc"}, "Unsupported protocol version"),
        ({"sid": "nobody"}, "Session ID unknown"),
        ({"sid": ""}, "Session ID unknown"),
        ({"sid": "\u00e9\x00\ud7ff"}, "Session ID unknown"),
        ({"sid": "nobody", "transport": "websocket"}, "Bad request"),
    ],
)
def test_a_bad_query_is_answered_with_400_and_says_why(gateway, query, message):
    for method in ("GET", "POST"):
        client = Poller(gateway.port, connected=False)
        status, body = client.request(method, None, **query)
        assert status == 400
        assert json.loads(body)["message"] == message


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "HEAD"])
def test_a_session_is_opened_by_get_only(gateway, method):
    client = Poller(gateway.port, connected=False)
    assert client.request(method)[0] == 400


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD"])
def test_other_methods_leave_a_session_as_it_is(gateway, method):
    client = Poller(gateway.port)
    assert client.request(method, b"40" if method != "HEAD" else None)[0] == 400
    client.post("40")
    assert client.get()[1].startswith("40")


def test_two_gets_at_once_end_the_session(gateway):
    client = Poller(gateway.port)
    answers: list[tuple[int, str]] = []
    waiting = threading.Thread(target=lambda: answers.append(client.get()))
    waiting.start()
    time.sleep(0.1)
    assert client.get()[0] == 400
    waiting.join()
    assert answers == [(200, "1")]
    assert client.get()[0] == 400


def test_two_posts_at_once_end_the_session(gateway):
    client = Poller(gateway.port)
    post = b"POST %s&sid=%s" % (POLLING, str(client.sid).encode())
    with socket.create_connection(("127.0.0.1", gateway.port), SECONDS) as slow:
        slow.sendall(request(post, b"Content-Length: 4", body=b"4"))
        time.sleep(0.1)
        assert client.post("40")[0] == 400
        slow.sendall(b"0\x1e3")
        drain(slow)
    assert client.get()[0] == 400


BODIES = {
    "shorter than it says": (408, [b"Content-Length: 10"], b"40"),
    "gzip that is none": (400, [b"Content-Length: 2", b"Content-Encoding: gzip"], b"40"),
    "a chunk that does not come": (408, [b"Transfer-Encoding: chunked"], b"2\r\n40\r\n5\r\n"),
    "chunks that turn bad": (408, [b"Transfer-Encoding: chunked"], b"2\r\n40\r\nzz\r\n"),
    "the word of a terabyte": (413, [b"Content-Length: 1099511627776"], b"4" * 1_000_001),
}


@pytest.mark.parametrize(("status", "headers", "body"), BODIES.values(), ids=BODIES.keys())
def test_a_body_that_is_not_what_it_says_ends_the_session(gateway, status, headers, body):
    client = Poller(gateway.port)
    post = b"POST %s&sid=%s" % (POLLING, str(client.sid).encode())
    with socket.create_connection(("127.0.0.1", gateway.port), SECONDS) as connection:
        connection.sendall(request(post, *headers))
        time.sleep(0.05)
        connection.sendall(body)
        assert status_of(drain(connection)) == status
    assert client.get()[0] == 400


def test_what_follows_a_body_that_is_longer_than_it_says_is_malformed(gateway):
    client = Poller(gateway.port)
    post = b"POST %s&sid=%s" % (POLLING, str(client.sid).encode())
    sent = request(post, b"Content-Length: 2", body=b"40 and more\r\n\r\n")
    assert status_of(exchange(gateway.port, sent)) == 400
    assert client.post("40") == (200, "ok")


def test_a_body_in_chunks_is_taken(gateway):
    client = Poller(gateway.port)
    post = b"POST %s&sid=%s" % (POLLING, str(client.sid).encode())
    chunks = b"1\r\n4\r\n1\r\n0\r\n0\r\n\r\n"
    answer = exchange(gateway.port, request(post, b"Transfer-Encoding: chunked", body=chunks))
    assert status_of(answer) == 200
    assert client.get()[1].startswith("40")


def test_a_post_that_breaks_off_ends_the_session(gateway):
    client = Poller(gateway.port)
    post = b"POST %s&sid=%s" % (POLLING, str(client.sid).encode())
    for headers, body in (([b"Content-Length: 9"], b"40"), ([b"Transfer-Encoding: chunked"], b"")):
        with socket.create_connection(("127.0.0.1", gateway.port), SECONDS) as connection:
            connection.sendall(request(post, *headers, body=body))
            time.sleep(0.05)
    time.sleep(0.05)
    assert client.get()[0] == 400


def test_many_requests_on_one_connection_are_answered_in_order(gateway):
    """Sent without waiting for the answers."""
    with Chatter(gateway.port, "/"):
        one = b"GET /socket.io/?EIO=4 HTTP/1.1\r\nHost: here\r\n\r\n"
        answer = exchange(gateway.port, one * 500 + request(b"GET /nothing"))
        assert answer.count(b"HTTP/1.1 400 Bad Request") == 500
        assert answer.count(b"HTTP/1.1 404 Not Found") == 1
