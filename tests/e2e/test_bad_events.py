"""Whatever a client asks for wrongly is refused by name, and hurts neither it nor anybody else."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from socketio import packet as sio

from tests.e2e.bad_events import (
    CHAT,
    ROOMS,
    TEA,
    Bad,
    wrong_arguments,
    wrong_fields,
    wrong_messages,
    wrong_places,
)
from tests.e2e.lone_gateway import lone_gateway, unharmed
from tests.e2e.raw_clients import Chatter


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with lone_gateway(tmp_path_factory.mktemp("events")) as program:
        with Chatter(program.port, ROOMS) as creator:
            creator.ask("create", "tea", namespace=ROOMS)
        yield program


@pytest.fixture
def client(gateway):
    """Somebody in all three namespaces, who still can talk when the test is over."""
    with unharmed(gateway), Chatter(gateway.port, CHAT, ROOMS, TEA) as client:
        yield client
        assert "id" in client.ask("chat message", {"message": "still here"})


def refusals(cases: Iterable[Bad]):
    """Cases of one event are one test: each by itself would take longest for its frame."""
    by_event: dict[tuple[str, str], list[Bad]] = {}
    for case in cases:
        by_event.setdefault((case.namespace, case.event[:20]), []).append(case)
    names = [f"{namespace} {event}".encode("ascii", "replace") for namespace, event in by_event]
    return pytest.mark.parametrize(
        "cases", by_event.values(), ids=[name.decode() for name in names]
    )


def check(client: Chatter, cases: list[Bad]) -> None:
    for case in cases:
        reply = client.ask(case.event, *case.args, namespace=case.namespace)
        assert list(reply) == ["error"], case
        assert reply["error"]["code"] == case.code, (case, reply)
        assert case.named in reply["error"]["message"], (case, reply)
        if case.namespace == TEA:  # the connection is usable
            good = client.ask("create", {"from": "ada", "message": "good"}, namespace=TEA)
        else:
            good = client.ask("chat message", {"message": "good"})
        assert "id" in good, case


@refusals(wrong_arguments())
def test_arguments_of_the_wrong_kind_are_refused(client, cases):
    check(client, cases)


@refusals([*wrong_fields(), *wrong_messages()])
def test_a_wrong_field_is_named(client, cases):
    check(client, cases)


@refusals(wrong_places())
def test_what_is_not_there_is_refused(client, cases):
    check(client, cases)


def test_texts_at_the_limit_are_taken(client):
    """The limit is 8192 bytes of UTF-8, and a name has 64 characters."""
    for text in ("x" * 8192, "é" * 4096, "😀" * 2048):
        fields = {"message": text, "nickname": "é" * 64, "key": "k" * 64}
        assert "id" in client.ask("chat message", {**fields, "key": f"{text[0]}{len(text)}"})
        while client.event("chat message")["message"] != text:
            pass


def test_names_are_trimmed_and_an_empty_nickname_is_unnamed(client):
    for nickname, shown in (("  ada \n", "ada"), (None, "Unnamed"), (" ", "Unnamed")):
        with Chatter(client.port, CHAT) as other:
            assert "id" in other.ask("chat message", {"message": "hello", "nickname": nickname})
            assert other.event("chat message")["nick"] == shown


def test_without_an_acknowledgement_a_refusal_is_an_event(client):
    """Also for an event whose name JSON can hardly carry."""
    for event in ("chat message", "no such event", "\ud800"):
        client.tell(event, 5)
        refused = client.event("refused")
        assert refused["event"] == event
        assert refused["error"]["code"] in ("invalid", "unknown_event")


def test_numbers_beyond_64_bits_and_long_acknowledgement_ids_are_carried(client):
    client.send('421["history",{"limit":' + "9" * 300 + "}]")
    assert client.answer(1)["error"]["code"] == "invalid"
    number = 10**99
    client.send(f'42{number}["presence"]')
    assert client.answer(number)["error"]["code"] == "not_joined"


def test_a_client_is_in_a_hundred_rooms_at_most(client):
    """The 101st is refused, a room can be joined again, and after one is left there is place."""
    replies = [client.ask("join", f"room {number}") for number in range(1000)]
    assert all(reply.get("count") == 1 for reply in replies[:100])
    assert {reply["error"]["code"] for reply in replies[100:]} == {"too_many_rooms"}
    assert "room 999" in replies[999]["error"]["message"]
    assert client.ask("join", "room 0")["count"] == 1
    client.ask("chat message", {"message": "in a full list", "room": "room 99"})
    while client.event("chat message").get("room") != "room 99":
        pass
    client.ask("leave", "room 0")
    assert client.ask("join", "room 999")["count"] == 1


@pytest.mark.parametrize(
    "nickname", [5, True, [], {"a": 1}, "x" * 65, "a\x00", "\ud800", "\u202ea"]
)
def test_a_wrong_nickname_in_the_handshake_is_a_connect_error(gateway, nickname):
    with unharmed(gateway), Chatter(gateway.port) as client:
        refused = client.connect(CHAT, {"nickname": nickname})
        assert refused.packet_type == sio.CONNECT_ERROR
        assert refused.data["data"]["code"] in ("invalid", "too_long")
        assert "nickname" in refused.data["message"]
        assert client.connect(CHAT, {"nickname": "ada"}).packet_type == sio.CONNECT
        client.ask("chat message", {"message": "in spite of it"})
        assert client.event("chat message")["nick"] == "ada"


@pytest.mark.parametrize(
    ("namespace", "code"),
    [
        ("/messages/nowhere", "unknown_room"),
        ("/messages/" + "x" * 65, "too_long"),
        ("/messages/a%00b", "invalid"),
        ("/messages/%E2%80%AEx", "invalid"),
        ("/nothing", None),
        ("/messages/", None),
        ("/messages/%20", None),
        ("/rooms", None),
        ("/room/", None),
    ],
)
def test_a_namespace_that_is_not_there_is_a_connect_error(gateway, namespace, code):
    with unharmed(gateway), Chatter(gateway.port) as client:
        refused = client.connect(namespace)
        assert refused.packet_type == sio.CONNECT_ERROR
        assert refused.namespace == namespace
        assert refused.data.get("data", {}).get("code") == code
        assert client.connect(CHAT).packet_type == sio.CONNECT


def test_one_connection_has_at_most_two_hundred_namespaces(client):
    """One room's name can be written in any number of ways."""
    for number in range(197):
        assert client.connect("/messages/tea" + "%20" * (number + 1)).packet_type == sio.CONNECT
    refused = client.connect("/messages/%74ea")
    assert refused.packet_type == sio.CONNECT_ERROR
    assert refused.data["data"]["code"] == "too_many_rooms"
