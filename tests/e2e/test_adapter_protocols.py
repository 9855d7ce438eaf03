"""Mode `adapter` with each of Node's protocols, chosen by a setting: two gateways, one chat."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import socketio

from tests.gateways import Cluster
from tests.servers import Valkey


@pytest.mark.parametrize("protocol", ["classic", "sharded", "streams"])
async def test_gateways_meet_by_the_protocol_that_is_set(
    protocol: str, valkey: Valkey, tmp_path: Path
) -> None:
    """Messages, typing and presence cross."""
    cluster = Cluster(tmp_path, valkey.url, "adapter", adapter_protocol=protocol)
    with cluster.running():
        ada, bob = socketio.AsyncSimpleClient(), socketio.AsyncSimpleClient()
        await ada.connect(cluster.gateways[0].url, transports=["websocket"])
        await bob.connect(cluster.gateways[1].url, transports=["websocket"])
        try:
            await ada.call("join", {"room": "tea", "nickname": "ada"})
            joined = await bob.call("join", {"room": "tea", "nickname": "bob"})
            assert {member["nickname"] for member in joined["members"]} == {"ada", "bob"}
            await ada.call("typing", {"room": "tea", "typing": True})
            said = await ada.call("chat message", {"room": "tea", "message": "hello"})
            heard: dict[str, dict[str, str]] = {}
            async with asyncio.timeout(5):
                while {"typing", "chat message"} - heard.keys():
                    event, *args = await bob.receive()
                    heard[event] = args[0]
            assert heard["chat message"]["id"] == said["id"]
            assert heard["typing"]["nick"] == "ada"
        finally:
            await ada.disconnect()
            await bob.disconnect()
