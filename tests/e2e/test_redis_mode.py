"""Mode `redis` as the documentation has it: people and programs at the channels."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chatcluster.connections.redis import connect as redis_at
from tests.documented import executed
from tests.e2e.clients import Connect
from tests.e2e.conftest import MakeCluster
from tests.e2e.test_workers import commands
from tests.servers import Valkey

TOLD = (
    executed("docs/redis-mode.md", 'the operator", "typing": true}]}\'\n$ valkey-cli'),
    executed("docs/redis-mode.md", "PSUBSCRIBE"),
    executed("docs/redis-mode.md", "$binary"),
    executed("docs/redis-mode.md", "chat:deploy"),
    executed("docs/redis-mode.md", "PUBLISH chat:typing:tea"),
)

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_what_the_documentation_tells_valkey_cli(
    make_cluster: MakeCluster, valkey: Valkey, connect: Connect, room: str, tmp_path: Path
) -> None:
    prefix = f"{tmp_path.name}-mode"
    cluster = make_cluster(
        "redis", redis_prefix=prefix, redis_events="chat message,typing,moderated,deploy"
    )
    inside, outside = [await connect(gateway.url) for gateway in cluster.gateways]
    await inside.ask("join", room)
    heard = {}
    async with redis_at(valkey.url) as redis:
        for words in commands(TOLD, prefix, room):
            if words[0] == "PUBLISH":
                heard[" ".join(words[1:])] = await redis.execute_command(*words)
    assert sorted(heard.values()) == [1, 2, 2, 2, 2]  # the room's own channel: one gateway
    operator = {"id": "ops", "nick": "the operator"}
    assert await inside.several("typing", 4) == [
        {**operator, "typing": True},
        {**operator, "typing": True, "room": room},
        b"\x00\x01\x02",
        {**operator, "typing": False, "room": room},
    ]
    assert await outside.next("typing") == {**operator, "typing": True}
    assert await outside.next("deploy") == await inside.next("deploy") == {"version": "1.2.3"}
    assert outside.rest("typing") == []


async def test_a_program_can_listen_to_what_is_said(
    make_cluster: MakeCluster, valkey: Valkey, connect: Connect, room: str, tmp_path: Path
) -> None:
    prefix = f"{tmp_path.name}-mode"
    cluster = make_cluster("redis", 1, redis_prefix=prefix)
    ada = await connect(cluster.gateways[0].url)
    await ada.ask("join", room)
    (pattern,) = [words[1] for words in commands(TOLD, prefix, room) if words[0] == "PSUBSCRIBE"]
    async with redis_at(valkey.url) as redis, redis.pubsub() as pubsub:
        await pubsub.psubscribe(pattern)
        await pubsub.get_message(timeout=1)
        said = await ada.ask("chat message", {"nickname": "ada", "room": room, "message": "hi"})
        message = await pubsub.get_message(timeout=5)
    assert message is not None
    assert message["channel"].decode() == f"{prefix}:chat message:{room}"
    heard = json.loads(message["data"])
    assert (heard["room"], heard["position"]) == (room, said["id"])
    assert heard["args"][0]["message"] == "hi"
