"""Answers of several servers of a Redis Cluster."""

from __future__ import annotations

import asyncio
from typing import Any

import hiredis
import pytest

from chatcluster.connections.redis_cluster import in_order
from chatcluster.connections.redis_link import RefusedError


def posted(count: int) -> list[asyncio.Future[list[Any]]]:
    return [asyncio.get_running_loop().create_future() for _ in range(count)]


async def test_they_come_in_the_order_of_the_commands_whoever_is_first():
    one, two, three = servers = posted(3)
    answers = in_order(servers, [[0, 3], [2], [1, 4]])
    three.set_result(["b", "e"])
    one.set_result(["a", {"no": "order"}])
    two.set_result(["c"])
    assert await answers == ["a", "b", "c", {"no": "order"}, "e"]


async def test_of_a_refusal_only_the_reason_is_known():
    one, two = servers = posted(2)
    answers = in_order(servers, [[0], [1]])
    refused = RefusedError(hiredis.ReplyError("OOM too much"))
    refused.replies = ["of this server alone"]
    one.set_exception(refused)
    two.set_result([1])
    with pytest.raises(RefusedError, match="OOM too much") as raised:
        await answers
    assert raised.value.replies == []


async def test_who_waits_no_longer_waits_at_no_server():
    servers = posted(2)
    answers = in_order(servers, [[0], [1]])
    answers.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert all(server.cancelled() for server in servers)


async def test_servers_that_give_up_are_no_answer():
    one, two = servers = posted(2)
    answers = in_order(servers, [[0], [1]])
    one.set_result([1])
    two.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answers
