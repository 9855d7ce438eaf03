"""Long-polling by stock clients: what they can take in one body, and how fast."""

from __future__ import annotations

import pytest

from tests.e2e.clients import Kind, params

pytestmark = pytest.mark.asyncio(loop_scope="session")

POLLING = params([Kind("node", "polling"), Kind("python", "polling")])


@pytest.mark.parametrize("kind", POLLING)
async def test_a_long_history_reaches_a_polling_client(clusters, connect, room, kind):
    """As events, all at once: python-socketio takes 16 packets in one body, and no more."""
    gateway = clusters("isolated").gateways[0]
    await (await connect(gateway.url, namespace="/room")).ask("create", room)
    ada = await connect(gateway.url, namespace=f"/messages/{room}")
    words = [str(number) for number in range(100)]
    await ada.burst("create", [{"from": "ada", "message": word} for word in words])

    there = await connect(gateway.url, namespace=f"/messages/{room}", kind=kind)
    assert await there.ask("list") == {"count": 100}
    assert [item["message"] for item in await there.several("item", 100)] == words
