"""What operators read of a gateway: health, metrics and stats, on a port of their own."""

from __future__ import annotations

import asyncio
import time
from unittest.mock import ANY

import aiohttp
import pytest
import pytest_asyncio
import yaml
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as read_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as read_metrics

import chatcluster
from tests.contract.openapi_files import ADMIN

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAMES = {
    "chatcluster_connections",
    "chatcluster_rooms",
    "chatcluster_messages_total",
    "chatcluster_deliveries_total",
    "chatcluster_replays_total",
    "chatcluster_fanout_up",
    "chatcluster_history_up",
    "chatcluster_outbox_envelopes",
    "chatcluster_outbox_bytes",
    "chatcluster_ready",
    "chatcluster_draining",
    "process_resident_memory_bytes",
    "process_open_fds",
}
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


@pytest_asyncio.fixture(loop_scope="session")
async def http():
    async with aiohttp.ClientSession() as session:
        yield session


async def metrics(http, gateway):
    """Values by name, those without labels."""
    async with http.get(gateway.admin + "/metrics") as response:
        families = read_metrics(await response.text())
    return {
        sample.name: sample.value
        for family in families
        for sample in family.samples
        if not sample.labels
    }


async def readiness(http, gateway):
    async with http.get(gateway.admin + "/readyz") as response:
        return response.status, (await response.json())["reasons"]


async def until_ready(http, gateway, ready):
    """How long it took, and the last reasons."""
    since = time.monotonic()
    status, reasons = await readiness(http, gateway)
    while (status == 200) is not ready:
        await asyncio.sleep(0.1)
        status, reasons = await readiness(http, gateway)
    return time.monotonic() - since, reasons


async def test_a_healthy_gateway_says_so(cluster, http):
    for gateway in cluster.gateways:
        async with http.get(gateway.admin + "/healthz") as response:
            assert (response.status, await response.text()) == (200, "ok\n")
        assert await readiness(http, gateway) == (200, [])


async def test_metrics_have_the_promised_names(cluster, http):
    values = await metrics(http, cluster.gateways[0])
    assert NAMES - values.keys() == set()


async def test_metrics_are_there_in_openmetrics_too(cluster, http):
    headers = {"Accept": OPENMETRICS}
    async with http.get(cluster.gateways[0].admin + "/metrics", headers=headers) as response:
        assert response.headers["Content-Type"].startswith("application/openmetrics-text")
        families = {family.name for family in read_openmetrics(await response.text())}
    assert "chatcluster_messages" in families


async def test_metrics_count_what_happens(cluster, http, connect, room):
    gateway = cluster.gateways[0]
    before = await metrics(http, gateway)
    client = await connect(gateway.url)
    await client.ask("join", room)
    await client.ask("chat message", {"room": room, "message": "counted"})
    await client.next("chat message")
    after = await metrics(http, gateway)

    def grown(name):
        return after[f"chatcluster_{name}"] - before[f"chatcluster_{name}"]

    assert grown("connections") == 1
    assert grown("messages_total") == 1
    assert grown("deliveries_total") >= 1
    assert grown("rooms") >= 1
    assert (after["chatcluster_ready"], after["chatcluster_draining"]) == (1, 0)


async def test_stats_have_a_known_shape(cluster, mode, connect):
    gateway = cluster.gateways[1]
    await connect(gateway.url)
    await asyncio.sleep(0.1)  # `uptime` is in tenths of a second
    stats = gateway.stats()
    assert stats == {
        "name": "gateway-2",
        "version": chatcluster.__version__,
        "mode": mode,
        "ready": True,
        "phase": "ready",
        "connections": ANY,
        "rooms": ANY,
        "messages": ANY,
        "delivered": ANY,
        "replayed": ANY,
        "fanout": {
            "mode": mode,
            "state": "up",
            "outbox": {"waiting": 0, "bytes": 0},
            "epoch": 0,
            "phase": "steady",
        },
        "history": {"kind": "redis", "ok": True},
        "uptime": ANY,
    }
    assert stats["connections"] >= 1
    assert stats["uptime"] > 0


async def test_the_public_port_has_nothing_of_it(cluster, http):
    gateway = cluster.gateways[0]
    paths = yaml.safe_load(ADMIN.read_text())["paths"]
    assert {"/metrics", "/fanout", "/drain", "/moderation", "/moderation/log"} <= paths.keys()
    for path, methods in paths.items():
        for method in methods:
            async with http.request(method, gateway.url + path) as response:
                assert response.status in (404, 405), (method, path)
            if method == "get":
                async with http.get(gateway.admin + path) as response:
                    assert response.status in (200, 503), path


async def test_without_its_redis_a_gateway_is_not_ready(
    make_cluster, own_valkey, mode, http, connect, room
):
    """It says why, refuses what it cannot store, stays alive, and is ready again by itself."""
    [gateway] = make_cluster(mode, 1, redis_url=own_valkey.url).gateways
    client = await connect(gateway.url)
    await client.ask("join", room)
    before = await client.ask("chat message", {"room": room, "message": "before"})

    own_valkey.kill()

    _, reasons = await until_ready(http, gateway, False)
    wanted = ["fan-out: ", "history: "] if mode in ("adapter", "redis") else ["history: "]
    assert all(any(reason.startswith(one) for one in wanted) for reason in reasons)
    refused = await client.ask("chat message", {"room": room, "message": "lost?", "key": "k"})
    assert refused["error"]["code"] == "unavailable"
    async with http.get(gateway.admin + "/healthz") as response:
        assert response.status == 200
    assert (await metrics(http, gateway))["chatcluster_ready"] == 0

    await asyncio.to_thread(own_valkey.start)

    took, _ = await until_ready(http, gateway, True)
    assert took < 8
    after = await client.ask("chat message", {"room": room, "message": "lost?", "key": "k"})
    await client.until("chat message", lambda one: one["id"] == after["id"])
    reply = await client.ask("join", {"room": room, "after": before["id"]})
    assert [one["id"] for one in reply["messages"]] == [after["id"]]
