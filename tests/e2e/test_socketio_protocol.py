"""Socket.IO 5 as its project's test suite describes it (socketio/socket.io,
docs/socket.io-protocol/v5-test-suite); the echo server's events are replaced by the chat's.
"""

from __future__ import annotations

import json

import pytest

from tests.e2e.lone_gateway import lone_gateway
from tests.e2e.raw_clients import Chatter, Wire


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    settings = {"ping_interval": 0.3, "ping_timeout": 2, "connect_timeout": 1}
    with lone_gateway(tmp_path_factory.mktemp("socketio"), **settings) as program:
        yield program.port
        assert "Traceback" not in program.output()


def said(message: str, number: int) -> str:
    return f'42{number}["chat message",{{"message":"{message}"}}]'


@pytest.mark.parametrize(
    ("packet", "answer"),
    [
        ("40", "40"),
        ('40{"token":"123"}', "40"),
        ("40/,", "40"),
        ("40/room,", "40/room,"),
        ("40/room", "40/room,"),
        ('40/room,{"token":"abc"}', "40/room,"),
        ('40/room?token=abc,{"token":"abc"}', "40/room,"),
    ],
)
def test_a_namespace_is_connected_with_a_payload_or_without(port, packet, answer):
    with Wire(port) as client:
        client.send(packet)
        reply = str(client.read())
        assert reply.startswith(answer)
        handshake = json.loads(reply.removeprefix(answer))
        assert list(handshake) == ["sid"]
        assert len(handshake["sid"]) == 20
        assert handshake["sid"] != client.handshake["sid"]  # it is nobody else's business


def test_an_unknown_namespace_is_refused_and_the_connection_lives(port):
    with Wire(port) as client:
        client.send("40/random", "40/random,", "40")
        assert client.read() == '44/random,{"message":"Invalid namespace"}'
        assert client.read() == '44/random,{"message":"Invalid namespace"}'
        assert str(client.read()).startswith('40{"sid"')


def test_an_invalid_handshake_closes_the_connection(port):
    with Wire(port) as client:
        client.send("4abc")
        assert client.ending() == 1002


def test_without_a_handshake_the_connection_is_closed(port):
    with Wire(port) as client:
        assert client.ending() == 1000


def test_after_a_disconnect_the_connection_lives(port):
    """Pings are still sent, and the namespace can be connected again."""
    with Wire(port) as client:
        client.send("40")
        client.read()
        client.send("41")
        assert client.socket.recv() == "2"
        client.send("3", "40")
        assert str(client.read()).startswith('40{"sid"')


@pytest.mark.parametrize("left", ["41/room", "41/room,"])
def test_other_namespaces_stay_when_one_is_disconnected(port, left):
    with Chatter(port, "/", "/room") as client:
        client.send(left, '42/room,1["list"]', said("still here", 2))
        assert "id" in client.answer(2)
        assert client.connect("/room").namespace == "/room"


def test_an_event_is_carried_to_all(port):
    with Chatter(port, "/") as one, Chatter(port, "/") as another:
        one.tell("chat message", {"message": "hello", "nickname": "ada", "unknown": [1, {"2": []}]})
        for client in (one, another):
            heard = client.event("chat message")
            assert (heard["nick"], heard["message"]) == ("ada", "hello")


def test_an_acknowledgement_has_the_number_of_its_event(port):
    with Chatter(port, "/") as client:
        client.send(said("one", 456), said("two", 0), said("three", 10**15))
        assert "id" in client.answer(10**15)
        assert "id" in client.answer(0)
        assert "id" in client.answer(456)


def test_a_binary_event_is_acknowledged(port):
    with Chatter(port, "/") as client:
        event = '["typing",{"typing":true,"extra":%s},%s]'
        parts = tuple(f'{{"_placeholder":true,"num":{number}}}' for number in range(2))
        client.send("452-789" + event % parts, b"\1\2\3", b"\4\5\6")
        assert client.answer(789)["error"]["message"].startswith("typing: one object")
        client.send("451-790" + f'["typing",{{"typing":true,"extra":{parts[0]}}}]', b"\1\2\3")
        assert client.answer(790) == {}


@pytest.mark.parametrize("packet", ["4abc", "42{}", '42abc["message-with-ack",1]'])
def test_an_invalid_packet_closes_the_connection(port, packet):
    with Chatter(port, "/") as client:
        client.send(packet)
        assert client.ending() == 1002
