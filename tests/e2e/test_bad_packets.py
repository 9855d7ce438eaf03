"""Packets that break the Engine.IO or the Socket.IO protocol end their own connection only."""

from __future__ import annotations

import base64

import pytest
from socketio import packet as sio

from tests.e2e.lone_gateway import lone_gateway, unharmed
from tests.e2e.raw_clients import Chatter, Poller

PLACEHOLDER = '{"_placeholder":true,"num":%s}'
DEEP = "[" * 100_000

# By what is wrong with them. They come after `40`, so the client is in `/`.
BROKEN: dict[str, tuple[str | bytes, ...]] = {
    "empty packet": ("",),
    "unknown Engine.IO type": ("9",),
    "no type": ("abc",),
    "open from a client": ("0",),
    "ping from a client": ("2",),
    "upgrade of a session that is not upgrading": ("5",),
    "noop from a client": ("6",),
    "empty message": ("4",),
    "unknown Socket.IO type": ("49",),
    "no Socket.IO type": ("4abc",),
    "event that is an object": ("42{}",),
    "event that is a string": ('42"abc"',),
    "event without a name": ("42[]",),
    "event with a number for a name": ("42[1]",),
    "event without data": ("42",),
    "reserved name connect": ('42["connect"]',),
    "reserved name connect_error": ('42["connect_error"]',),
    "reserved name disconnect": ('42["disconnect","bye"]',),
    "reserved name disconnecting": ('42["disconnecting"]',),
    "reserved name newListener": ('42["newListener"]',),
    "reserved name removeListener": ('42["removeListener"]',),
    "no JSON": ('42["chat message"',),
    "JSON and more": ('42["chat message"]]',),
    "ack id that is no number": ('42abc["chat message"]',),
    "ack id of 101 digits": (f'42{"9" * 101}["chat message"]',),
    "ack id of other digits": ('42\u00b2["chat message"]',),
    "ack without an id": ("43[1]",),
    "ack that is no list": ("431{}",),
    "connect error from a client": ('44{"message":"no"}',),
    "connected twice": ("40",),
    "connect with a list": ("40/room,[]",),
    "connect with a string": ('40/room,"me"',),
    "disconnect with data": ("41{}",),
    "deep": (f"42{DEEP}",),
    "deep and closed": (f'42["chat message",{DEEP}{"]" * 100_001}',),
    "deep half surrogates": (f'42["chat message","\\ud800",{DEEP}',),
    "attachment without its packet": (b"abc",),
    "binary event without a count": ('45["chat message"]',),
    "binary event of no attachments": ('450-["chat message"]',),
    "event with a count": ('421-["chat message"]',),
    "too many attachments": ('4511-["chat message"]',),
    "endless attachments": (f'45{"9" * 11}-["chat message"]',),
    "negative count": ('45-1-["chat message"]',),
    "text for an attachment": (f'451-["a",{PLACEHOLDER % 0}]', '42["chat message"]'),
    "attachment that nobody waits for": (f'451-["a",{PLACEHOLDER % 0}]', b"one", b"two"),
    "attachment out of range": (f'451-["a",{PLACEHOLDER % 7}]', b"abc"),
    "attachment number of text": (f'451-["a",{PLACEHOLDER % chr(34) + chr(34)}]', b"abc"),
    "attachment number of null": (f'451-["a",{PLACEHOLDER % "null"}]', b"abc"),
    "deep attachments": (f'451-["a",{PLACEHOLDER % 0},{"[" * 900}{"]" * 900}]', b"abc"),
    "binary connect": ('40/room,{"a":1}', b"abc"),
}

# Nothing comes of them, and the connection is as good as before.
HARMLESS = {
    "ack that nobody waits for": ('431["x"]',),
    "ack with a huge id": (f"43{'9' * 100}[]",),
    "event of a namespace that it is not in": ('42/room,["create","x"]',),
    "event of no namespace": ('42/nothing,["create"]',),
    "disconnect of a namespace that it is not in": ("41/room,",),
    "pong that was not asked for": ("3",),
    "pong with data": ("3probe",),
    "event with a query": ('42/?token=1,["no such event"]',),
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with lone_gateway(tmp_path_factory.mktemp("packets")) as program:
        yield program


@pytest.fixture(autouse=True)
def _others(gateway):
    with unharmed(gateway):
        yield


def cases(packets):
    return pytest.mark.parametrize("packets", packets.values(), ids=packets.keys())


def as_parts(packets: tuple[str | bytes, ...]) -> list[str]:
    """As they are sent in a polling body."""
    return [p if isinstance(p, str) else "b" + base64.b64encode(p).decode() for p in packets]


@cases(BROKEN)
def test_a_websocket_is_closed_with_1002(gateway, packets):
    with Chatter(gateway.port, "/") as client:
        client.send(*packets)
        assert client.ending() == 1002


@cases(BROKEN)
def test_a_polling_session_ends_with_400(gateway, packets):
    client = Poller(gateway.port)
    assert client.post("40") == (200, "ok")
    status, body = client.post(*as_parts(packets))
    assert status == 400, body
    assert client.get() == (400, '{"code": 1, "message": "Session ID unknown"}')


@cases(HARMLESS)
def test_others_are_ignored(gateway, packets):
    with Chatter(gateway.port, "/") as client:
        client.send(*packets)
        assert "id" in client.ask("chat message", {"message": "still here"})


@pytest.mark.parametrize("packet", ['42["chat message",{}]', '431["x"]', "41", "41/room,"])
def test_a_client_that_is_in_no_namespace_may_only_connect(gateway, packet):
    with Chatter(gateway.port) as client:
        client.send(packet)
        assert client.ending() == 1002
    poller = Poller(gateway.port)
    assert poller.post(packet)[0] == 400


def test_binary_events_are_taken(gateway):
    """Several attachments, some named more often than once; ours are refused by name."""
    with Chatter(gateway.port, "/") as client:
        client.send_packet(sio.EVENT, ["no such event", b"1", [b"2"], {"a": b"3"}], number=1)
        assert client.answer(1)["error"]["code"] == "unknown_event"
        client.send(f'451-2["chat message",{{"message":{PLACEHOLDER % 0}}}]', b"hello")
        assert client.answer(2)["error"]["message"] == "message: a text is expected"


def test_an_event_that_waits_for_its_attachments_is_forgotten_with_its_client(gateway):
    with Chatter(gateway.port, "/") as client:
        client.send(f'452-["a",{PLACEHOLDER % 0},{PLACEHOLDER % 1}]', b"one")
    poller = Poller(gateway.port)
    assert poller.post("40", f'452-["a",{PLACEHOLDER % 0}]') == (200, "ok")
    assert poller.post("1") == (200, "ok")


@pytest.mark.parametrize(
    "part", ["b", "b!!!!", "bYQ", "bYQ==YQ==", "b\u00e9", "\x1e", "\x1e\x1e", "4\x1e"]
)
def test_a_polling_body_of_bad_parts_ends_the_session(gateway, part):
    client = Poller(gateway.port)
    client.post("40")
    assert client.post(part)[0] == 400
    assert client.get()[0] == 400


def test_a_polling_body_of_a_thousand_packets_is_taken_and_of_more_is_not(gateway):
    client = Poller(gateway.port)
    assert client.post(*["40", *["3"] * 999]) == (200, "ok")
    status, body = client.post(*["3"] * 1001)
    assert status == 400
    assert "1000 packets" in body
    assert client.get()[0] == 400


def test_a_polling_body_that_is_not_utf8_ends_the_session(gateway):
    client = Poller(gateway.port)
    assert client.request("POST", b"4\xff")[0] == 400
    assert client.get()[0] == 400


def test_a_body_over_the_limit_ends_the_session_with_413(gateway):
    client = Poller(gateway.port)
    client.post("40")
    assert client.request("POST", b"4" * 1_000_001)[0] == 413
    assert client.get()[0] == 400


def test_after_a_close_packet_nothing_is_carried_out(gateway):
    """What comes behind it in the same body, too."""
    with Chatter(gateway.port, "/") as listener:
        client = Poller(gateway.port)
        said = '42["chat message",{"message":"%s","nickname":"closing"}]'
        client.post("40", said % "before", "1", said % "after")
        assert client.get()[0] == 400
        listener.ask("chat message", {"message": "end", "nickname": "closing"})
        heard = [listener.event("chat message") for _ in range(2)]
        assert [message["message"] for message in heard] == ["before", "end"]
