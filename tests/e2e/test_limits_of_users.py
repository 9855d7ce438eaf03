"""What one user may is counted over all of its connections to a gateway; what one address may,
however often it connects.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import websocket
from socketio import packet as sio

from tests.e2e.lone_gateway import lone_gateway
from tests.e2e.raw_clients import Chatter, Wire
from tests.gateways import Program
from tests.issuers import Issuer

ISSUER = Issuer("HS256")
CONNECTIONS, AT_ONCE = 2, 20  # of a user
HANDSHAKES = 3  # at once, of an address


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with lone_gateway(
        tmp_path_factory.mktemp("users"),
        auth="jwt",
        auth_key=ISSUER.keys(),
        auth_audience="chat",
        trusted_proxies="127.0.0.0/8",
        connections_per_user=CONNECTIONS,
        events_per_user=0.001,
        events_burst=AT_ONCE,
        handshakes_per_address=HANDSHAKES / 10,
    ) as gateway:
        yield gateway


def chatter(gateway: Program, user: str, address: str) -> tuple[Chatter, Any]:
    """A client of *user*, and what its CONNECT was answered with."""
    client = Chatter(gateway.port, X_Forwarded_For=address)
    return client, client.connect("/", {"token": ISSUER.token(user)})


def codes(client: Chatter, count: int) -> list[str | None]:
    """What became of so many events."""
    for number in range(count):
        client.send_packet(sio.EVENT, ["typing", {"typing": True}], number=number)
    return [dict(client.answer(n)).get("error", {}).get("code") for n in range(count)]


def test_a_user_has_as_many_connections_as_it_may_wherever_they_come_from(gateway):
    clients = [chatter(gateway, "ada", f"203.0.113.{number}")[0] for number in range(CONNECTIONS)]
    another, answer = chatter(gateway, "ada", "203.0.113.9")
    assert (answer.packet_type, answer.data["data"]["code"]) == (sio.CONNECT_ERROR, "user_full")
    bob, answer = chatter(gateway, "bob", "203.0.113.9")
    assert answer.packet_type == sio.CONNECT
    for client in (*clients, another, bob):
        client.close()


def test_a_users_connections_share_the_rate_of_its_events(gateway):
    one, _ = chatter(gateway, "eve", "198.51.100.1")
    two, _ = chatter(gateway, "eve", "198.51.100.2")
    told = [*codes(one, 15), *codes(two, 15)]
    assert told.count(None) <= AT_ONCE
    assert told.count("too_fast") == len(told) - told.count(None)
    other, _ = chatter(gateway, "mallory", "198.51.100.3")
    assert codes(other, 15) == [None] * 15
    for client in (one, two, other):
        client.close()


def test_an_address_opens_as_many_connections_at_once_as_it_may(gateway):
    """Though each is closed again before the next."""
    for _ in range(HANDSHAKES):
        Wire(gateway.port, X_Forwarded_For="192.0.2.1").close()
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        Wire(gateway.port, X_Forwarded_For="192.0.2.1")
    assert caught.value.status_code == 429
    assert json.loads(caught.value.resp_body or b"")["name"] == "address_full"
    Wire(gateway.port, X_Forwarded_For="192.0.2.2").close()
