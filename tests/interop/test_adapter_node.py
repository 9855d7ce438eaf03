"""Mode `adapter` in one cluster with a real Node server and its emitter."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from chatcluster.core.envelope import Action, Envelope
from chatcluster.fanout.adapter import AdapterFanout
from chatcluster.testing.harness import Gateway
from tests.interop.node import UNDEFINED, NodeServer, node_server
from tests.servers import Valkey

pytestmark = pytest.mark.node


@pytest.fixture
def key() -> str:
    return f"interop-{secrets.token_hex(4)}"


@pytest.fixture
async def node(valkey: Valkey, key: str) -> AsyncIterator[NodeServer]:
    async with node_server(valkey.url, key=key) as server:
        await server.do("servers")
        yield server


@pytest.fixture
async def gateway(valkey: Valkey, key: str) -> AsyncIterator[Gateway]:
    gateway = await Gateway(AdapterFanout(valkey.url, key=key), "gw-1").open("", "a", "b")
    yield gateway
    await gateway.fanout.close()


def summary(envelope: Envelope) -> tuple[Any, ...]:
    return (envelope.rooms, envelope.exclude, envelope.event, envelope.args)


SENDERS = pytest.mark.parametrize("sender", ["server", "emitter"])


@SENDERS
async def test_what_node_emits_arrives_with_its_rooms_and_exceptions(
    sender: str, node: NodeServer, gateway: Gateway
) -> None:
    await node.do("emit", **{"from": sender}, args=["all", 1])
    await node.do("emit", **{"from": sender}, to=["a"], args=["one", "x"])
    await node.do("emit", **{"from": sender}, to=["a", "b"], args=["two"])
    await node.do("emit", **{"from": sender}, to=["b"], **{"except": ["a", "sid"]}, args=["but"])
    await node.do("emit", **{"from": sender}, **{"except": ["a"]}, args=["others"])
    assert [summary(envelope) for envelope in await gateway.got(5)] == [
        ((), (), "all", (1,)),
        (("a",), (), "one", ("x",)),
        (("a", "b"), (), "two", ()),
        (("b",), ("a", "sid"), "but", ()),
        ((), ("a",), "others", ()),
    ]
    assert len({envelope.origin for envelope in gateway.received}) == 1
    assert len({envelope.sequence for envelope in gateway.received}) == 5


async def test_what_node_emits_to_unwanted_rooms_does_not_arrive(
    node: NodeServer, gateway: Gateway
) -> None:
    await node.do("emit", to=["c"], args=["no"])
    await node.do("emit", to=["c", "d"], args=["no"])
    await node.do("emit", to=["c", "b"], args=["yes"])
    assert [envelope.event for envelope in await gateway.got(1)] == ["yes"]


@SENDERS
async def test_flags_of_node_arrive(sender: str, node: NodeServer, gateway: Gateway) -> None:
    flags = {"volatile": True, "compress": False}
    await node.do("emit", **{"from": sender}, flags=flags, args=["e"])
    (envelope,) = await gateway.got(1)
    assert envelope.flags == flags


async def test_a_room_that_is_a_number_in_node_is_its_digits_here(
    node: NodeServer, gateway: Gateway
) -> None:
    await gateway.want("42")
    await node.do("emit", to=[42], args=["e"])
    await node.do("emit", to=[42, 43], args=["e"])
    assert [envelope.rooms for envelope in await gateway.got(2)] == [("42",), ("42", "43")]


VALUES: dict[str, Any] = {
    "text": "Zürich, 東京, 🎉, a\u0000b\u2028",
    "long text": "é" * 100_000,
    "nothing": None,
    "numbers": [0, -1, 2**31, -(2**31) - 1, 2**53 - 1, -(2**53) + 1, 0.1],
    "bytes": b"\x00\xff" * 100,
    "many bytes": b"\x80" * 100_000,
    "date": datetime(2026, 7, 14, 12, 30, 15, 123000, UTC),
    "date in whole seconds": datetime(2000, 6, 13, tzinfo=UTC),
    "date before 1970": datetime(1969, 12, 31, 23, 59, 59, 500000, UTC),
    "nested": {"a": [{"b": {"c": [None, True, [], {}]}}], "ü": {"bytes": b"x"}},
}
# What goes through JSON to Node's client loses that it was a date.
FOR_CLIENTS = {name: value for name, value in VALUES.items() if not name.startswith("date")}


@SENDERS
async def test_values_of_node_arrive_as_they_were(
    sender: str, node: NodeServer, gateway: Gateway
) -> None:
    for name, value in VALUES.items():
        await node.do("emit", **{"from": sender}, args=[name, value, [value]])
    for envelope in await gateway.got(len(VALUES)):
        value = VALUES[envelope.event]
        assert envelope.args == (value, [value])


async def test_undefined_of_node_arrives_as_nothing(node: NodeServer, gateway: Gateway) -> None:
    """And in an object it is left out, as JSON leaves it out."""
    await node.do("emit", args=["e", UNDEFINED, {"a": UNDEFINED, "b": 1}])
    (envelope,) = await gateway.got(1)
    assert envelope.args == (None, {"b": 1})


async def test_values_reach_nodes_clients_as_they_were(node: NodeServer, gateway: Gateway) -> None:
    await node.client("x", "a")
    for name, value in FOR_CLIENTS.items():
        await gateway.say(value, [value], event=name)
    for name, value in FOR_CLIENTS.items():
        assert await node.got("x") == [name, value, [value]]


async def test_a_date_reaches_nodes_clients_as_text(node: NodeServer, gateway: Gateway) -> None:
    await node.client("x", "a")
    await gateway.say(VALUES["date"])
    assert await node.got("x") == ["e", "2026-07-14T12:30:15.123Z"]


async def test_emits_reach_the_clients_of_node_that_they_are_for(
    node: NodeServer, gateway: Gateway
) -> None:
    sid = await node.client("x", "a", "b")
    await node.client("y", "b", "c")
    await gateway.say("only y", rooms=(), exclude=(sid,))
    await gateway.say("only x", rooms=(sid,))
    await gateway.say("both once", rooms=("a", "b", "c"))
    await gateway.say("only y", rooms=("b",), exclude=("a",))
    await gateway.say("none", rooms=("d",))
    await gateway.say("last", rooms=())
    assert [(await node.got("x"))[1] for _ in range(3)] == ["only x", "both once", "last"]
    assert [(await node.got("y"))[1] for _ in range(4)] == [
        "only y",
        "both once",
        "only y",
        "last",
    ]


async def test_a_namespace_reaches_from_python_to_node_and_back(
    node: NodeServer, valkey: Valkey, key: str
) -> None:
    fanout = AdapterFanout(valkey.url, key=key)
    gateway = await Gateway(fanout, "gw-1", namespace="/chat").open("a")
    await node.client("x", "a", namespace="/chat")
    await gateway.say("hello")
    assert await node.got("x") == ["e", "hello"]
    await node.do("emit", namespace="/chat", to=["a"], args=["back"])
    assert [envelope.event for envelope in await gateway.got(2)] == ["e", "back"]
    await fanout.close()


@SENDERS
async def test_what_node_tells_sockets_to_do_arrives(
    sender: str, node: NodeServer, gateway: Gateway
) -> None:
    target: dict[str, Any] = {"from": sender, "to": ["a"], "except": ["sid"]}
    await node.do("socketsJoin", **target, rooms=["x", "y"])
    await node.do("socketsLeave", **target, rooms=["x"])
    await node.do("disconnectSockets", **target, close=True)
    await node.do("disconnectSockets", **{"from": sender}, close=False)
    received = await gateway.got(4)
    assert [(e.action, e.rooms, e.exclude, e.into, e.close) for e in received] == [
        (Action.JOIN, ("a",), ("sid",), ("x", "y"), False),
        (Action.LEAVE, ("a",), ("sid",), ("x",), False),
        (Action.DISCONNECT, ("a",), ("sid",), (), True),
        (Action.DISCONNECT, (), (), (), False),
    ]


async def test_what_we_tell_sockets_to_do_node_does(node: NodeServer, gateway: Gateway) -> None:
    x, y = await node.client("x", "a"), await node.client("y", "b")
    await gateway.say(action=Action.JOIN, rooms=("a",), into=("j", "k"))
    await gateway.say(action=Action.JOIN, rooms=(), into=("all",), exclude=(y,))
    await gateway.say(action=Action.LEAVE, rooms=(x,), into=("k",))
    await gateway.say("moved", rooms=("all",))
    assert await node.got("x") == ["e", "moved"]
    assert await node.do("rooms", sid=x) == sorted([x, "a", "j", "all"])
    assert await node.do("rooms", sid=y) == sorted([y, "b"])
    await gateway.say(action=Action.DISCONNECT, rooms=("j",))
    assert await node.got("x") == ["disconnect", "io server disconnect"]
    await gateway.say("still here", rooms=("b",))
    assert await node.got("y") == ["e", "still here"]


async def test_a_closed_room_is_empty_in_node_too(node: NodeServer, gateway: Gateway) -> None:
    sid = await node.client("x", "a", "b", "c")
    await gateway.say(action=Action.CLOSE_ROOM, rooms=("a", "b"))
    await gateway.say("last", rooms=("c",))
    assert await node.got("x") == ["e", "last"]
    assert await node.do("rooms", sid=sid) == sorted([sid, "c"])


async def test_signals_between_gateways_do_not_disturb_node(
    node: NodeServer, gateway: Gateway
) -> None:
    await node.client("x", "a")
    await gateway.say(b"\x00", action=Action.SIGNAL, event="marker", rooms=("a",))
    await gateway.say(action=Action.SIGNAL, event="marker", rooms=())
    await gateway.fanout.check()
    await gateway.say("after")
    assert await node.got("x") == ["e", "after"]


async def test_node_counts_each_gateway_once(node: NodeServer, gateway: Gateway) -> None:
    """It waits for as many answers as there are servers."""
    for rooms in (["a"], ["a", "b", ""], ["c"]):
        await gateway.want(*rooms)
        assert await node.do("servers") == 2
    await gateway.want()
    assert await node.do("servers") == 2  # as it counts a Node server without clients
    assert await node.do("servers", namespace="/chat") == 1
