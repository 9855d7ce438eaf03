"""Mode `adapter` and a real Node server ask each other."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import pytest

from chatcluster.core.request import Question, Reply, Request
from chatcluster.fanout.adapter import AdapterFanout
from chatcluster.testing.harness import Gateway
from tests.interop.node import NodeServer, node_server
from tests.servers import Valkey

pytestmark = pytest.mark.node

SOCKET = {
    "id": "aaaaaaaaaaaaaaaaaaaa",
    "handshake": {"headers": {}, "auth": {"token": "x"}, "query": {"EIO": "4"}},
    "rooms": ["a", "aaaaaaaaaaaaaaaaaaaa"],
    "data": {"nickname": "Zoë"},
}


@pytest.fixture
def key() -> str:
    return f"interop-{secrets.token_hex(4)}"


@pytest.fixture(params=[False, True], ids=["common channel", "specific channel"])
async def node(
    request: pytest.FixtureRequest, valkey: Valkey, key: str
) -> AsyncIterator[NodeServer]:
    """It publishes its answers to all, or to the asker."""
    specific = {"publishOnSpecificResponseChannel": request.param}
    async with node_server(valkey.url, key=key, **specific) as server:
        await server.do("servers")
        yield server


@pytest.fixture
async def gateway(valkey: Valkey, key: str) -> AsyncIterator[Gateway]:
    gateway = await Gateway(AdapterFanout(valkey.url, key=key), "gw-1").open("", "a", "b")
    yield gateway
    await gateway.fanout.close()


def always(*replies: Reply) -> Callable[[Request, Callable[[Reply], None]], None]:
    def answer(request: Request, reply: Callable[[Reply], None]) -> None:
        for one in replies:
            reply(one)

    return answer


def ids(sockets: list[Any]) -> list[str]:
    return sorted(socket["id"] for socket in sockets)


# Node asks.


async def test_node_fetches_the_sockets_of_both(node: NodeServer, gateway: Gateway) -> None:
    """However many parts our answer has, Node counts it as one."""
    sid = await node.client("x", "a")
    other = {**SOCKET, "id": "b" * 20}
    gateway.answers = always(Reply((SOCKET,), last=False), Reply((other,)))
    fetched = await node.do("fetchSockets", to=["a", "b"], **{"except": ["c"]})
    assert ids(fetched) == sorted(["a" * 20, "b" * 20, sid])
    assert next(one for one in fetched if one["id"] == SOCKET["id"]) == SOCKET
    (asked,) = gateway.questions
    assert (asked.question, asked.rooms, asked.exclude) == (Question.SOCKETS, ("a", "b"), ("c",))


async def test_node_sees_the_rooms_of_both(node: NodeServer, gateway: Gateway) -> None:
    sid = await node.client("x", "a", "n")
    gateway.answers = always(Reply(("a", "Zürich")))
    assert await node.do("allRooms") == sorted(["a", "n", sid, "Zürich"])


async def test_node_hears_the_acknowledgements_of_clients_of_both(
    node: NodeServer, gateway: Gateway
) -> None:
    await node.client("x", "a", acks="of x")
    gateway.answers = always(
        Reply(clients=2, last=False), Reply(("one",), last=False), Reply((b"\x00",))
    )
    result = await node.do("emitWithAck", to=["a"], args=["e", b"\x01"], flags={"timeout": 4000})
    assert result["error"] is None
    assert sorted(map(str, result["answers"])) == sorted(["of x", "one", str(b"\x00")])
    (asked,) = gateway.questions
    assert (asked.event, asked.args, asked.rooms) == ("e", (b"\x01",), ("a",))
    assert asked.timeout == 4.0
    assert await node.got("x") == ["e", b"\x01"]


async def test_node_does_not_wait_for_a_gateway_without_clients(
    node: NodeServer, gateway: Gateway
) -> None:
    await node.client("x", "a", acks=1)
    for nothing in (Reply(clients=0), Reply()):
        gateway.answers = always(nothing)
        began = time.monotonic()
        result = await node.do("emitWithAck", args=["e"], flags={"timeout": 4000})
        assert result == {"error": None, "answers": [1]}
        assert time.monotonic() - began < 2


async def test_node_gets_what_came_in_time_of_acknowledgements(
    node: NodeServer, gateway: Gateway
) -> None:
    await node.client("x", acks=1)
    gateway.answers = always(Reply(clients=2, last=False), Reply((2,), last=False))
    result = await node.do("emitWithAck", args=["e"], flags={"timeout": 500})
    assert sorted(result["answers"]) == [1, 2]
    assert result["error"]


async def test_node_speaks_to_our_program(node: NodeServer, gateway: Gateway) -> None:
    for sender in ("server", "emitter"):
        await node.do("serverSideEmit", **{"from": sender}, args=["said", 1, {"a": None}])
        await gateway.until(lambda: bool(gateway.questions))
        asked = gateway.questions.pop()
        assert (asked.question, asked.event, asked.args) == (
            Question.SERVER,
            "said",
            (1, {"a": None}),
        )
        assert not asked.answered


@pytest.mark.parametrize("answer", [{"x": [1]}, None], ids=["an answer", "no answer"])
async def test_node_gets_what_our_program_answers(
    answer: Any, node: NodeServer, gateway: Gateway
) -> None:
    gateway.answers = always(Reply((answer,)) if answer else Reply())
    result = await node.do("serverSideEmitWithAck", args=["said", 1])
    assert result == {"error": None, "answers": [answer]}


# We ask.


def ask(question: Question, **fields: Any) -> Request:
    return Request(question, fields.pop("namespace", "/"), **fields)


async def test_we_fetch_the_sockets_of_node(node: NodeServer, gateway: Gateway) -> None:
    x = await node.client("x", "a", data={"nickname": "Zoë"})
    y, _ = await node.client("y", "b"), await node.client("z", "b", "c")
    sockets, missing = await gateway.ask(
        ask(Question.SOCKETS, rooms=("a", "b"), exclude=("c",)), 3.0
    )
    assert (ids(sockets), missing) == (sorted([x, y]), 0)
    socket = next(one for one in sockets if one["id"] == x)
    assert socket["data"] == {"nickname": "Zoë"}
    assert sorted(socket["rooms"]) == sorted([x, "a"])
    assert socket["handshake"]["query"]["EIO"] == "4"


async def test_we_see_the_rooms_of_node(node: NodeServer, gateway: Gateway) -> None:
    sid = await node.client("x", "a")
    assert await gateway.ask(ask(Question.ROOMS), 3.0) == ([sid, "a"], 0)


async def test_we_hear_the_acknowledgements_of_nodes_clients(
    node: NodeServer, gateway: Gateway
) -> None:
    await node.client("x", "a", acks={"from": "x"})
    await node.client("y", "a", "b", acks=b"\x00\xff")
    await node.client("z", "c", acks="not asked")
    request = ask(Question.EMIT, event="e", args=(b"\x01", 1), rooms=("a", "b"), timeout=3.0)
    answers, missing = await gateway.ask(request, 3.0)
    assert missing == 0
    assert sorted(answers, key=str) == sorted([{"from": "x"}, b"\x00\xff"], key=str)
    assert await node.got("x") == ["e", b"\x01", 1]
    await gateway.say("last", rooms=())
    assert await node.got("z") == ["e", "last"]


async def test_a_client_of_node_that_does_not_acknowledge_is_not_waited_for_after_the_timeout(
    node: NodeServer, gateway: Gateway
) -> None:
    await node.client("x", acks=1)
    await node.client("y")
    fanout = cast(AdapterFanout, gateway.fanout)
    answers = await fanout.ask(ask(Question.EMIT, event="e", timeout=0.5), 0.5)
    replies = [reply async for reply in answers]
    assert [reply.clients for reply in replies if reply.clients is not None] == [2]
    assert [value for reply in replies for value in reply.values] == [1]
    assert answers.missing == 0  # Node was there; one of its clients is missing


async def test_we_speak_to_nodes_program(node: NodeServer, gateway: Gateway) -> None:
    await node.do("listen", answer={"pid": 1})
    request = ask(Question.SERVER, event="said", args=("x", {"y": 1}))
    assert await gateway.ask(request) == ([{"pid": 1}], 0)
    assert await node.got("server") == ["said", "x", {"y": 1}]
    await gateway.ask(ask(Question.SERVER, event="said", args=(b"\x00",), answered=False))
    assert await node.got("server") == ["said", b"\x00"]


async def test_we_ask_in_a_namespace_without_rooms_here(node: NodeServer, gateway: Gateway) -> None:
    sid = await node.client("x", "a", namespace="/chat")
    rooms, missing = await gateway.ask(ask(Question.ROOMS, namespace="/chat"))
    assert (sorted(rooms), missing) == (sorted([sid, "a"]), 0)


# More than two.


async def test_everybody_asks_everybody(
    node: NodeServer, gateway: Gateway, valkey: Valkey, key: str
) -> None:
    """A Node server and two gateways, which answer Node where it looks, and each other."""
    other = await Gateway(AdapterFanout(valkey.url, key=key), "gw-2").open("")
    await node.do("listen", answer="node")
    for _ in range(3):
        request = ask(Question.SERVER, event="said")
        (one, two), three = await asyncio.gather(
            asyncio.gather(gateway.ask(request), other.ask(request)),
            node.do("serverSideEmitWithAck", args=["said"]),
        )
        assert (sorted(one[0]), one[1]) == (["gw-2", "node"], 0)
        assert (sorted(two[0]), two[1]) == (["gw-1", "node"], 0)
        assert sorted(three["answers"]) == ["gw-1", "gw-2"]
    await other.fanout.close()


async def test_a_node_server_that_dies_is_not_waited_for(
    valkey: Valkey, gateway: Gateway, key: str
) -> None:
    async with node_server(valkey.url, key=key) as node:
        await node.do("servers")
        waiting = asyncio.create_task(gateway.ask(ask(Question.SERVER, event="said"), 15.0))
        await asyncio.sleep(0.5)
        assert not waiting.done()  # nothing listens to this event, so Node never answers
    async with asyncio.timeout(3):
        assert await waiting == ([], 1)
