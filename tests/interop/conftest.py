"""A Node server and two gateways in one cluster, with each of Node's adapters for Redis."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable

import pytest

from chatcluster.fanout.adapter import AdapterFanout
from chatcluster.testing.harness import Gateway
from tests.interop.flavours import Flavour, classic, sharded, streams
from tests.interop.node import NodeServer, node_server
from tests.servers import Valkey

FLAVOURS: dict[str, Callable[[str], Flavour]] = {
    "classic": classic,
    "sharded static": lambda key: sharded(key, "static"),
    "sharded dynamic": lambda key: sharded(key, "dynamic"),
    "sharded dynamic-private": lambda key: sharded(key, "dynamic-private"),
    "streams": streams,
    "three streams": lambda key: streams(key, 3),
    "streams and sharded pub/sub": lambda key: streams(key, sharded=True),
}


@pytest.fixture(params=list(FLAVOURS))
def flavour(request: pytest.FixtureRequest) -> Flavour:
    made: Flavour = FLAVOURS[request.param](f"interop-{secrets.token_hex(4)}")
    return made


@pytest.fixture
async def node(valkey: Valkey, flavour: Flavour) -> AsyncIterator[NodeServer]:
    async with node_server(valkey.url, flavour.name, **flavour.options) as server:
        await server.until("servers", 1)  # it does not wait for its subscriptions
        yield server


@pytest.fixture
async def gateways(
    valkey: Valkey, flavour: Flavour, node: NodeServer
) -> AsyncIterator[list[Gateway]]:
    fanouts = [AdapterFanout(valkey.url, flavour.ours) for _ in range(2)]
    gateways = [
        await Gateway(fanout, f"gw-{number}").open("", "a", "b", "s" * 20)
        for number, fanout in enumerate(fanouts, 1)
    ]
    yield gateways
    for fanout in fanouts:
        await fanout.close()
