"""A hub that takes broadcasts, a gateway on it, and a service that enters it by Socket.IO."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import socketio

from chat_hub import broadcaster as module
from chat_hub.broadcaster import Broadcaster
from chat_hub.door import Door
from chat_hub.server import HubServer
from chat_hub.services import Services
from chatcluster.fanout.hub import HubFanout
from chatcluster.testing.harness import Gateway
from tests.broadcasts import takes_broadcasts
from tests.gateways import TOKEN

LIMIT = 4096


def url(hub: HubServer) -> str:
    return f"http://127.0.0.1:{hub.port}"


@asynccontextmanager
async def serving(*, token: str = TOKEN) -> AsyncIterator[HubServer]:
    """A hub that takes broadcasts, as the program makes it."""
    hub = HubServer("127.0.0.1", 0, hubs="one")
    broadcaster = Broadcaster("hub", gateways=lambda: hub.gateways, limit=LIMIT)
    Services(Door(token), broadcaster, limit=LIMIT).attach(hub.app, hub.sockets)
    async with hub.serving():
        fanout = HubFanout([url(hub)], gateway="hub", hub=True)
        async with broadcaster.publishing(fanout):
            yield hub


@pytest.fixture
async def hub(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[HubServer]:
    monkeypatch.setattr(module, "GRACE", 0.02)
    async with serving() as server:
        await takes_broadcasts(url(server))
        yield server


@pytest.fixture
async def listener(hub: HubServer) -> AsyncIterator[Gateway]:
    """A gateway that wants the room `a`."""
    gateway = await Gateway(HubFanout([url(hub)], gateway="one"), "one").open("a")
    yield gateway
    await gateway.fanout.close()


@asynccontextmanager
async def entered(
    hub: HubServer, auth: Any, *, transport: str = "websocket"
) -> AsyncIterator[socketio.AsyncClient]:
    """A client in `/services`. Raises ConnectionError when it is not let in."""
    client = socketio.AsyncClient(reconnection=False)
    client.refusals = []
    client.on("connect_error", client.refusals.append, namespace="/services")
    try:
        await client.connect(
            url(hub), auth=auth, namespaces=["/services"], transports=[transport], wait_timeout=5
        )
        yield client
    except socketio.exceptions.ConnectionError as error:
        raise PermissionError(client.refusals) from error
    finally:
        await client.disconnect()


async def ask(client: socketio.AsyncClient, event: str, *args: Any) -> Any:
    return await client.call(event, args, namespace="/services", timeout=5)
