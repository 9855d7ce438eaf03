"""Acknowledgements that clients owe."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from chat_gateway.manager.acks import Awaited, Callback, Round
from chat_gateway.manager.membership import Membership, Socket
from chat_gateway.sockets.session import Session

Reports = list[tuple[tuple[Any, ...], bool]]


@pytest.fixture
def members() -> Membership:
    return Membership(lambda key, first: None)


def join(members: Membership, sid: str) -> Socket:
    socket = members.add(sid, "/", Session(f"of {sid}", cast(Any, None), 0.0))
    assert socket is not None
    members.connect(sid)
    return socket


def begin(members: Membership, *sids: str, timeout: float = 5.0) -> tuple[list[Socket], Reports]:
    sockets, reports = [join(members, sid) for sid in sids], Reports()
    Round(7, lambda values, over: reports.append((values, over))).begin(sockets, (), timeout)
    return sockets, reports


def ack(socket: Socket, *data: Any) -> Any:
    pending = socket.forget(7)
    assert pending is not None
    return pending.acked(socket, data)


async def test_each_is_reported_as_it_comes_and_the_last_one_as_such(members: Membership) -> None:
    (one, two, three), reports = begin(members, "one", "two", "three")
    ack(two, "b", "more")
    ack(one)
    ack(three, None)
    assert reports == [(("b",), False), ((None,), False), ((None,), True)]


async def test_who_leaves_is_not_waited_for(members: Membership) -> None:
    (one, _, _), reports = begin(members, "one", "two", "three")
    members.remove("two")
    ack(one, 1)
    members.remove("three")
    assert reports == [((1,), False), ((), True)]


async def test_the_timeout_ends_it_and_forgets_who_did_not_answer(members: Membership) -> None:
    (one, two), reports = begin(members, "one", "two", timeout=0.01)
    ack(one, 1)
    await asyncio.sleep(0.05)
    assert reports == [((1,), False), ((), True)]
    assert two.forget(7) is None
    members.remove("two")
    assert len(reports) == 2


async def test_a_client_that_leaves_answers_no_call(members: Membership) -> None:
    socket, pending = join(members, "one"), Awaited()
    socket.expect(1, pending)
    members.remove("one")
    assert await pending.data is None
    pending.acked(socket, (1,))
    pending.gone(socket)
    assert await pending.data is None


async def test_a_callback_gets_all_arguments_and_none_of_the_leaving(members: Membership) -> None:
    got: list[Any] = []
    one, two = join(members, "one"), join(members, "two")
    one.expect(7, Callback(lambda *data: got.append(data)))
    two.expect(7, Callback(lambda *data: got.append(data)))
    ack(one, 1, 2)
    members.remove("two")
    assert got == [(1, 2)]
