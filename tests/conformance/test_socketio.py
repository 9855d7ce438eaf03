"""The cases of the Socket.IO project for Socket.IO 5 (socketio/socket.io,
docs/socket.io-protocol/v5-test-suite), on our server and on Node's. Of its 32 cases, 16 are here;
the others repeat those for Engine.IO 4.
"""

from __future__ import annotations

import json

import pytest

from tests.e2e.raw_clients import Wire

TWO = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}'
BYTES = (b"\1\2\3", b"\4\5\6")


def connected(port: int) -> Wire:
    """A client of `/` that has read what it was told there."""
    client = Wire(port)
    client.send("40")
    assert str(client.read()).startswith('40{"sid":"')
    assert client.read() == '42["auth",{}]'
    return client


class TestConnect:
    @pytest.mark.parametrize(
        ("packet", "namespace", "auth"),
        [
            ("40", "", "{}"),
            ('40{"token":"123"}', "", '{"token":"123"}'),
            ("40/custom,", "/custom,", "{}"),
            ('40/custom,{"token":"abc"}', "/custom,", '{"token":"abc"}'),
            # Of protocol and parser, beyond the project's cases.
            ("40/,", "", "{}"),
            ("40/custom", "/custom,", "{}"),
        ],
    )
    def test_a_namespace_is_connected_with_a_payload_or_without(
        self, servers, packet, namespace, auth
    ):
        with Wire(servers.calm) as client:
            client.send(packet)
            answer = str(client.read())
            assert answer.startswith(f"40{namespace}{{")
            handshake = json.loads(answer.removeprefix(f"40{namespace}"))
            assert list(handshake) == ["sid"]
            assert len(handshake["sid"]) == 20
            assert handshake["sid"] != client.handshake["sid"]  # it is nobody else's business
            assert client.read() == f'42{namespace}["auth",{auth}]'

    def test_a_query_in_the_namespace_is_ignored(self, ours):
        """As older clients send it; Node's server takes it for a part of the name."""
        with Wire(ours.calm) as client:
            client.send('40/custom?token=abc,{"token":"abc"}')
            assert str(client.read()).startswith('40/custom,{"sid":"')

    def test_an_unknown_namespace_is_refused_and_the_connection_lives(self, servers):
        with Wire(servers.calm) as client:
            client.send("40/random")
            assert client.read() == '44/random,{"message":"Invalid namespace"}'
            client.send("40")
            assert str(client.read()).startswith('40{"sid":"')

    def test_an_invalid_handshake_closes_the_connection(self, servers):
        with Wire(servers.calm) as client:
            client.send("4abc")
            client.ending()

    def test_without_a_handshake_the_connection_is_closed(self, servers):
        with Wire(servers.hasty) as client:
            client.ending()


class TestDisconnect:
    def test_the_connection_outlives_the_main_namespace(self, servers):
        with connected(servers.pinging) as client:
            client.send("41")
            for _ in range(2):
                assert client.socket.recv() == "2"
                client.send("3")

    def test_other_namespaces_stay_when_one_is_left(self, servers):
        with connected(servers.calm) as client:
            client.send("40/custom")
            assert str(client.read()).startswith('40/custom,{"sid":"')
            assert client.read() == '42/custom,["auth",{}]'
            client.send("41/custom", '42["message","message to main namespace"]')
            assert client.read() == '42["message-back","message to main namespace"]'


class TestMessage:
    def test_a_plain_packet_is_sent(self, servers):
        with connected(servers.calm) as client:
            client.send('42["message",1,"2",{"3":[true]}]')
            assert client.read() == '42["message-back",1,"2",{"3":[true]}]'

    def test_a_packet_with_attachments_is_sent(self, servers):
        with connected(servers.calm) as client:
            client.send(f'452-["message",{TWO}]', *BYTES)
            assert client.read() == f'452-["message-back",{TWO}]'
            assert (client.read(), client.read()) == BYTES

    def test_a_plain_packet_is_acknowledged(self, servers):
        with connected(servers.calm) as client:
            client.send('42456["message-with-ack",1,"2",{"3":[false]}]')
            assert client.read() == '43456[1,"2",{"3":[false]}]'

    def test_a_packet_with_attachments_is_acknowledged(self, servers):
        with connected(servers.calm) as client:
            client.send(f'452-789["message-with-ack",{TWO}]', *BYTES)
            assert client.read() == f"462-789[{TWO}]"
            assert (client.read(), client.read()) == BYTES

    @pytest.mark.parametrize("packet", ["4abc", "42{}", '42abc["message-with-ack",1,"2"]'])
    def test_an_invalid_packet_closes_the_connection(self, servers, packet):
        """Of an unknown type, with an invalid payload, with an invalid number."""
        with connected(servers.calm) as client:
            client.send(packet)
            client.ending()

    def test_acknowledgements_have_the_numbers_of_their_events(self, servers):
        with connected(servers.calm) as client:
            for number in (456, 0, 10**15):
                client.send(f'42{number}["message-with-ack",{number}]')
                assert client.read() == f"43{number}[{number}]"

    def test_an_acknowledgement_without_values_is_sent(self, servers):
        with connected(servers.calm) as client:
            client.send('421["message-with-ack"]')
            assert client.read() == "431[]"
