"""A real Node server and two gateways ask each other, with each of Node's adapters for Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from chatcluster.core.request import Question, Reply, Request
from chatcluster.testing.harness import Gateway
from tests.interop.flavours import Flavour
from tests.interop.node import NodeServer, node_server
from tests.servers import Valkey

pytestmark = pytest.mark.node

SOCKET = {
    "id": "a" * 20,
    "handshake": {"headers": {}, "auth": {"token": "x"}, "query": {"EIO": "4"}},
    "rooms": ["a", "a" * 20],
    "data": {"nickname": "Zoë"},
}


def giving(*replies: Reply) -> Callable[[Request, Callable[[Reply], None]], None]:
    def answer(request: Request, reply: Callable[[Reply], None]) -> None:
        for one in replies:
            reply(one)

    return answer


async def test_all_fetch_the_sockets_of_all(node: NodeServer, gateways: list[Gateway]) -> None:
    one, two = gateways
    one.answers = giving(Reply((SOCKET,), last=False), Reply())
    two.answers = giving(Reply(({**SOCKET, "id": "b" * 20},)))
    sid = await node.client("x", "a", data={"nickname": "Zoë"})
    fetched = await node.do("fetchSockets", to=["a"], **{"except": ["c"]})
    assert [socket["id"] for socket in fetched] == sorted(["a" * 20, "b" * 20, sid])
    assert SOCKET in fetched
    (asked,) = one.questions
    assert (asked.question, asked.rooms, asked.exclude) == (Question.SOCKETS, ("a",), ("c",))
    sockets, missing = await one.ask(Request(Question.SOCKETS, "/", rooms=("a",)))
    assert sorted(socket["id"] for socket in sockets) == sorted(["b" * 20, sid])
    assert missing == 0
    theirs = next(socket for socket in sockets if socket["id"] == sid)
    assert (theirs["data"], sorted(theirs["rooms"])) == ({"nickname": "Zoë"}, sorted(["a", sid]))


async def test_gateways_see_the_rooms_of_all(node: NodeServer, gateways: list[Gateway]) -> None:
    one, two = gateways
    two.answers = giving(Reply(("a", "z")))
    x, y = await node.client("x", "a"), await node.client("y", "a")
    rooms, missing = await one.ask(Request(Question.ROOMS, "/"))
    assert (set(rooms), missing) == ({x, y, "a", "z"}, 0)


async def test_all_hear_the_acknowledgements_of_the_clients_of_all(
    node: NodeServer, gateways: list[Gateway]
) -> None:
    one, two = gateways
    await node.client("x", "a", acks={"from": "x"})
    one.answers = giving(Reply(clients=0))
    two.answers = giving(Reply(clients=2, last=False), Reply((2,), last=False), Reply((b"\x00",)))
    result = await node.do("emitWithAck", to=["a"], args=["e", b"\x01"], flags={"timeout": 4000})
    assert result["error"] is None
    expected = [{"from": "x"}, 2, b"\x00"]
    assert sorted(result["answers"], key=str) == sorted(expected, key=str)
    assert (two.questions[0].args, two.questions[0].timeout) == ((b"\x01",), 4.0)
    request = Request(Question.EMIT, "/", ("a",), event="e", args=(b"\x01",), timeout=3.0)
    answers, missing = await one.ask(request, 3.0)
    assert (sorted(answers, key=str), missing) == (sorted(expected, key=str), 0)
    assert [await node.got("x") for _ in range(2)] == [["e", b"\x01"]] * 2


async def test_all_speak_to_the_programs_of_all(node: NodeServer, gateways: list[Gateway]) -> None:
    one, two = gateways
    await node.do("listen", answer={"pid": 1})
    two.answers = giving(Reply())
    result = await node.do("serverSideEmitWithAck", args=["said", 1])
    assert result["error"] is None
    assert sorted(result["answers"], key=str) == sorted(["gw-1", None], key=str)
    asked = Request(Question.SERVER, "/", event="said", args=("x", {"y": 1}))
    assert await one.ask(asked) == ([{"pid": 1}], 0)
    assert await node.got("server") == ["said", "x", {"y": 1}]
    await node.do("serverSideEmit", args=["said", 2])
    await two.until(lambda: len(two.questions) == 3)
    assert (two.questions[2].args, two.questions[2].answered) == ((2,), False)


async def test_node_counts_each_gateway_once(node: NodeServer, gateways: list[Gateway]) -> None:
    one, _ = gateways
    for rooms in (["a"], ["a", "b", ""], []):
        await one.want(*rooms)
        assert await node.do("servers") == 3


async def test_a_node_server_that_dies_is_not_waited_for(
    valkey: Valkey, gateways: list[Gateway], flavour: Flavour
) -> None:
    one, _ = gateways
    async with node_server(valkey.url, flavour.name, **flavour.options) as dying:
        await dying.until("servers", 4)
        # Nothing listens to this event in Node, so it never answers.
        waiting = asyncio.create_task(one.ask(Request(Question.SERVER, "/", event="x"), 1.5))
        await asyncio.sleep(0.2)
    async with asyncio.timeout(4):
        assert await waiting == (["gw-2"], 2)
