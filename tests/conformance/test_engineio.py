"""The 25 cases of the Socket.IO project for Engine.IO 4 (socketio/socket.io,
docs/engine.io-protocol/v4-test-suite), on our server and on Node's. Those that its cases for
Socket.IO 5 repeat are tried at both paths.
"""

from __future__ import annotations

import http.client
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import pytest
import websocket

from tests.conformance.servers import CALM
from tests.e2e.raw_clients import SECONDS, Poller, Wire

ECHO = "/engine.io/"


def check_handshake(handshake, upgrades):
    assert isinstance(handshake.pop("sid"), str)
    assert handshake == {
        "upgrades": upgrades,
        "pingInterval": CALM.ping_interval,
        "pingTimeout": CALM.ping_timeout,
        "maxPayload": CALM.max_payload,
    }


class TestHandshakeByPolling:
    def test_it_opens_a_session(self, servers, path):
        """The times are those that were set, to the millisecond."""
        status, body = Poller(servers.calm, path=path, connected=False).get()
        assert status == 200
        assert body[0] == "0"
        check_handshake(json.loads(body[1:]), ["websocket"])

    @pytest.mark.parametrize("version", [None, "abc", ""])
    def test_it_fails_with_an_invalid_version(self, servers, path, version):
        client = Poller(servers.calm, path=path, connected=False)
        assert client.request("GET", EIO=version)[0] == 400

    @pytest.mark.parametrize("transport", [None, "abc", "constructor", ""])
    def test_it_fails_with_an_invalid_transport(self, servers, path, transport):
        client = Poller(servers.calm, path=path, connected=False)
        assert client.request("GET", transport=transport)[0] == 400

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
    def test_it_fails_with_an_invalid_method(self, servers, path, method):
        assert Poller(servers.calm, path=path, connected=False).request(method)[0] == 400


class TestHandshakeByWebSocket:
    def test_it_opens_a_session(self, servers, path):
        with Wire(servers.calm, path=path) as client:
            check_handshake(client.handshake, [])

    @pytest.mark.parametrize("query", ["transport=websocket", "EIO=abc&transport=websocket"])
    def test_it_fails_with_an_invalid_version(self, servers, path, query):
        self.fails(servers, path, query)

    @pytest.mark.parametrize("query", ["EIO=4", "EIO=4&transport=abc"])
    def test_it_fails_with_an_invalid_transport(self, servers, path, query):
        self.fails(servers, path, query)

    def fails(self, servers, path, query):
        """Node's server lets one of another version in, and writes an HTTP answer for a frame."""
        lets_in = servers.kind == "node" and "transport=websocket" in query
        url = f"ws://127.0.0.1:{servers.calm}{path}?{query}"
        if lets_in:
            with closing(websocket.create_connection(url, timeout=SECONDS)) as client:
                with pytest.raises(websocket.WebSocketProtocolException, match="rsv"):
                    client.recv()
                client.shutdown()
        else:
            with pytest.raises(websocket.WebSocketBadStatusException, match="400"):
                websocket.create_connection(url, timeout=SECONDS)


class TestMessagesByPolling:
    @pytest.mark.parametrize(
        "packets", [("4hello",), ("4test1", "4test2", "4test3"), ("4hello", "bAQIDBA==")]
    )
    def test_packets_come_back(self, servers, packets):
        client = Poller(servers.calm, path=ECHO)
        assert client.post(*packets) == (200, "ok")
        assert client.get() == (200, "\x1e".join(packets))

    def test_the_session_ends_upon_an_invalid_packet(self, servers):
        client = Poller(servers.calm, path=ECHO)
        if servers.kind == "node":  # it answers with 200, 400 or not at all
            with suppress(http.client.RemoteDisconnected):
                client.post("abc")
        else:
            assert client.post("abc")[0] == 400
        assert client.get()[0] == 400

    def test_the_session_ends_upon_two_polls_at_once(self, servers):
        """The waiting one is told, the other one is refused."""
        client = Poller(servers.calm, path=ECHO)
        with ThreadPoolExecutor() as pool:
            polls = [pool.submit(client.get) for _ in range(2)]
            statuses, bodies = zip(*(poll.result() for poll in polls), strict=True)
        assert sorted(statuses) in ([200, 400], [200, 500])  # 500: Node's
        assert bodies[statuses.index(200)] == "1"
        assert client.get()[0] == 400

    def test_the_session_ends_upon_a_cancelled_poll(self, servers):
        client = Poller(servers.calm, path=ECHO)
        with socket.create_connection(("127.0.0.1", servers.calm), SECONDS) as connection:
            line = f"GET {ECHO}?EIO=4&transport=polling&sid={client.sid} HTTP/1.1"
            connection.sendall(f"{line}\r\nHost: here\r\n\r\n".encode())
            time.sleep(0.05)
        assert client.get()[0] == 400


class TestMessagesByWebSocket:
    @pytest.mark.parametrize("packet", ["4hello", bytes((1, 2, 3, 4))])
    def test_a_packet_comes_back(self, servers, packet):
        with Wire(servers.calm, path=ECHO) as client:
            client.send(packet)
            assert client.read() == packet

    def test_the_session_ends_upon_an_invalid_packet(self, servers):
        with Wire(servers.calm, path=ECHO) as client:
            client.send("abc")
            client.ending()


class TestHeartbeat:
    def test_pings_are_sent_by_polling(self, servers, path):
        client = Poller(servers.pinging, path=path)
        for _ in range(3):
            assert client.get() == (200, "2")
            assert client.post("3") == (200, "ok")

    def test_pings_are_sent_by_websocket(self, servers, path):
        with Wire(servers.pinging, path=path) as client:
            for _ in range(3):
                assert client.socket.recv() == "2"
                client.send("3")

    def test_without_a_pong_a_polling_session_ends(self, servers, path):
        client = Poller(servers.deaf, path=path)
        deadline = time.monotonic() + SECONDS
        time.sleep(0.25)
        while client.get()[0] != 400:
            assert time.monotonic() < deadline

    def test_without_a_pong_a_websocket_is_closed(self, servers, path):
        with Wire(servers.deaf, path=path, deaf=True) as client:
            client.ending()


class TestClose:
    def test_a_polling_session_is_closed_by_a_packet(self, servers, path):
        """The GET that waits is answered with a noop, as the client knows already."""
        client = Poller(servers.calm, path=path)
        with ThreadPoolExecutor() as pool:
            waiting = pool.submit(client.get)
            time.sleep(0.05)
            assert client.post("1") == (200, "ok")
        assert waiting.result() == (200, "6")
        assert client.get()[0] == 400

    def test_a_websocket_session_is_closed_by_a_packet(self, servers, path):
        """At once; Node's server does not know the packet, and ends the session by the timeout."""
        port = servers.deaf if servers.kind == "node" else servers.calm
        with Wire(port, path=path, deaf=True) as client:
            client.send("1")
            client.ending()


class TestUpgrade:
    def test_a_polling_session_moves_to_a_websocket(self, servers):
        poller = Poller(servers.calm, path=ECHO)
        with Wire(servers.calm, path=ECHO, sid=poller.sid) as client:
            client.send("2probe")
            assert client.read() == "3probe"
            assert poller.get() == (200, "6")  # so that no GET waits when the client moves
            client.send("5", "4hello")
            assert client.read() == "4hello"

    def test_after_it_http_requests_are_refused_and_the_session_lives(self, servers):
        poller = Poller(servers.calm, path=ECHO)
        with self.moved(servers, poller) as client:
            assert poller.get()[0] == 400
            client.send("4hello")
            assert client.read() == "4hello"

    def test_after_it_another_websocket_is_closed_and_the_session_lives(self, servers):
        poller = Poller(servers.calm, path=ECHO)
        with self.moved(servers, poller) as client:
            with Wire(servers.calm, path=ECHO, sid=poller.sid) as another:
                another.ending()
            client.send("4hello")
            assert client.read() == "4hello"

    def moved(self, servers, poller):
        client = Wire(servers.calm, path=ECHO, sid=poller.sid)
        client.send("2probe")
        assert client.read() == "3probe"
        client.send("5", "4moved")
        assert client.read() == "4moved"
        return client
