"""What is seen of a chat."""

from __future__ import annotations

import pytest

from chat_operator.cluster import ApiError
from chat_operator.look import Looking
from chat_operator.spec import SpecError
from chat_operator.steps import DELETION_COST, LEAVING
from tests.operator.chats import chat
from tests.operator.conftest import World


async def look(world: World):
    looking = Looking(world.cluster, world.admins)
    return await looking.look(world.api.get("chatclusters", "talk"))


async def test_gateways_say_how_many_clients_they_have(world: World):
    chat(world.api, world.servers, 3, 5)
    seen = await look(world)
    assert [pod.figures.connections for pod in seen.view.pods if pod.figures] == [3, 5]
    assert all(pod.ready and pod.report and not pod.problem for pod in seen.view.pods)
    assert set(seen.admins) == {"talk-0", "talk-1"}
    assert seen.view.selector == "app=talk"
    assert seen.view.gateways is not None
    assert seen.view.gateways.ready == 2


async def test_a_gateway_that_does_not_answer_has_a_reason_and_no_figures(world: World):
    _, second = chat(world.api, world.servers, 3, 5)
    world.servers.silent.add(second)
    first, other = (await look(world)).view.pods
    assert first.figures is not None
    assert (other.figures, other.report, other.problem) == (None, None, "it answers 500")


async def test_a_token_that_is_not_taken_is_a_reason_too(world: World):
    chat(world.api, world.servers, 1)
    world.api.get("secrets", "chat-admin-token")["data"]["token"] = "d3Jvbmc="
    (pod,) = (await look(world)).view.pods
    assert "token" in pod.problem


async def test_a_secret_that_is_missing_fails_the_look(world: World):
    chat(world.api, world.servers, 1)
    world.api.delete("secrets", "chat-admin-token")
    with pytest.raises(ApiError, match="chat-admin-token has no key token"):
        await look(world)


async def test_a_pod_whose_container_does_not_run_is_not_asked(world: World):
    chat(world.api, world.servers, 1)
    status = world.api.get("pods", "talk-0")["status"]
    status["containerStatuses"][0]["state"] = {"waiting": {"reason": "CrashLoopBackOff"}}
    (pod,) = (await look(world)).view.pods
    assert (pod.started, pod.problem, pod.figures) == (None, "", None)
    assert world.servers.asked == 0


async def test_pods_that_have_ended_are_none_and_those_that_end_are(world: World):
    chat(world.api, world.servers, 1, 1)
    world.api.get("pods", "talk-0")["status"]["phase"] = "Failed"
    world.api.get("pods", "talk-1")["metadata"]["deletionTimestamp"] = "2026-01-01T12:00:00Z"
    (pod,) = (await look(world)).view.pods
    assert (pod.name, pod.deleting) == ("talk-1", True)


@pytest.mark.parametrize(
    ("annotations", "leaving", "foreign"),
    [
        ({}, False, False),
        ({DELETION_COST: "-1000", LEAVING: "2026-01-01T12:00:00+00:00"}, True, False),
        ({DELETION_COST: "7"}, False, True),
        ({DELETION_COST: "7", LEAVING: "yesterday"}, False, True),
        ({DELETION_COST: "7", LEAVING: "2026-01-01T12:00:00"}, False, True),
    ],
)
async def test_who_marked_a_pod(world: World, annotations, leaving, foreign):
    chat(world.api, world.servers, 1)
    world.api.get("pods", "talk-0")["metadata"]["annotations"] = annotations
    (pod,) = (await look(world)).view.pods
    assert (pod.leaving_since is not None, pod.foreign_cost) == (leaving, foreign)


@pytest.mark.parametrize("data", [None, {}, {"fanout.json": "no JSON"}])
async def test_a_start_state_that_cannot_be_read_is_none(world: World, data):
    chat(world.api, world.servers, 1)
    world.api.get("configmaps", "talk-fanout")["data"] = data or {}
    assert (await look(world)).view.fanout_config is None


async def test_a_chat_without_its_objects_can_be_looked_at(world: World):
    chat(world.api, world.servers, 1)
    for kind, name in (("deployments", "talk-gateway"), ("configmaps", "talk-fanout")):
        world.api.delete(kind, name)
    view = (await look(world)).view
    assert (view.gateways, view.fanout_config, view.pods) == (None, None, ())


async def test_the_server_of_a_mode_is_asked_only_before_a_change_to_it(world: World):
    """Of the others the gateways know better."""
    chat(world.api, world.servers, 1)
    spec = world.api.get("chatclusters", "talk")["spec"]
    spec["objects"]["carriers"] = {"redis": "127.0.0.1:1", "postgres": "127.0.0.1"}
    assert (await look(world)).view.carriers == {}
    spec["fanout"]["mode"] = "redis"
    assert "127.0.0.1:1: " in (await look(world)).view.carriers["redis"]
    spec["fanout"]["mode"] = "postgres"
    assert "should be host:port" in (await look(world)).view.carriers["postgres"]
    spec["fanout"]["mode"] = "hub"
    assert (await look(world)).view.carriers == {}


async def test_a_spec_of_a_newer_version_is_refused_with_a_sentence(world: World):
    chat(world.api, world.servers, 1)
    world.api.get("chatclusters", "talk")["spec"]["magic"] = True
    with pytest.raises(SpecError, match="magic"):
        await look(world)


async def test_many_pods_come_in_pages(world: World):
    world.api.page = 3
    chat(world.api, world.servers, *([1] * 7))
    assert len((await look(world)).view.pods) == 7
