"""Clients that are gone before their events have been carried out."""

from __future__ import annotations

import socket
import time

import pytest

from tests.e2e.lone_gateway import lone_gateway, unharmed
from tests.e2e.raw_clients import SECONDS, Chatter, Poller
from tests.gateways import Program

EVENTS = [
    '420["chat message",{"message":"hello","room":"tea"}]',
    '420["join",{"room":"tea"}]',
    '420["join"]',
    '420["history",{"room":"tea"}]',
    '420["typing",{"typing":true}]',
    '42/room,0["list"]',
    '42/room,0["remove","nowhere"]',
    '42/messages/tea,0["create",{"message":"hello"}]',
    '42/messages/tea,0["list"]',
    "41",
]
EVERYWHERE = ("/", "/room", "/messages/tea")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, valkey):
    """With a log that takes its time: it is asked over a network."""
    folder = tmp_path_factory.mktemp("vanished")
    settings = {"history": "redis", "redis_url": valkey.url, "key": folder.name}
    with lone_gateway(folder, **settings) as program:
        with Chatter(program.port, *EVERYWHERE[:2]) as creator:
            creator.ask("create", "tea", namespace="/room")
            for number in range(300):
                creator.ask("chat message", {"message": f"{number}", "room": "tea"})
        yield program


def gone(gateway: Program) -> bool:
    """Whether nobody but the two witnesses is left."""
    deadline = time.monotonic() + SECONDS
    while gateway.stats()["connections"] > 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    return time.monotonic() < deadline


@pytest.mark.parametrize("event", EVENTS)
def test_a_client_that_does_not_wait_for_its_answer_is_forgotten(gateway, event):
    with unharmed(gateway) as witness:
        for milliseconds in range(10):
            with Chatter(gateway.port, *EVERYWHERE) as client:
                client.send(event, event)
                time.sleep(milliseconds / 2000)
        witness.chats()
        assert gone(gateway)


def test_a_client_that_does_not_wait_until_it_is_connected_is_forgotten(gateway):
    with unharmed(gateway) as witness:
        for milliseconds in range(10):
            with Chatter(gateway.port) as client:
                client.send("40", "40/room,", "40/messages/tea,", "40/messages/nowhere,")
                time.sleep(milliseconds / 2000)
        witness.chats()
        assert gone(gateway)


def test_a_polling_client_that_does_not_wait_for_its_answer_leaves_its_rooms(gateway):
    """At once, without waiting for a ping that it does not answer."""
    with unharmed(gateway), Chatter(gateway.port, "/") as ada:
        ada.ask("join", "tea")
        poller = Poller(gateway.port)
        poller.post("40", '420["join",{"room":"tea","nickname":"bob"}]')
        while not any(person["nickname"] == "bob" for person in ada.event("presence")["joined"]):
            pass
        while "430[" not in poller.get()[1]:
            pass
        # What was told of bob's coming has been told: before he was in the room, or before this.
        ada.ask("chat message", {"room": "tea", "message": "nothing more waits"})
        while "nothing more waits" not in poller.get()[1]:
            pass
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", gateway.port), SECONDS) as connection:
            line = f"GET /socket.io/?EIO=4&transport=polling&sid={poller.sid} HTTP/1.1"
            connection.sendall(f"{line}\r\nHost: here\r\n\r\n".encode())
            time.sleep(0.05)
        while not ada.event("presence")["left"]:
            pass
        assert time.monotonic() - began < 4.0
