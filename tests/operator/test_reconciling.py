"""One look, and what follows from it."""

from __future__ import annotations

import asyncio

from chat_operator.reconciling import AGAIN_SECONDS
from tests.operator.chats import chat
from tests.operator.conftest import KEY, World


def condition(world: World, kind: str):
    status = world.api.get("chatclusters", "talk")["status"]
    return next(one for one in status["conditions"] if one["type"] == kind)


async def test_a_quiet_chat_is_looked_at_and_nothing_is_written_again(world: World):
    chat(world.api, world.servers, 3, 4)
    assert await world.reconciling.turn(KEY) is not None
    status = world.api.get("chatclusters", "talk")["status"]
    assert (status["connections"], status["ready"], status["observedGeneration"]) == (7, 2, 1)
    assert condition(world, "Ready")["status"] == "True"
    written = len(world.api.writes)
    for _ in range(3):
        await world.reconciling.turn(KEY)
    assert len(world.api.writes) == written
    assert world.metric("reconciles_total", result="ok") == 4


async def test_a_chat_that_has_to_grow_grows_in_the_first_turn(world: World):
    chat(world.api, world.servers, 3, gateways={"replicas": 4})
    await world.reconciling.turn(KEY)
    assert world.api.get("deployments", "talk-gateway")["spec"]["replicas"] == 4
    assert world.metric("steps_total", step="Scale") == 1


async def test_a_chat_that_has_to_shrink_drains_the_emptiest_first(world: World):
    _, emptiest, _ = chat(world.api, world.servers, 5, 2, 9, gateways={"replicas": 2})
    for _ in range(4):
        await world.reconciling.turn(KEY)
    assert [told[1] for told in world.servers.told] == [f"{emptiest}/drain"]
    assert world.api.get("deployments", "talk-gateway")["spec"]["replicas"] == 3
    world.servers.clients[emptiest] = 0
    await world.reconciling.turn(KEY)
    assert world.api.get("deployments", "talk-gateway")["spec"]["replicas"] == 2
    assert world.metric("drains_total", drain="begun") == 1


async def test_a_mode_that_is_changed_comes_in_force_on_all_gateways(world: World):
    addresses = chat(world.api, world.servers, 1, 1, fanout={"mode": "redis"})
    for _ in range(10):
        await world.reconciling.turn(KEY)
    modes = {world.servers.switches[address].target.mode for address in addresses}
    assert modes == {"redis"}
    fanout = world.api.get("chatclusters", "talk")["status"]["fanout"]
    assert (fanout["mode"], fanout["phase"], fanout["epoch"]) == ("redis", "steady", 1)
    assert world.metric("switches_total", end="in force") == 1
    reasons = [event["reason"] for event in world.api.of("events")]
    assert reasons.count("FanoutCommitted") == 1


async def test_a_mode_whose_server_is_down_is_not_begun_and_the_status_says_why(world: World):
    chat(world.api, world.servers, 1, fanout={"mode": "redis"})
    spec = world.api.get("chatclusters", "talk")["spec"]
    spec["objects"]["carriers"] = {"redis": "127.0.0.1:1"}
    await world.reconciling.turn(KEY)
    assert condition(world, "FanoutReady")["reason"] == "CarrierDown"
    assert "127.0.0.1:1" in condition(world, "FanoutReady")["message"]
    assert world.servers.told == []


async def test_a_gateway_that_does_not_answer_is_told_of_and_nobody_leaves(world: World):
    first, _ = chat(world.api, world.servers, 1, 1, gateways={"replicas": 1})
    world.servers.silent.add(first)
    await world.reconciling.turn(KEY)
    assert condition(world, "MetricsAvailable")["status"] == "False"
    assert condition(world, "MetricsAvailable")["message"].startswith("talk-0: ")
    assert world.api.get("deployments", "talk-gateway")["spec"]["replicas"] == 2


async def test_a_chatcluster_that_is_gone_is_not_looked_at_again(world: World):
    assert await world.reconciling.turn(KEY) is None


async def test_an_api_server_that_refuses_is_asked_again_later(world: World):
    chat(world.api, world.servers, 1)
    world.api.refuse = 500
    assert await world.reconciling.turn(KEY) == AGAIN_SECONDS
    assert world.metric("reconciles_total", result="api") == 1
    assert world.metric("api_requests_total", result="refused") == 1
    world.api.refuse = 0
    await world.reconciling.turn(KEY)
    assert world.metric("reconciles_total", result="ok") == 1


async def test_a_step_that_fails_is_counted_and_the_next_turn_takes_it_again(world: World):
    first, _ = chat(world.api, world.servers, 1, 5, gateways={"replicas": 1})
    await world.reconciling.turn(KEY)  # marks the first
    asked = world.servers.refusing = {first}
    await world.reconciling.turn(KEY)
    assert world.metric("failed_steps_total") == 1
    asked.clear()
    await world.reconciling.turn(KEY)
    assert [told[1] for told in world.servers.told] == [f"{first}/drain"]


async def test_a_spec_of_a_newer_version_is_told_in_the_status(world: World):
    chat(world.api, world.servers, 1)
    await world.reconciling.turn(KEY)
    body = world.api.get("chatclusters", "talk")
    body["spec"]["magic"] = True
    body["metadata"]["generation"] = 2
    await world.reconciling.turn(KEY)
    assert condition(world, "Ready")["status"] == "False"
    assert "magic" in condition(world, "Ready")["message"]
    assert world.metric("reconciles_total", result="spec") == 1


async def test_an_event_that_is_not_taken_changes_nothing(world: World, monkeypatch):
    chat(world.api, world.servers, 1, fanout={"mode": "redis"})
    create = world.cluster.create

    async def refuse(kind, namespace, body):
        world.api.refuse = 403
        try:
            await create(kind, namespace, body)
        finally:
            world.api.refuse = 0

    monkeypatch.setattr(world.cluster, "create", refuse)
    for _ in range(8):
        await world.reconciling.turn(KEY)
    assert world.api.get("chatclusters", "talk")["status"]["fanout"]["mode"] == "redis"
    assert world.api.of("events") == []


async def test_a_turn_that_hangs_is_given_up(world: World, monkeypatch):
    chat(world.api, world.servers, 1)
    monkeypatch.setattr("chat_operator.reconciling.TURN_SECONDS", 0.1)

    async def hang(*_):
        await asyncio.Event().wait()

    monkeypatch.setattr(world.cluster, "get", hang)
    assert await world.reconciling.turn(KEY) == AGAIN_SECONDS
    assert world.metric("reconciles_total", result="api") == 1


async def test_a_defect_that_one_chatcluster_shows_is_counted_and_survived(world: World):
    chat(world.api, world.servers, 1)
    world.api.get("pods", "talk-0")["metadata"].pop("creationTimestamp")
    assert await world.reconciling.turn(KEY) == AGAIN_SECONDS
    assert world.metric("reconciles_total", result="defect") == 1
