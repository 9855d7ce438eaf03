"""Whoever asks for more than its share is told so, and nobody else notices."""

from __future__ import annotations

import json
import time
from typing import Any

import aiohttp
import pytest
import socketio
import websocket
from socketio import packet as sio

from chat_gateway.limits.flow import Flow
from chat_gateway.standalone import StandaloneServer
from tests.e2e.lone_gateway import lone_gateway, unharmed
from tests.e2e.raw_clients import SECONDS, Chatter, Poller, Wire

PER_ADDRESS, CONNECTIONS = 3, 8
BURST = 30


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    """Behind a proxy, which is this machine."""
    limits = {
        "trusted_proxies": "127.0.0.0/8",
        "connections_limit": CONNECTIONS,
        "connections_per_address": PER_ADDRESS,
        "events_per_second": 1,
        "events_burst": BURST,
        "packets_per_body": 5,
        "namespaces_per_client": 2,
    }
    with lone_gateway(tmp_path_factory.mktemp("limits"), **limits) as program:
        yield program


def refused(port, **headers):
    """The status and the code of a WebSocket that is not opened."""
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        Wire(port, **headers)
    answer = caught.value
    return answer.status_code, json.loads(answer.resp_body or b"{}").get("name")


def opened(port, **headers):
    """A WebSocket, as soon as there is room for it."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return Wire(port, **headers)
        except websocket.WebSocketBadStatusException:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.02)


def poll(port, **headers):
    client = Poller(port, connected=False, **headers)
    status, body = client.get()
    return status, json.loads(body[body.index("{") :])


def all_gone(gateway):
    deadline = time.monotonic() + SECONDS
    while gateway.stats()["connections"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_one_address_has_as_many_connections_as_it_may(gateway):
    here: Any = {"X_Forwarded_For": "203.0.113.1"}
    clients = [Wire(gateway.port, **here) for _ in range(PER_ADDRESS)]
    assert refused(gateway.port, **here) == (429, "address_full")
    status, why = poll(gateway.port, **here)
    assert (status, why["code"], why["name"]) == (429, 3011, "address_full")
    with Wire(gateway.port, X_Forwarded_For="203.0.113.2"):
        clients.pop().close()
        opened(gateway.port, **here).close()
    for client in clients:
        client.close()
    all_gone(gateway)


def test_what_a_client_claims_of_itself_is_not_believed(gateway):
    """The proxy writes whom it has seen behind whatever the client wrote."""
    clients = [
        Wire(gateway.port, X_Forwarded_For=f"198.51.100.{number}, 203.0.113.1")
        for number in range(PER_ADDRESS)
    ]
    claim: Any = {"X_Forwarded_For": "198.51.100.99, 203.0.113.1"}
    assert refused(gateway.port, **claim) == (429, "address_full")
    for client in clients:
        client.close()
    all_gone(gateway)


def test_a_gateway_has_as_many_clients_as_it_may(gateway):
    clients = [
        Wire(gateway.port, X_Forwarded_For=f"203.0.113.{number}") for number in range(CONNECTIONS)
    ]
    assert refused(gateway.port) == (503, "gateway_full")
    status, why = poll(gateway.port)
    assert (status, why["code"]) == (503, 3010)
    clients.pop().close()
    opened(gateway.port).close()
    for client in clients:
        client.close()
    all_gone(gateway)


def test_every_place_is_given_back_however_a_client_leaves(gateway):
    for _ in range(5):
        clients = [Wire(gateway.port) for _ in range(PER_ADDRESS)]
        clients[0].send("1")
        assert clients[0].ending() == 1000
        clients[1].send("nonsense")
        assert clients[1].ending() == 1002
        for client in clients:
            client.close()
        all_gone(gateway)
        pollers = [Poller(gateway.port) for _ in range(PER_ADDRESS)]
        pollers[0].post("1")
        pollers[1].post("nonsense")
        moving = Wire(gateway.port, sid=pollers[2].sid)
        moving.send("2probe")
        assert moving.read() == "3probe"
        moving.send("5")
        moving.close()
        all_gone(gateway)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example"]
)
def test_pages_of_other_hosts_do_not_get_in(gateway, origin):
    assert refused(gateway.port, Origin=origin) == (403, "forbidden_origin")
    status, why = poll(gateway.port, Origin=origin)
    assert (status, why["code"]) == (403, 3508)
    victim = Poller(gateway.port)
    thief = Poller(gateway.port, connected=False, Origin=origin)
    thief.sid = victim.sid
    assert thief.post("40")[0] == 403
    victim.post("1")
    all_gone(gateway)


async def test_browsers_are_told_which_pages_may(gateway):
    url = f"{gateway.url}/socket.io/?EIO=4&transport=polling"
    async with aiohttp.ClientSession() as session:
        for origin, status in (("http://127.0.0.1:9", 204), ("https://evil.example", 403)):
            async with session.options(url, headers={"Origin": origin}) as answer:
                assert answer.status == status
                allowed = answer.headers.get("Access-Control-Allow-Origin")
                assert allowed == (origin if status == 204 else None)


def test_pages_of_the_same_host_get_in(gateway):
    with Wire(gateway.port, Origin="http://127.0.0.1:8000"):
        pass


def test_events_that_come_too_fast_are_refused_and_then_the_client_is(gateway):
    with unharmed(gateway), Chatter(gateway.port, "/") as client:
        for number in range(BURST + 10):
            client.send_packet(sio.EVENT, ["typing", {"typing": True}], number=number)
        replies = [client.answer(number) for number in range(BURST + 10)]
        codes = [reply.get("error", {}).get("code") for reply in map(dict, replies)]
        assert codes[: BURST - 2] == [None] * (BURST - 2)
        assert codes[-8:] == ["too_fast"] * 8
        client.tell("typing", {"typing": True})
        assert client.event("refused")["error"]["code"] == "too_fast"
        for _ in range(BURST + 10):
            client.tell("typing", {"typing": False})
        assert client.ending() == 3102


def test_connects_that_come_too_fast_are_refused_too(gateway):
    with Chatter(gateway.port, "/") as client:
        for _ in range(BURST):
            client.tell("typing", {"typing": True})
        answer = client.connect("/room")
        assert answer.packet_type == sio.CONNECT_ERROR
        assert answer.data["data"]["code"] == "too_fast"


def test_what_has_attachments_is_refused_as_a_whole(gateway):
    with Chatter(gateway.port, "/") as client:
        for _ in range(BURST):
            client.tell("typing", {"typing": True})
        reply = client.ask("chat message", {"message": b"binary"})
        assert reply["error"]["code"] == "too_fast"
        client.send_packet(sio.DISCONNECT)  # is taken, late or soon
        client.send("1")
        assert client.ending() == 1000


def test_a_client_is_in_as_many_namespaces_as_it_may(gateway):
    with Chatter(gateway.port, "/", "/room") as client:
        answer = client.connect("/messages/tea")
        assert answer.data["data"]["code"] == "too_many_rooms"


def test_a_polling_body_has_as_many_packets_as_it_may(gateway):
    client = Poller(gateway.port)
    assert client.post("40", *["2"] * 5)[0] == 400
    all_gone(gateway)


async def test_a_user_has_as_many_connections_as_it_may():
    """Whoever knows the user says so while the client connects."""
    server = StandaloneServer(flow=Flow(connections_per_user=1))

    @server.socketio.on("connect")
    async def connect(sid, environ, auth):
        socket = server.socketio.manager.members.sockets[sid]
        server.socketio.flow.identify(socket.session, auth["user"])

    async with server.listening() as port:
        first, second = socketio.AsyncClient(), socketio.AsyncClient(reconnection=False)
        errors: list[Any] = []
        second.on("connect_error", errors.append)
        url = f"http://127.0.0.1:{port}"
        await first.connect(url, auth={"user": "ada"}, transports=["websocket"])
        with pytest.raises(socketio.exceptions.ConnectionError):
            await second.connect(url, auth={"user": "ada"}, transports=["websocket"])
        assert [error["data"]["code"] for error in errors] == ["user_full"]
        await second.connect(url, auth={"user": "bob"}, transports=["websocket"])
        await second.disconnect()
        await first.disconnect()
