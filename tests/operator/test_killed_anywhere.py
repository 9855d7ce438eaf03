"""An operator that dies around any of its requests is followed by one that goes on from there."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from chat_operator.steps import LEAVING
from chatcluster.control.gateway_admin import GatewayAdmin
from tests.operator.chats import chat, target_of
from tests.operator.conftest import KEY, World

TURNS = 80
CLIENTS = {"talk-0": 5, "talk-1": 2, "talk-2": 9}


class Killed(BaseException):
    """The process is gone."""


class Mortal:
    """Kills the operator around its request number *at* that changes something: once it is
    *answered*, or before it is sent. From then on nothing is sent, until it is `born_again`.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, world: World) -> None:
        self.at, self.answered = 0, False
        self.sent = 0
        self.dead = False
        request, asked = world.cluster.request, GatewayAdmin._asked

        async def to_api(method, path, **given):
            return await self.around(method, lambda: request(method, path, **given))

        async def to_gateway(admin, method, path, body=None):
            return await self.around(method, lambda: asked(admin, method, path, body))

        monkeypatch.setattr(world.cluster, "request", to_api)
        monkeypatch.setattr(GatewayAdmin, "_asked", to_gateway)

    async def around(self, method, send):
        self.sent += method != "GET"
        dies = method != "GET" and self.sent == self.at
        if self.dead or (dies and not self.answered):
            self.dead = True
            raise Killed
        answer = await send()
        if dies:
            self.dead = True
            raise Killed
        return answer


async def until(world: World, mortal: Mortal, done: Callable[[], bool]) -> None:
    """Operators work one after another, and the world goes on meanwhile."""
    for _ in range(TURNS):
        try:
            await world.reconciling.turn(KEY)
        except Killed:
            mortal.dead = False
        live_on(world)
        if done():
            return
    raise AssertionError(world.api.get("chatclusters", "talk").get("status"))


def live_on(world: World) -> None:
    """Clients of draining gateways go, and the ReplicaSet removes whom it has too many."""
    for address in world.servers.draining:
        world.servers.clients[address] = 0
    pods = {body["metadata"]["name"]: body for body in world.api.of("pods")}
    too_many = len(pods) - world.api.get("deployments", "talk-gateway")["spec"]["replicas"]
    for name in sorted(pods, key=lambda name: LEAVING not in marks(pods[name]))[:too_many]:
        world.servers.draining.pop(pods[name]["status"]["podIP"], None)
        world.api.delete("pods", name)
    status = world.api.get("deployments", "talk-gateway")["status"]
    for count in ("replicas", "updatedReplicas", "readyReplicas"):
        status[count] = len(world.api.of("pods"))


def marks(pod):
    return pod["metadata"].get("annotations", {})


def anew(world: World, **wanted: Any) -> None:
    world.api.objects.clear()
    world.servers.reset()
    chat(world.api, world.servers, *CLIENTS.values(), **wanted)


def scaled_in(world: World) -> bool:
    names = {body["metadata"]["name"] for body in world.api.of("pods")}
    status = world.api.get("chatclusters", "talk").get("status", {})
    return len(names) == 2 and status.get("draining") == 0 and status.get("replicas") == 2


def changed(world: World) -> bool:
    fanout = world.api.get("chatclusters", "talk").get("status", {}).get("fanout", {})
    return (fanout.get("mode"), fanout.get("phase")) == ("redis", "steady")


@pytest.mark.parametrize("answered", [False, True], ids=["before it", "after it"])
async def test_of_three_gateways_the_emptiest_leaves(world: World, monkeypatch, answered: bool):
    mortal = Mortal(monkeypatch, world)
    mortal.answered = answered
    for mortal.at in itertools.count(1):
        anew(world, gateways={"replicas": 2})
        mortal.sent = 0
        await until(world, mortal, lambda: scaled_in(world))
        pods = {body["metadata"]["name"]: body for body in world.api.of("pods")}
        assert set(pods) == {"talk-0", "talk-2"}
        assert not any(LEAVING in marks(pod) for pod in pods.values())
        assert not world.servers.draining
        if mortal.sent < mortal.at:  # it lived
            break
    assert mortal.at > 5


@pytest.mark.parametrize("answered", [False, True], ids=["before it", "after it"])
async def test_a_mode_comes_in_force_everywhere(world: World, monkeypatch, answered: bool):
    mortal = Mortal(monkeypatch, world)
    mortal.answered = answered
    for mortal.at in itertools.count(1):
        anew(world, gateways={"replicas": 3}, fanout={"mode": "redis"})
        mortal.sent = 0
        await until(world, mortal, lambda: changed(world))
        for switch in world.servers.switches.values():
            assert (switch.epoch, switch.target.mode) == (1, "redis")
            assert (switch.next, switch.previous) == (None, None)
        assert len(world.servers.switches) == 3
        assert target_of(world.api.get("configmaps", "talk-fanout")).mode == "redis"
        if mortal.sent < mortal.at:  # it lived
            break
    assert mortal.at > 10
