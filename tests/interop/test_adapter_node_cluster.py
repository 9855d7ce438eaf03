"""A real Node server and two gateways in one cluster, with each of Node's adapters for Redis."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

import pytest

from chatcluster.connections.redis import connect
from chatcluster.core.envelope import Action
from chatcluster.fanout.adapter import AdapterFanout
from chatcluster.runtime.tracing import TRACEPARENT
from chatcluster.testing.harness import Gateway
from tests.interop.flavours import Flavour, streams
from tests.interop.node import NodeServer
from tests.servers import Valkey

pytestmark = pytest.mark.node


async def test_all_serve_one_room(node: NodeServer, gateways: list[Gateway]) -> None:
    """A client at Node and two gateways hear what each of the three says, in its order."""
    one, two = gateways
    sid = await node.client("x", "a")
    for number in range(20):
        await node.do("emit", to=["a"], args=["node", number])
        await one.say(number, event="one")
        await two.say(number, event="two")
    heard = [await node.got("x") for _ in range(60)]
    for name in ("node", "one", "two"):
        assert [event[1] for event in heard if event[0] == name] == list(range(20))
    for gateway in gateways:
        received = await gateway.got(60)
        for name in ("node", "one", "two"):
            assert [e.args[0] for e in received if e.event == name] == list(range(20))
    await one.say("to its own room", rooms=(sid,))
    assert await node.got("x") == ["e", "to its own room"]


async def test_rooms_and_exceptions_of_node_arrive(
    node: NodeServer, gateways: list[Gateway]
) -> None:
    private = "s" * 20
    await node.do("emit", args=["all", 1])
    await node.do("emit", to=["a"], args=["one", "x"])
    await node.do("emit", to=[private], args=["private"])
    await node.do("emit", to=["c"], args=["no"])
    await node.do("emit", to=["c", "d"], args=["no"])
    await node.do("emit", to=["a", "b"], args=["two"])
    await node.do("emit", to=["b"], **{"except": ["a", "sid"]}, args=["but"])
    for gateway in gateways:
        assert [(e.rooms, e.exclude, e.event, e.args) for e in await gateway.got(5)] == [
            ((), (), "all", (1,)),
            (("a",), (), "one", ("x",)),
            ((private,), (), "private", ()),
            (("a", "b"), (), "two", ()),
            (("b",), ("a", "sid"), "but", ()),
        ]


async def test_rooms_and_exceptions_reach_nodes_clients(
    node: NodeServer, gateways: list[Gateway]
) -> None:
    one, _ = gateways
    sid = await node.client("x", "a", "b")
    await node.client("y", "b", "c")
    await one.say("only y", rooms=(), exclude=(sid,))
    await one.say("only x", rooms=(sid,))
    await one.say("both once", rooms=("a", "b", "c"))
    await one.say(action=Action.SIGNAL, event="marker", rooms=("a",))
    await one.say("only y", rooms=("b",), exclude=("a",))
    await one.say("none", rooms=("d",))
    await one.say("last", rooms=())
    assert [(await node.got("x"))[1] for _ in range(3)] == ["only x", "both once", "last"]
    said = ["only y", "both once", "only y", "last"]
    assert [(await node.got("y"))[1] for _ in range(4)] == said


VALUES: dict[str, Any] = {
    "text": "Zürich, 東京, 🎉, a\u0000b\u2028",
    "long text": "é" * 100_000,
    "nothing": None,
    "numbers": [0, -1, 2**31, -(2**31) - 1, 2**53 - 1, -(2**53) + 1, 0.1],
    "bytes": b"\x00\xff" * 100,
    "many bytes": b"\x80" * 100_000,
    "nested": {"a": [{"b": {"c": [None, True, [], {}]}}], "ü": {"bytes": b"x"}},
}


async def test_values_arrive_as_they_were_in_both_directions(
    node: NodeServer, gateways: list[Gateway]
) -> None:
    one, two = gateways
    await node.client("x", "a")
    for name, value in VALUES.items():
        await node.do("emit", to=["b"], args=[name, value, [value]])
        await one.say(value, [value], event=name)
    for name, value in VALUES.items():
        assert await node.got("x") == [name, value, [value]]
    for envelope in await two.got(2 * len(VALUES)):
        value = VALUES[envelope.event]
        assert envelope.args == (value, [value])


async def test_a_date_stays_one_between_gateways_and_is_text_for_nodes_clients(
    node: NodeServer, gateways: list[Gateway]
) -> None:
    one, two = gateways
    await node.client("x", "a")
    date = datetime(2026, 7, 14, 12, 30, 15, 123000, UTC)
    await one.say(date)
    assert (await two.got(1))[0].args == (date,)
    assert await node.got("x") == ["e", "2026-07-14T12:30:15.123Z"]


async def test_what_names_a_trace_reaches_gateways_and_means_nothing_to_node(
    node: NodeServer, gateways: list[Gateway]
) -> None:
    one, two = gateways
    await node.client("x", "a")
    flags = {TRACEPARENT: f"00-{'a' * 32}-{'b' * 16}-01"}
    await one.say("traced", rooms=("a",), flags=flags)
    assert await node.got("x") == ["e", "traced"]
    (envelope,) = await two.got(1)
    assert envelope.flags == flags


async def test_what_node_tells_sockets_to_do_arrives(
    node: NodeServer, gateways: list[Gateway]
) -> None:
    target: dict[str, Any] = {"to": ["a"], "except": ["sid"]}
    await node.do("socketsJoin", **target, rooms=["x", "y"])
    await node.do("socketsLeave", **target, rooms=["x"])
    await node.do("disconnectSockets", **target, close=True)
    await node.do("disconnectSockets", close=False)
    for gateway in gateways:
        received = await gateway.got(4)
        assert [(e.action, e.rooms, e.exclude, e.into, e.close) for e in received] == [
            (Action.JOIN, ("a",), ("sid",), ("x", "y"), False),
            (Action.LEAVE, ("a",), ("sid",), ("x",), False),
            (Action.DISCONNECT, ("a",), ("sid",), (), True),
            (Action.DISCONNECT, (), (), (), False),
        ]


async def test_what_we_tell_sockets_to_do_node_does(
    node: NodeServer, gateways: list[Gateway]
) -> None:
    one, _ = gateways
    x, y = await node.client("x", "a"), await node.client("y", "b")
    await one.say(action=Action.JOIN, rooms=("a",), into=("j", "k"))
    await one.say(action=Action.JOIN, rooms=(), into=("all",), exclude=(y,))
    await one.say(action=Action.LEAVE, rooms=(x,), into=("k",))
    await one.say(action=Action.CLOSE_ROOM, rooms=("b", "j"))
    await node.until("rooms", sorted([x, "a", "all"]), sid=x)
    await node.do("settle")
    await one.say("moved", rooms=("all",))
    assert await node.got("x") == ["e", "moved"]
    assert await node.do("rooms", sid=y) == [y]
    await one.say(action=Action.DISCONNECT, rooms=("a",))
    assert await node.got("x") == ["disconnect", "io server disconnect"]


async def test_a_namespace_reaches_from_python_to_node_and_back(
    node: NodeServer, valkey: Valkey, flavour: Flavour
) -> None:
    """Also one for which Node's hash of the name is negative."""
    for namespace in ("/chat", "/notifications"):
        fanout = AdapterFanout(valkey.url, flavour.ours)
        gateway = await Gateway(fanout, "gw-1", namespace=namespace).open("a")
        await node.client(namespace, "a", namespace=namespace)
        await gateway.say("hello")
        assert await node.got(namespace) == ["e", "hello"]
        await node.do("emit", namespace=namespace, to=["a"], args=["back"])
        assert [envelope.event for envelope in await gateway.got(2)] == ["e", "back"]
        await fanout.close()


async def test_what_the_streams_emitter_writes_arrives(valkey: Valkey) -> None:
    """@socket.io/redis-streams-emitter writes as its adapter does, always to the first name."""
    flavour = streams(f"interop-{secrets.token_hex(4)}", 3)
    fanout = AdapterFanout(valkey.url, flavour.ours)
    gateway = await Gateway(fanout, "gw-1").open("a")
    data = '{"opts":{"rooms":["a"],"except":[],"flags":{}},"packet":{"type":2,"data":["e",1]}}'
    async with connect(valkey.url) as redis:
        fields: Any = {"uid": "emitter", "nsp": "/", "type": "3", "data": data}
        await redis.xadd(flavour.options["streamName"], fields)
    (envelope,) = await gateway.got(1)
    assert (envelope.origin, envelope.rooms, envelope.args) == ("emitter", ("a",), (1,))
    await fanout.close()
