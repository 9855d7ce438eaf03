"""A real Node server and two gateways on a Redis Cluster."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator

import pytest

from chatcluster.core.request import Question, Request
from chatcluster.fanout.adapter import AdapterFanout
from chatcluster.testing.harness import Gateway
from tests.contract.adapter_servers import ValkeyCluster
from tests.interop.flavours import classic, sharded, streams
from tests.interop.node import node_server

pytestmark = [pytest.mark.node, pytest.mark.timeout(40)]

FLAVOURS = {"classic": classic, "sharded": sharded, "streams": streams}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyCluster]:
    cluster = ValkeyCluster(tmp_path_factory.mktemp("cluster"))
    try:
        asyncio.run(cluster.start())
        yield cluster
    finally:
        cluster.stop()


@pytest.mark.parametrize("name", FLAVOURS)
async def test_all_serve_rooms_on_all_servers(name: str, cluster: ValkeyCluster) -> None:
    flavour = FLAVOURS[name](f"interop-{secrets.token_hex(4)}")
    rooms = [f"room-{number}" for number in range(20)]
    urls = [f"redis://127.0.0.1:{server.port}" for server in cluster.masters]
    async with node_server(urls, flavour.name, **flavour.options) as node:
        await node.until("servers", 1)
        gateways = [
            await Gateway(AdapterFanout(cluster.url, flavour.ours), f"gw-{number}").open(*rooms)
            for number in (1, 2)
        ]
        await node.until("servers", 3)
        await node.client("x", *rooms, acks="x")
        await asyncio.sleep(0.3)  # Node waits for none of its subscriptions
        for room in rooms:
            await node.do("emit", to=[room], args=["from node", room])
            await gateways[0].say(room, rooms=(room,), event="from gateway")
        heard = [await node.got("x") for _ in rooms * 2]
        senders = ("from node", "from gateway")
        assert sorted(heard) == sorted([sender, room] for sender in senders for room in rooms)
        for gateway in gateways:
            received = await gateway.got(2 * len(rooms))
            assert sorted(e.args[0] for e in received) == sorted(rooms * 2)
        request = Request(Question.EMIT, "/", event="e", timeout=3.0)
        gateways[1].answers = lambda request, reply: None
        values, missing = await gateways[0].ask(request, 1.0)
        assert (values, missing) == (["x"], 1)
        for gateway in gateways:
            await gateway.fanout.close()
