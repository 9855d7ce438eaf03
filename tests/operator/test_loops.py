"""Every ChatCluster has a loop, which ends with it."""

from __future__ import annotations

import asyncio
import time

from chat_operator import loops
from chat_operator.look import Key
from tests.operator.chats import chat
from tests.operator.conftest import KEY, World

OTHER = Key("elsewhere", "tea")


async def until(true, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_a_change_is_looked_at_at_once(world: World):
    """And not when the time for the next look has come."""
    chat(world.api, world.servers, 1)
    world.loops.seen(KEY)
    await until(lambda: "status" in world.api.get("chatclusters", "talk"))
    before = time.monotonic()
    world.api.get("chatclusters", "talk")["spec"]["gateways"]["replicas"] = 3
    world.loops.seen(KEY)
    await until(lambda: world.api.get("deployments", "talk-gateway")["spec"]["replicas"] == 3)
    assert time.monotonic() - before < 10


async def test_a_change_in_the_namespace_wakes_its_chatclusters_alone(world: World):
    for namespace, name in (KEY, OTHER):
        chat(world.api, world.servers, 1, name=name, namespace=namespace)
        world.loops.seen(Key(namespace, name))
    await until(lambda: all("status" in one for one in world.api.of("chatclusters")))
    await until(lambda: world.metric("reconciles_total", result="ok") >= 2)
    await asyncio.sleep(2 * loops.GAP_SECONDS)
    done = world.metric("reconciles_total", result="ok")
    for _ in range(20):
        world.loops.wake("elsewhere")
    await until(lambda: world.metric("reconciles_total", result="ok") > done)
    await asyncio.sleep(loops.GAP_SECONDS)
    assert world.metric("reconciles_total", result="ok") <= done + 2  # many changes come together


async def test_a_chatcluster_that_is_gone_ends_its_loop(world: World):
    chat(world.api, world.servers, 1)
    world.loops.seen(KEY)
    await until(lambda: "status" in world.api.get("chatclusters", "talk"))
    assert list(world.liveness.keys) == [KEY]
    world.api.delete("chatclusters", "talk")
    world.loops.seen(KEY)
    await until(lambda: not world.loops.keys)
    assert not world.liveness.keys
    assert world.metric("chatclusters") == 0


async def test_what_a_watch_did_not_tell_of_is_found_in_the_list(world: World):
    chat(world.api, world.servers, 1)
    listing = asyncio.create_task(world.loops.keep_listing(world.cluster, ["chat"]))
    await until(lambda: KEY in world.loops.keys)
    listing.cancel()


async def test_an_api_server_that_refuses_the_list_is_asked_again(world: World, monkeypatch):
    monkeypatch.setattr(loops, "LIST_SECONDS", 0.05)
    chat(world.api, world.servers, 1)
    world.api.refuse = 403
    listing = asyncio.create_task(world.loops.keep_listing(world.cluster, []))
    await until(lambda: world.api.asked)
    world.api.refuse = 0
    await until(lambda: KEY in world.loops.keys)
    listing.cancel()
