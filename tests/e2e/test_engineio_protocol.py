"""Engine.IO 4 as its project's test suite describes it (socketio/socket.io,
docs/engine.io-protocol/v4-test-suite). Messages are Socket.IO packets here, since ours is no echo
server.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import websocket

from chat_gateway.sockets.packets import SEPARATOR
from tests.e2e.lone_gateway import lone_gateway
from tests.e2e.raw_clients import SECONDS, Poller, Wire

PING_INTERVAL = 0.3
PING_TIMEOUT = 0.5
ECHO = '421["presence"]'  # is answered with
ANSWER = '431[{"error":{"code":"not_joined","message":"room: \'\' was not joined"}}]'


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with lone_gateway(tmp_path_factory.mktemp("engineio")) as program:
        yield program.port
        assert "Traceback" not in program.output()


@pytest.fixture(scope="module")
def pinging(tmp_path_factory):
    """The port of a gateway that has little patience."""
    settings = {"ping_interval": PING_INTERVAL, "ping_timeout": PING_TIMEOUT}
    with lone_gateway(tmp_path_factory.mktemp("pinging"), **settings) as program:
        yield program.port
        assert "Traceback" not in program.output()


def check_handshake(handshake, upgrades):
    sid = handshake.pop("sid")
    assert isinstance(sid, str)
    assert len(sid) == 20
    assert handshake == {
        "upgrades": upgrades,
        "pingInterval": 25_000,
        "pingTimeout": 20_000,
        "maxPayload": 1_000_000,
    }


class TestHandshakeByPolling:
    def test_it_opens_a_session(self, port):
        status, body = Poller(port, connected=False).get()
        assert status == 200
        assert body[0] == "0"
        check_handshake(json.loads(body[1:]), ["websocket"])

    @pytest.mark.parametrize("version", [None, "abc", "3", "5", ""])
    def test_it_fails_with_an_invalid_version(self, port, version):
        assert Poller(port, connected=False).request("GET", EIO=version)[0] == 400

    @pytest.mark.parametrize("transport", [None, "abc", "constructor", ""])
    def test_it_fails_with_an_invalid_transport(self, port, transport):
        assert Poller(port, connected=False).request("GET", transport=transport)[0] == 400

    @pytest.mark.parametrize("method", ["POST", "PUT"])
    def test_it_fails_with_an_invalid_method(self, port, method):
        assert Poller(port, connected=False).request(method)[0] == 400


class TestHandshakeByWebSocket:
    def test_it_opens_a_session(self, port):
        with Wire(port) as client:
            check_handshake(client.handshake, [])

    @pytest.mark.parametrize(
        "query",
        ["transport=websocket", "EIO=abc&transport=websocket", "EIO=4", "EIO=4&transport=abc"],
    )
    def test_it_fails_with_an_invalid_version_or_transport(self, port, query):
        client = websocket.WebSocket()
        with pytest.raises(websocket.WebSocketBadStatusException, match="400"):
            client.connect(f"ws://127.0.0.1:{port}/socket.io/?{query}", timeout=SECONDS)


class TestMessagesByPolling:
    def test_one_packet_is_carried(self, port):
        client = Poller(port)
        assert client.post("40") == (200, "ok")
        status, body = client.get()
        assert status == 200
        assert body.startswith('40{"sid":"')
        assert SEPARATOR not in body

    def test_several_packets_are_carried_in_order(self, port):
        client = Poller(port)
        events = [f'42{number}["presence"]' for number in range(3)]
        assert client.post("40", *events) == (200, "ok")
        status, body = client.get()
        assert status == 200
        assert [packet[:3] for packet in body.split(SEPARATOR)[1:]] == ["430", "431", "432"]

    def test_binary_packets_are_carried_in_base64(self, port):
        client = Poller(port)
        event = '451-["typing",{"typing":{"_placeholder":true,"num":0}}]'
        assert client.post("40", event, "bAQIDBA==") == (200, "ok")
        assert '"event":"typing","error"' in client.get()[1]

    def test_the_session_ends_upon_an_invalid_packet(self, port):
        client = Poller(port)
        assert client.post("abc")[0] == 400
        assert client.get()[0] == 400

    def test_the_session_ends_upon_two_polls_at_once(self, port):
        """The waiting one is told, the other one is refused."""
        client = Poller(port)
        with ThreadPoolExecutor() as pool:
            first = pool.submit(client.get)
            time.sleep(0.05)
            second = pool.submit(client.get)
        assert first.result() == (200, "1")
        assert second.result()[0] == 400
        assert client.get()[0] == 400

    def test_the_session_ends_upon_a_cancelled_poll(self, port):
        """At once: its client leaves its rooms."""
        client = Poller(port)
        with socket.create_connection(("127.0.0.1", port), SECONDS) as connection:
            line = f"GET /socket.io/?EIO=4&transport=polling&sid={client.sid} HTTP/1.1"
            connection.sendall(f"{line}\r\nHost: here\r\n\r\n".encode())
            time.sleep(0.05)
        assert client.get()[0] == 400


class TestMessagesByWebSocket:
    def test_text_is_carried(self, port):
        with Wire(port) as client:
            client.send("40", ECHO)
            assert str(client.read()).startswith('40{"sid":"')
            assert client.read() == ANSWER

    def test_binary_is_carried(self, port):
        with Wire(port) as client:
            client.send("40", '451-["a",{"_placeholder":true,"num":0}]', bytes((1, 2, 3, 4)))
            client.read()
            assert str(client.read()).startswith('42["refused",{"event":"a"')

    def test_the_session_ends_upon_an_invalid_packet(self, port):
        with Wire(port) as client:
            client.send("abc")
            assert client.ending() == 1002


class TestHeartbeat:
    def test_pings_are_sent_by_polling(self, pinging):
        client = Poller(pinging)
        for _ in range(3):
            assert client.get() == (200, "2")
            assert client.post("3") == (200, "ok")

    def test_pings_are_sent_by_websocket(self, pinging):
        with Wire(pinging) as client:
            for _ in range(3):
                assert client.socket.recv() == "2"
                client.send("3")

    def test_without_a_pong_a_polling_session_ends(self, pinging):
        client = Poller(pinging)
        time.sleep(PING_INTERVAL + PING_TIMEOUT + 0.05)
        assert client.get()[0] == 400

    def test_without_a_pong_a_websocket_is_closed(self, pinging):
        with Wire(pinging, deaf=True) as client:
            assert client.ending() == 1000


class TestClose:
    def test_a_polling_session_is_closed_by_a_packet(self, port):
        """The GET that waits is answered with a noop, as the client knows already."""
        client = Poller(port)
        with ThreadPoolExecutor() as pool:
            waiting = pool.submit(client.get)
            time.sleep(0.05)
            assert client.post("1") == (200, "ok")
        assert waiting.result() == (200, "6")
        assert client.get()[0] == 400

    def test_a_websocket_session_is_closed_by_a_packet(self, port):
        with Wire(port) as client:
            client.send("1")
            assert client.ending() == 1000


class TestUpgrade:
    def test_a_polling_session_moves_to_a_websocket(self, port):
        poller = Poller(port)
        poller.post("40")
        poller.get()
        with Wire(port, sid=poller.sid) as client:
            client.send("2probe")
            assert client.read() == "3probe"
            assert poller.get() == (200, "6")  # so that no GET waits when the client moves
            client.send("5", ECHO)
            assert client.read() == ANSWER

    def test_a_poll_that_waits_is_ended_by_the_probe(self, port):
        poller = Poller(port)
        answers: list[tuple[int, str]] = []
        waiting = threading.Thread(target=lambda: answers.append(poller.get()))
        waiting.start()
        time.sleep(0.05)
        with Wire(port, sid=poller.sid) as client:
            client.send("2probe")
            assert client.read() == "3probe"
            waiting.join(SECONDS)
        assert answers == [(200, "6")]

    def test_after_it_http_requests_are_refused_and_the_session_lives(self, port):
        poller = Poller(port)
        with Wire(port, sid=poller.sid) as client:
            client.send("2probe", "5", "40")
            assert client.read() == "3probe"
            client.read()
            assert poller.get()[0] == 400
            assert poller.post(ECHO)[0] == 400
            client.send(ECHO)
            assert client.read() == ANSWER

    def test_after_it_another_websocket_is_refused_and_the_session_lives(self, port):
        poller = Poller(port)
        with Wire(port, sid=poller.sid) as client:
            client.send("2probe", "5", "40")
            assert client.read() == "3probe"
            client.read()
            with Wire(port, sid=poller.sid) as another:
                assert another.ending() == 1002
            client.send(ECHO)
            assert client.read() == ANSWER
