"""Envelopes in the format of Node's redis-adapter: bytes in, envelopes out, and back."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.envelope import Action, Envelope
from chatcluster.core.errors import MalformedError
from chatcluster.core.position import Position
from chatcluster.fanout.adapter import classic, notepack

UID = "A1b2C3"

FROM_EMITTER = bytes.fromhex(
    "93a7656d697474657283a47479706502a46461746192a568656c6c6fa5776f726c64"
    "a36e7370a12f83a5726f6f6d7391a5726f6f6d31a5666c61677380a665786365707490"
)
FROM_SERVER = bytes.fromhex(
    "93a641316232433383a47479706502a46461746192a568656c6c6fa5776f726c64"
    "a36e7370a12f83a5726f6f6d7391a5726f6f6d31a665786365707490a5666c61677380"
)
BROADCAST_WITH_ACK = bytes.fromhex(
    "85a3756964a6413162324333a9726571756573744964a65a7a392d5f30a47479706507"
    "a67061636b657483a47479706502a46461746191a568656c6c6fa36e7370a12f"
    "a46f70747383a5726f6f6d7390a665786365707490a5666c61677381a774696d656f7574cd03e8"
)


def read_broadcast(payload: bytes, namespace: str = "/") -> Envelope:
    return classic.decode_broadcast(payload, namespace, itertools.count(7))


def read_request(payload: bytes, namespace: str = "/") -> Envelope | None:
    return classic.decode_request(classic.read_request(payload), namespace, itertools.count(7))


def test_a_broadcast_is_byte_for_byte_what_a_node_server_writes() -> None:
    packet = classic.packet("/", "hello", "world")
    assert classic.broadcast(UID, packet, rooms=["room1"], flags={}) == FROM_SERVER


@pytest.mark.parametrize(
    ("payload", "origin"),
    [(FROM_SERVER, UID), (FROM_EMITTER, "emitter")],
    ids=["server", "emitter"],
)
def test_a_broadcast_of_a_node_peer_is_numbered_here(payload: bytes, origin: str) -> None:
    assert read_broadcast(payload) == Envelope(
        origin=origin,
        sequence=7,
        namespace="/",
        action=Action.EMIT,
        rooms=("room1",),
        event="hello",
        args=("world",),
    )


def test_nothing_but_our_key_is_added_to_a_broadcast() -> None:
    envelope = Envelope("gw-1", 5, "/", Action.EMIT, rooms=("room1",), event="hello", epoch=2)
    uid, packet, opts = notepack.unpack(classic.encode_broadcast(UID, envelope))
    assert opts["flags"].pop("cc") == ["gw-1", 5, 2, None]
    assert list(packet) == ["type", "data", "nsp"]
    assert list(opts) == ["rooms", "except", "flags"]
    assert (uid, packet, opts) == (
        UID,
        {"type": 2, "data": ["hello"], "nsp": "/"},
        {"rooms": ["room1"], "except": [], "flags": {}},
    )


def test_flags_that_node_left_undefined_are_no_flags() -> None:
    packet = {"type": 2, "data": ["e"], "nsp": "/"}
    opts: dict[str, Any] = {"rooms": [], "except": [], "flags": None}
    assert read_broadcast(notepack.pack([UID, packet, opts])).flags == {}


def test_the_flags_of_a_node_peer_are_kept() -> None:
    packet = classic.packet("/", "e")
    flags = {"volatile": True, "compress": False}
    payload = classic.broadcast(UID, packet, exclude=["sid"], flags=flags)
    envelope = read_broadcast(payload)
    assert (envelope.flags, envelope.exclude) == (flags, ("sid",))


def test_a_broadcast_without_a_namespace_is_for_the_main_one() -> None:
    payload = notepack.pack([UID, {"type": 2, "data": ["e"]}, {"rooms": [], "except": []}])
    assert read_broadcast(payload).event == "e"
    with pytest.raises(MalformedError):
        read_broadcast(payload, "/chat")


def test_rooms_and_events_that_are_numbers_become_text() -> None:
    """`io.to(42)` is one room in Node; channels, and Python, know it as "42"."""
    packet = {"type": 2, "data": [7, 7], "nsp": "/"}
    opts = {"rooms": [42, "42", 1.5], "except": [3], "flags": {}}
    envelope = read_broadcast(notepack.pack([UID, packet, opts]))
    assert (envelope.rooms, envelope.exclude) == (("42", "42", "1.5"), ("3",))
    assert (envelope.event, envelope.args) == ("7", (7,))


WRONG_BROADCASTS: list[Any] = [
    None,
    [],
    [UID, {"type": 2, "data": ["e"], "nsp": "/"}],
    [UID, {"type": 3, "data": [1], "nsp": "/"}, {}],
    [UID, {"type": 2, "data": [], "nsp": "/"}, {}],
    [UID, {"data": ["e"], "nsp": "/"}, {}],
    [UID, {"type": 2, "data": ["e"], "nsp": "/"}, {"flags": 3}],
    [UID, {"type": 2, "data": ["e"], "nsp": "/"}, {"rooms": 3}],
    [UID, {"type": 2, "data": ["e"], "nsp": "/"}, {"flags": {"cc": [1]}}],
    [UID, {"type": 2, "data": ["e"], "nsp": "/"}, {"flags": {"cc": ["gw", 1, 0, ["e"]]}}],
    [UID, {"type": 2, "data": ["e"], "nsp": "/"}, {"flags": {"cc": [["gw"], 1, 0, None]}}],
    [UID, {"type": 2, "data": ["e"], "nsp": "/"}, {"flags": {"cc": ["gw", 0, 0, None]}}],
]


@pytest.mark.parametrize("message", WRONG_BROADCASTS)
def test_a_broadcast_of_another_shape_is_malformed(message: Any) -> None:
    with pytest.raises(MalformedError):
        read_broadcast(notepack.pack(message))


REQUESTS: dict[Action, tuple[dict[str, Any], dict[str, Any]]] = {
    Action.JOIN: ({"into": ("x",)}, {"type": 2, "rooms": ["x"]}),
    Action.LEAVE: ({"into": ("x",)}, {"type": 3, "rooms": ["x"]}),
    Action.DISCONNECT: ({"close": True}, {"type": 4, "close": True}),
    Action.CLOSE_ROOM: ({}, {"type": 3, "rooms": ["a"]}),
}


@pytest.mark.parametrize("action", REQUESTS, ids=str)
def test_a_request_is_what_a_node_server_writes_and_our_key(action: Action) -> None:
    fields, expected = REQUESTS[action]
    envelope = Envelope("gw-1", 5, "/", action, rooms=("a",), exclude=("sid",), **fields)
    payload = classic.encode_request(UID, envelope)
    request = json.loads(payload)
    assert payload[:1] == b"{"
    assert request.pop("cc") == ["gw-1", 5, 0, None, action, {}]
    assert request == {"uid": UID, "opts": {"rooms": ["a"], "except": ["sid"]}, **expected}


def test_requests_of_a_node_server_and_of_an_emitter_are_understood() -> None:
    opts = '"opts":{"rooms":["a",42],"except":["b"]}'
    join = read_request(b'{"uid":"A1b2C3","type":2,%s,"rooms":["x","y"]}' % opts.encode())
    leave = read_request(b'{"type":3,%s,"rooms":["x"]}' % opts.encode())
    disconnect = read_request(b'{"uid":"A1b2C3","type":4,%s,"close":true}' % opts.encode())
    rooms, exclude = ("a", "42"), ("b",)
    assert join == Envelope(UID, 7, "/", Action.JOIN, rooms, exclude, into=("x", "y"))
    assert leave == Envelope("emitter", 7, "/", Action.LEAVE, rooms, exclude, into=("x",))
    assert disconnect == Envelope(UID, 7, "/", Action.DISCONNECT, rooms, exclude, close=True)


@pytest.mark.parametrize("kind", [0, 1, 5, 6, 99])
def test_a_request_that_asks_something_tells_gateways_to_do_nothing(kind: int) -> None:
    assert read_request(b'{"uid":"A1b2C3","requestId":"Zz9-_0","type":%d}' % kind) is None


def test_a_request_may_be_messagepack() -> None:
    request = classic.read_request(BROADCAST_WITH_ACK)
    assert (request["type"], request["opts"]["flags"]) == (7, {"timeout": 1000})
    assert read_request(BROADCAST_WITH_ACK) is None


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"[]", b"\x90", b'{"type":2}', b'{"type":2,"opts":{}}', b'{"type":4,"opts":3}'],
)
def test_a_request_of_another_shape_is_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedError):
        read_request(payload)


def test_flags_that_json_has_no_form_for_are_refused() -> None:
    with pytest.raises(MalformedError):
        classic.encode_request(UID, Envelope("gw", 1, "/", Action.JOIN, flags={"x": b""}))


names = st.lists(st.text(st.characters()), max_size=3).map(tuple)
common = {
    "origin": st.text(min_size=1),
    "sequence": st.integers(1, 2**53),
    "namespace": st.sampled_from(["/", "/chat"]),
    "rooms": names,
    "exclude": names,
    "epoch": st.integers(0, 1000),
    "position": st.none() | st.builds(Position, st.text(min_size=1), st.integers(0, 2**53)),
    "flags": st.dictionaries(st.sampled_from(["volatile", "compress", "x"]), st.booleans()),
}
emits = st.builds(
    Envelope,
    action=st.just(Action.EMIT),
    event=st.text(),
    args=st.lists(st.text() | st.binary() | st.none()).map(tuple),
    **common,
)
moves = st.builds(
    Envelope, action=st.sampled_from([Action.JOIN, Action.LEAVE]), into=names, **common
)
closings = st.builds(
    Envelope, action=st.just(Action.DISCONNECT), close=st.booleans(), **common
) | st.builds(Envelope, action=st.just(Action.CLOSE_ROOM), **common)


@given(emits)
def test_our_broadcasts_come_back_whole(envelope: Envelope) -> None:
    assert read_broadcast(classic.encode_broadcast(UID, envelope), envelope.namespace) == envelope


@given(moves | closings)
def test_our_requests_come_back_whole(envelope: Envelope) -> None:
    assert read_request(classic.encode_request(UID, envelope), envelope.namespace) == envelope
