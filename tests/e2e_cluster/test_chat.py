"""A chat with Node's client, through the Service."""

from __future__ import annotations

import pytest

from tests.e2e.clients import NODE, Clients
from tests.e2e_cluster.release import Release

pytestmark = [pytest.mark.node, pytest.mark.timeout(240)]

MANY = 40  # connections, of which it is not to be expected that all reach the same of two gateways


async def test_what_one_says_reaches_clients_of_the_other_gateway(
    release: Release, clients: Clients
):
    by_gateway = {}
    for _ in range(MANY):
        client = await clients.connect(release.url, kind=NODE)
        by_gateway[(await client.ask("join", "tea"))["dyno"]] = client
        if len(by_gateway) == 2:
            break
    assert set(by_gateway) == release.pod_names("gateway")
    ada, bob = by_gateway.values()
    for speaker in (ada, bob):
        said = await speaker.ask("chat message", {"room": "tea", "message": "hello"})
        for reader in (ada, bob):
            message = await reader.until("chat message", lambda one: one.get("room") == "tea")
            assert message["id"] == said["id"]
