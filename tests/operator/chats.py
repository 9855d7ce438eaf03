"""A chat on a fake API server: its objects, and gateways that have an admin server."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiohttp import web

from chatcluster.core.figures import Figures, Move, figures_as_json
from chatcluster.core.switch import Switch, Target
from chatcluster.core.switch_json import read_order, switch_as_json
from chatcluster.core.switch_plan import Report
from chatcluster.runtime.fanout_routes import check_token
from tests.operator.fake_api import FakeApi
from tests.operator.views import IN_FORCE, OBJECTS
from tests.servers import free_port

TOKEN = "for the operator"
STARTED = "2026-01-01T11:00:00Z"


class AdminServers:
    """Of many gateways, on one port: each has an address of its own in 127.0.0.0/8. `told` is what
    they were told, `silent` those that do not answer, `refusing` those that do not obey.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.clients: dict[str, int] = {}
        self.draining: dict[str, Move] = {}
        self.switches: dict[str, Switch] = {}
        self.told: list[tuple[str, str, Any]] = []
        self.asked = 0
        self.silent: set[str] = set()
        self.refusing: set[str] = set()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_route("*", "/{path}", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "0.0.0.0", self.port).start()
        try:
            yield
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        check_token(request, TOKEN)
        at = request.host.partition(":")[0]
        self.asked += 1
        if at in self.silent:
            return web.Response(status=500)
        body = orjson.loads(await request.read() or b"null")
        if request.method != "GET" and at in self.refusing:
            return web.json_response({"error": "not now"}, status=409)
        if request.method != "GET":
            self.told.append((request.method, f"{at}{request.path}", body))
            self._obey(at, request, body)
        if request.path == "/fanout":
            return web.json_response(orjson.loads(orjson.dumps(_report(at, self._switch(at)))))
        return web.json_response(figures_as_json(self._figures(at)))

    def _obey(self, at: str, request: web.Request, body: Any) -> None:
        match request.method, request.path:
            case "PUT", "/drain":
                clients, pace = self.clients.get(at, 0), body["clients_per_second"]
                self.draining[at] = Move(clients, 0, clients, pace)
            case "DELETE", "/drain":
                self.draining.pop(at, None)
            case "PUT", "/fanout":
                order = read_order(orjson.dumps(body))
                switch = self._switch(at).ordered(order)
                switch = switch.opened(order.epoch, order.target)
                self.switches[at] = switch.committed() if switch.due else switch

    def _switch(self, at: str) -> Switch:
        return self.switches.get(at, IN_FORCE)

    def _markers(self, switch: Switch) -> frozenset[str]:
        return frozenset(self.clients) if switch.previous is not None else frozenset()

    def _figures(self, at: str) -> Figures:
        drain = self.draining.get(at)
        return Figures(
            name=at,
            version="1",
            started=0,
            phase="ready" if drain is None else "draining",
            reasons=(),
            connections=self.clients.get(at, 0),
            drain=drain,
            shed=None,
            fanout=Report(at, self._switch(at), self._markers(self._switch(at))),
        )


def chat(
    api: FakeApi,
    servers: AdminServers,
    *clients: int,
    name: str = "talk",
    network: int = 1,
    namespace: str = "chat",
    **wanted: Any,
) -> list[str]:
    """The objects of a chat whose gateways have so many clients; the gateways' addresses."""
    labels = {"app": name}
    objects = {
        "gateways": {"deployment": f"{name}-gateway", "adminPort": servers.port},
        "fanout": {"name": f"{name}-fanout"},
        "adminToken": OBJECTS["adminToken"],
    }
    spec = {
        "gateways": {"replicas": len(clients)},
        "fanout": {"mode": "adapter"},
        "objects": objects,
        **wanted,
    }
    token = {"data": {"token": base64.b64encode(TOKEN.encode()).decode()}}
    start = orjson.dumps(switch_as_json(IN_FORCE)).decode()
    api.put("secrets", "chat-admin-token", token, namespace)
    api.put("configmaps", f"{name}-fanout", {"data": {"fanout.json": start}}, namespace)
    api.put("chatclusters", name, {"spec": spec}, namespace)
    api.put("deployments", f"{name}-gateway", _deployment(labels, len(clients)), namespace)
    addresses = [f"127.{network}.{one // 250}.{one % 250 + 1}" for one in range(len(clients))]
    for number, (address, count) in enumerate(zip(addresses, clients, strict=True)):
        servers.clients[address] = count
        api.put("pods", f"{name}-{number}", pod(address, labels), namespace)
    return addresses


def pod(address: str, labels: dict[str, str]) -> dict[str, Any]:
    """One that serves at *address*."""
    running = {"name": "gateway", "state": {"running": {"startedAt": STARTED}}}
    return {
        "metadata": {"labels": labels, "creationTimestamp": STARTED},
        "spec": {"containers": [{"name": "gateway"}]},
        "status": {
            "phase": "Running",
            "podIP": address,
            "containerStatuses": [running],
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


def target_of(config_map: dict[str, Any]) -> Target:
    switch = orjson.loads(config_map["data"]["fanout.json"])
    return Target(switch["target"]["mode"])


def _deployment(labels: dict[str, str], replicas: int) -> dict[str, Any]:
    counts = ("replicas", "updatedReplicas", "readyReplicas", "observedGeneration")
    status = dict(zip(counts, (replicas, replicas, replicas, 1), strict=True))
    return {"spec": {"replicas": replicas, "selector": {"matchLabels": labels}}, "status": status}


def _report(at: str, switch: Switch) -> dict[str, Any]:
    return {"origin": at, "switch": switch_as_json(switch), "markers": [at]}
