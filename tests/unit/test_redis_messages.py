"""Events as JSON messages, written by gateways and by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.envelope import Action, Envelope
from chatcluster.core.errors import MalformedError
from chatcluster.core.position import Position
from chatcluster.fanout.redis.channels import Route
from chatcluster.fanout.redis.messages import decode, encode

PLAIN = Route("note")

names = st.text(max_size=10)
envelopes = st.builds(
    Envelope,
    origin=names,
    sequence=st.integers(1, 2**53),
    namespace=names.map(lambda name: f"/{name}"),
    action=st.just(Action.EMIT),
    rooms=st.lists(names.filter(bool), max_size=3).map(tuple),
    exclude=st.lists(names, max_size=3).map(tuple),
    event=st.just("note"),
    args=st.lists(st.none() | names | st.binary(max_size=9), max_size=3).map(tuple),
    epoch=st.integers(0, 9),
    position=st.none() | st.builds(Position, st.just("9f86d081"), st.integers(0, 2**49)),
    flags=st.dictionaries(names, st.booleans(), max_size=2),
)


def read(message: object, route: Route = PLAIN, sequences: Iterator[int] | None = None) -> Envelope:
    return decode(json.dumps(message).encode(), route, sequences or count(1))


@given(envelopes)
def test_what_a_gateway_sends_arrives_as_it_was(envelope: Envelope) -> None:
    assert decode(encode(envelope), PLAIN, iter(())) == envelope


def test_a_person_can_read_it() -> None:
    envelope = Envelope(
        "gateway-1.x", 7, "/", Action.EMIT, rooms=("tea",), event="note", args=("hello", {"n": 1})
    )
    assert json.loads(encode(envelope)) == {
        "event": "note",
        "namespace": "/",
        "room": "tea",
        "args": ["hello", {"n": 1}],
        "origin": "gateway-1.x",
        "sequence": 7,
    }


def test_a_person_can_write_it() -> None:
    assert read({"room": "tea", "args": ["hello"]}) == Envelope(
        "redis", 1, "/", Action.EMIT, rooms=("tea",), event="note", args=("hello",)
    )


def test_everything_may_be_left_out() -> None:
    assert read({}) == Envelope("redis", 1, "/", Action.EMIT, event="note")


def test_on_the_channel_of_a_room_it_is_for_that_room() -> None:
    route = Route("note", "/chat", "tea")
    said = read({"args": ["hello"]}, route)
    assert (said.namespace, said.rooms) == ("/chat", ("tea",))
    elsewhere = read({"namespace": "/", "rooms": ["a", "b"]}, route)
    assert (elsewhere.namespace, elsewhere.rooms) == ("/", ("a", "b"))


def test_what_is_written_by_hand_is_numbered_by_the_receiver() -> None:
    sequences = count(5)
    assert [read({}, sequences=sequences).sequence for _ in range(3)] == [5, 6, 7]


def test_a_later_version_of_a_gateway_may_say_more() -> None:
    assert read({"origin": "gw", "sequence": 1, "shade": "blue"}).origin == "gw"


@pytest.mark.parametrize(
    ("message", "wrong"),
    [
        ([], "an object is expected"),
        ("hello", "an object is expected"),
        ({"message": "hello"}, "message: there is no such field"),
        ({"event": "other"}, "event: 'other' on a channel of 'note'"),
        ({"event": 1}, "event: a text"),
        ({"namespace": "chat"}, "namespace: 'chat' does not begin with /"),
        ({"room": 7}, "room: a text"),
        ({"room": "a", "rooms": ["b"]}, "only one of them"),
        ({"rooms": "tea"}, "rooms: a list"),
        ({"rooms": [1]}, "rooms: a list of texts"),
        ({"except": "x"}, "except: a list"),
        ({"args": "hello"}, "args: a list"),
        ({"args": {"a": 1}}, "args: a list"),
        ({"flags": []}, "flags: an object"),
        ({"origin": "gw"}, "sequence: a whole number"),
        ({"origin": "gw", "sequence": True}, "sequence: a whole number"),
        ({"origin": "gw", "sequence": 0}, "a sequence a number from 1"),
        ({"origin": "gw", "sequence": 1, "position": "x"}, "position: 'x' is not a position"),
    ],
)
def test_what_is_wrong_is_named(message: Any, wrong: str) -> None:
    with pytest.raises(MalformedError, match=wrong):
        read(message)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
ROUTING = ["event", "namespace", "room", "rooms", "except", "args", "flags"]
fields = st.sampled_from([*ROUTING, "origin", "sequence", "epoch", "position"])


@given(st.dictionaries(fields, json_values))
def test_no_json_does_harm(message: dict[str, Any]) -> None:
    with suppress(MalformedError):
        read(message)
