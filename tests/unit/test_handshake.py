"""Requests for WebSockets, those that only look like them, and the answer."""

from __future__ import annotations

import pytest

from chat_gateway.sockets.handshake import LONGEST_HEAD, accepted, may_be_opening, opening

LINE = "GET /socket.io/?EIO=4&transport=websocket&sid=a%20b HTTP/1.1"
HEADERS = {
    "Host": "chat",
    "Connection": "keep-alive, Upgrade",
    "Upgrade": "WebSocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
    "User-Agent": "test",
}


def request(line: str = LINE, **changed: str | None) -> bytes:
    headers = {**HEADERS, **{name.replace("_", "-"): value for name, value in changed.items()}}
    lines = [line, *(f"{name}: {value}" for name, value in headers.items() if value is not None)]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")


def test_the_answer_to_the_sample_of_rfc_6455():
    """Section 1.3."""
    answer = accepted("dGhlIHNhbXBsZSBub25jZQ==")
    assert answer.startswith(b"HTTP/1.1 101 ")
    assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n" in answer


def test_a_request_that_follows_the_rules_is_read():
    found = opening(request() + b"more")
    assert found is not None
    assert found.query == {"EIO": ["4"], "transport": ["websocket"], "sid": ["a b"]}
    assert found.key == HEADERS["Sec-WebSocket-Key"]
    assert found.rest == b"more"
    environ = found.kept("10.0.0.1").environ()
    assert environ["REMOTE_ADDR"] == "10.0.0.1"
    assert environ["QUERY_STRING"] == "EIO=4&transport=websocket&sid=a%20b"
    assert environ["HTTP_USER_AGENT"] == "test"
    assert "host: chat" in environ["chat_gateway.headers"]


@pytest.mark.parametrize("size", range(0, len(request()), 7))
def test_every_beginning_of_it_may_become_one(size):
    assert may_be_opening(request()[:size])
    assert opening(request()[:size]) is None


@pytest.mark.parametrize(
    "data",
    {
        "POST": request("POST /socket.io/?transport=websocket HTTP/1.1"),
        "another path": request("GET /?transport=websocket HTTP/1.1"),
        "an older HTTP": request("GET /socket.io/?transport=websocket HTTP/1.0"),
        "a space in the target": request("GET /socket.io/?transport=websocket x HTTP/1.1"),
        "no upgrade": request(Upgrade=None),
        "another upgrade": request(Upgrade="h2c"),
        "no connection": request(Connection="keep-alive"),
        "no key": request(Sec_WebSocket_Key=None),
        "a short key": request(Sec_WebSocket_Key="dGhl"),
        "another version": request(Sec_WebSocket_Version="8"),
        "no host": request(Host=None),
        "a body": request(Content_Length="3"),
        "chunks": request(Transfer_Encoding="chunked"),
        "a header without colon": request()[:-2] + b"nothing\r\n\r\n",
        "a folded header": request()[:-2] + b" folded: x\r\n\r\n",
        "two keys": request()[:-2] + b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        "a head without end": request()[:-4] + b"x" * LONGEST_HEAD + b"\r\n\r\n",
    }.values(),
)
def test_what_breaks_a_rule_is_left_to_others(data):
    assert not may_be_opening(data)
    assert opening(data) is None


def test_a_request_that_polls_is_not_waited_for():
    assert not may_be_opening(b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost")
    assert not may_be_opening(b"GET /page/chat.js")
