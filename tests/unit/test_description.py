"""A client as other gateways are told of it."""

from __future__ import annotations

from typing import Any, cast

import pytest

from chat_gateway.manager.description import RemoteSocket, describe
from chat_gateway.manager.membership import Socket
from chat_gateway.sockets.headers import fold, unfold
from chat_gateway.sockets.session import Session
from chatcluster.core.errors import MalformedError
from chatcluster.fanout import wire

HEADERS = [("Host", "chat"), ("Origin", "http://page"), ("Cookie", "a=1"), ("cookie", "b=2")]
ENVIRON = {
    "wsgi.url_scheme": "https",
    "chat_gateway.headers": fold(HEADERS),
    "PATH_INFO": "/socket.io/",
    "QUERY_STRING": "EIO=4&transport=websocket&x=1&x=2&empty=",
    "REMOTE_ADDR": "10.0.0.1",
}


def socket() -> Socket:
    session = Session("s", cast(Any, None), 1_700_000_000.25)
    session.user["/chat"] = {"name": "Ada"}
    one = Socket("sid", "/chat", session)
    one.connected = True
    one.named = ("\x00lobby", "tea")
    one.auth = b'{"token":"t"}'
    return one


def test_it_is_described_as_node_does() -> None:
    description = describe(socket(), ENVIRON)
    assert sorted(description.pop("rooms")) == ["sid", "tea"]
    assert description == {
        "id": "sid",
        "data": {"name": "Ada"},
        "handshake": {
            "headers": {"host": "chat", "origin": "http://page", "cookie": "a=1; b=2"},
            "time": "Tue Nov 14 2023 22:13:20 GMT+0000 (Coordinated Universal Time)",
            "address": "10.0.0.1",
            "xdomain": True,
            "secure": True,
            "issued": 1_700_000_000_250,
            "url": "/socket.io/?EIO=4&transport=websocket&x=1&x=2&empty=",
            "query": {"EIO": "4", "transport": "websocket", "x": ["1", "2"], "empty": ""},
            "auth": {"token": "t"},
        },
    }


def test_a_description_survives_the_way() -> None:
    sent = describe(socket(), ENVIRON)
    received = RemoteSocket.read(wire.unpack(wire.pack(sent)))
    assert received == RemoteSocket(
        "sid", frozenset({"sid", "tea"}), {"name": "Ada"}, sent["handshake"]
    )


def test_a_client_whose_request_is_gone_is_described_too() -> None:
    handshake = describe(Socket("sid", "/", Session("s", cast(Any, None), 0.0)), {})["handshake"]
    assert (handshake["headers"], handshake["auth"], handshake["query"]) == ({}, {}, {})


@pytest.mark.parametrize("value", [None, 1, "text", [], {}, {"id": "x"}, {"id": "x", "rooms": 1}])
def test_what_is_no_description_is_refused(value: Any) -> None:
    with pytest.raises(MalformedError):
        RemoteSocket.read(value)


def test_headers_that_are_not_utf8_can_be_sent_on() -> None:
    folded = fold([("X-Name", b"\xff\xe9".decode("utf-8", "surrogateescape")), ("Via", "1")])
    assert wire.unpack(wire.pack(unfold(folded))) == {"x-name": "\ufffd\ufffd", "via": "1"}


def test_repeated_headers_are_joined() -> None:
    assert unfold(fold([("Via", "1"), ("via", "2: 3"), ("Empty", "")])) == {
        "via": "1, 2: 3",
        "empty": "",
    }
