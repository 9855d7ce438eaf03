"""What each step does, and to what alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chat_operator import steps
from chat_operator.act import Acting
from chat_operator.cluster import ApiError
from chat_operator.look import Looking
from chatcluster.control.gateway_admin import NoAnswerError
from chatcluster.core.switch import Order, Step, Switch, Target
from tests.operator.chats import chat, target_of
from tests.operator.conftest import KEY, World

SINCE = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
HUB = Target("hub")


async def perform(world: World, step: steps.Step) -> str:
    seen = await Looking(world.cluster, world.admins).look(world.api.get("chatclusters", "talk"))
    world.api.asked.clear()
    return await Acting(world.cluster, world.admins).perform(step, KEY, seen)


async def test_gateways_are_scaled_if_they_still_are_what_was_seen(world: World):
    chat(world.api, world.servers, 1, 1)
    await perform(world, steps.Scale(5, was=2))
    assert world.api.get("deployments", "talk-gateway")["spec"]["replicas"] == 5
    assert world.api.asked == ["PATCH deployments/talk-gateway/scale"]
    with pytest.raises(ApiError, match="the test failed") as refused:
        await perform(world, steps.Scale(1, was=2))
    assert refused.value.status == 422
    assert world.api.get("deployments", "talk-gateway")["spec"]["replicas"] == 5


async def test_a_deployment_that_was_set_to_none_is_scaled_too(world: World):
    """The API leaves a zero out, so there is nothing to compare."""
    chat(world.api, world.servers, 1)
    world.api.get("deployments", "talk-gateway")["spec"].pop("replicas")
    await perform(world, steps.Scale(2, was=0))
    assert world.api.get("deployments", "talk-gateway")["spec"]["replicas"] == 2


async def test_a_pod_is_marked_with_one_request_and_unmarked_once_it_knows(world: World):
    (address,) = chat(world.api, world.servers, 4)
    await perform(world, steps.MarkForDeletion("talk-0", SINCE))
    pod = world.api.get("pods", "talk-0")["metadata"]
    assert pod["annotations"] == {
        steps.DELETION_COST: str(steps.LEAVING_COST),
        steps.LEAVING: "2026-01-01T12:00:00+00:00",
    }
    assert world.api.writes == ["PATCH pods/talk-0"]
    await perform(world, steps.Stay("talk-0"))
    assert world.servers.told == [("DELETE", f"{address}/drain", None)]
    assert world.api.get("pods", "talk-0")["metadata"]["annotations"] == {}


async def test_a_gateway_that_cannot_be_told_to_stay_keeps_its_marks(world: World):
    (address,) = chat(world.api, world.servers, 4)
    await perform(world, steps.MarkForDeletion("talk-0", SINCE))
    world.servers.silent.add(address)
    with pytest.raises(NoAnswerError):
        await perform(world, steps.Stay("talk-0"))
    assert steps.LEAVING in world.api.get("pods", "talk-0")["metadata"]["annotations"]


async def test_gateways_are_told_to_move_clients(world: World):
    first, second = chat(world.api, world.servers, 4, 9)
    await perform(world, steps.Drain("talk-0", 2.5))
    await perform(world, steps.Shed("talk-1", 3, 1.5))
    assert world.servers.told == [
        ("PUT", f"{first}/drain", {"clients_per_second": 2.5}),
        ("POST", f"{second}/shed", {"clients": 3, "clients_per_second": 1.5}),
    ]


async def test_a_pod_that_is_gone_cannot_be_told_anything(world: World):
    chat(world.api, world.servers, 4)
    with pytest.raises(NoAnswerError, match="gone-1 has no address"):
        await perform(world, steps.Drain("gone-1", 1))


async def test_those_who_start_find_the_state_that_was_written(world: World):
    chat(world.api, world.servers, 4)
    await perform(world, steps.WriteFanoutConfig(Switch(1, HUB)))
    assert target_of(world.api.get("configmaps", "talk-fanout")) == HUB
    assert world.api.writes == ["PATCH configmaps/talk-fanout"]


async def test_orders_reach_all_programs_and_whoever_refuses_is_named(world: World):
    first, second = chat(world.api, world.servers, 4, 4)
    prepare = Order(Step.PREPARE, 1, HUB)
    trouble = await perform(
        world,
        steps.GiveOrders({"talk-0": prepare, "talk-1": prepare, "gone-1": prepare}),
    )
    assert trouble == "gone-1: it has no address any more"
    for address in (first, second):
        assert world.servers.switches[address].next is not None


async def test_the_number_that_an_autoscaler_reads_is_seeded_by_the_scale_of_the_resource(
    world: World,
):
    chat(world.api, world.servers, 1)
    await perform(world, steps.SeedScale(3))
    assert world.api.writes == ["PATCH chatclusters/talk/scale"]
