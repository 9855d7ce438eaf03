"""What other services may ask of a hub, and how they are told what is wrong."""

from __future__ import annotations

from json import loads
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_hub.denied import INVALID, Denied
from chat_hub.orders import (
    BATCH,
    DEPTH,
    ORDERS,
    Broadcast,
    DisconnectSockets,
    SocketsJoin,
    SocketsLeave,
    read,
)
from chatcluster.core.envelope import Action

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
fields = st.sampled_from(["namespace", "rooms", "except", "event", "args", "key", "into", "close"])


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


def test_a_broadcast_is_to_everybody_in_the_main_namespace_if_nothing_else_is_said() -> None:
    [order] = read(Broadcast, {"event": "news"})
    assert (order.namespace, order.rooms, order.exclude, order.args) == ("/", [], [], [])
    assert (order.action, order.own()) == (Action.EMIT, {"event": "news", "args": ()})


def test_all_fields_are_taken_as_they_are() -> None:
    [order] = read(
        Broadcast,
        {
            "namespace": "/messages/tea%20time",
            "rooms": ["a", "b"],
            "except": ["c"],
            "event": "news",
            "args": [1, b"binary", {"x": None}],
            "key": "k",
        },
    )
    assert order.namespace == "/messages/tea%20time"
    assert (order.rooms, order.exclude, order.key) == (["a", "b"], ["c"], "k")
    assert order.own() == {"event": "news", "args": (1, b"binary", {"x": None})}


def test_the_other_actions_have_fields_of_their_own() -> None:
    [join] = read(SocketsJoin, {"rooms": ["sid"], "into": ["tea"]})
    assert (join.action, join.own()) == (Action.JOIN, {"into": ("tea",)})
    [leave] = read(SocketsLeave, {"into": ["tea"]})
    assert (leave.action, leave.own()) == (Action.LEAVE, {"into": ("tea",)})
    [disconnect] = read(DisconnectSockets, {"close": True})
    assert (disconnect.action, disconnect.own()) == (Action.DISCONNECT, {"close": True})


def test_a_list_is_read_whole() -> None:
    assert [one.event for one in read(Broadcast, [{"event": "a"}, {"event": "b"}])] == ["a", "b"]


WRONG: list[tuple[Any, str]] = [
    ({}, "event: Field required"),
    ({"event": ""}, "event: "),
    ({"event": 7}, "event: "),
    ({"event": "connect"}, "event: 'connect' is reserved by Socket.IO"),
    ({"event": "disconnecting"}, "event: 'disconnecting' is reserved"),
    ({"event": "x" * 256}, "event: "),
    ({"event": "\ud800"}, "event: "),
    ({"event": "e", "colour": 1}, "colour: there is no such field"),
    ({"event": "e", "exclude": []}, "exclude: there is no such field"),
    ({"event": "e", "rooms": "tea"}, "rooms: "),
    ({"event": "e", "rooms": ["tea", 7]}, "rooms[1]: "),
    ({"event": "e", "rooms": [""]}, "rooms[0]: "),
    ({"event": "e", "rooms": ["\udfff"]}, "rooms[0]: "),
    ({"event": "e", "rooms": ["x" * 513]}, "rooms[0]: "),
    ({"event": "e", "rooms": ["x"] * 1001}, "rooms: "),
    ({"event": "e", "except": [None]}, "except[0]: "),
    ({"event": "e", "namespace": "chat"}, "namespace: "),
    ({"event": "e", "namespace": "/a,b"}, "namespace: "),
    ({"event": "e", "args": {"a": 1}}, "args: "),
    ({"event": "e", "args": nested(DEPTH + 2)}, f"args: more than {DEPTH} lists or objects"),
    ({"event": "e", "key": ""}, "key: "),
    ([{"event": "e"}, {}], "[1].event: Field required"),
    ([], "at least 1"),
    ([{"event": "e"}] * (BATCH + 1), f"at most {BATCH}"),
    (None, "must be an object, or a list of objects"),
    ("news", "must be an object, or a list of objects"),
    ([7], "[0]: must be an object"),
]


@pytest.mark.parametrize(("data", "sentence"), WRONG, ids=lambda value: str(value)[:40])
def test_what_is_wrong_is_named(data: Any, sentence: str) -> None:
    with pytest.raises(Denied) as caught:
        read(Broadcast, data)
    assert caught.value.reason is INVALID
    assert sentence in caught.value.message


def test_everything_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(Denied) as caught:
        read(Broadcast, {"rooms": "tea", "colour": 1})
    assert all(name in caught.value.message for name in ("rooms", "colour", "event"))


def test_arguments_may_be_nested_as_deep_as_any_program_needs() -> None:
    assert read(Broadcast, {"event": "e", "args": nested(DEPTH)})


def test_where_to_join_must_be_said() -> None:
    for wrong in ("{}", '{"into": []}'):
        with pytest.raises(Denied, match="into: "):
            read(SocketsJoin, loads(wrong))


@given(st.sampled_from(sorted(ORDERS)), json_values | st.dictionaries(fields, json_values))
def test_whatever_is_asked_is_read_or_denied(kind: str, data: Any) -> None:
    try:
        count = len(read(ORDERS[kind], data))
    except Denied:
        return
    assert count == (len(data) if isinstance(data, list) else 1)
