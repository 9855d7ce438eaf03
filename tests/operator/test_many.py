"""Three hundred gateways and ten ChatClusters: what looking after them costs.

The API server and the gateways run in a thread of their own, whose time is not counted.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chat_operator.act import Acting
from chat_operator.gateways import admins
from chat_operator.look import Key, Looking
from chat_operator.metrics import OperatorMetrics
from chat_operator.plan import QUIET
from chat_operator.reconciling import Reconciling
from chatcluster.runtime.metrics import Metrics
from tests.operator.chats import AdminServers, chat
from tests.operator.fake_api import FakeApi, client_of

LOOKS = 5


@asynccontextmanager
async def elsewhere(api: FakeApi, servers: AdminServers) -> AsyncIterator[str]:
    """Both are served in another thread; the API server's address."""
    ready, stop = threading.Event(), threading.Event()
    address: list[str] = []

    async def serve() -> None:
        async with api.serving() as url, servers.serving():
            address.append(url)
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    await asyncio.to_thread(ready.wait)
    try:
        yield address[0]
    finally:
        stop.set()
        await asyncio.to_thread(thread.join)


async def cost(chats: int, gateways: int) -> tuple[float, float, float]:
    """Of a quiet look at one ChatCluster: this thread's seconds, requests to the API server, and
    questions to gateways.
    """
    api, servers, metrics = FakeApi(), AdminServers(), Metrics()
    keys = [Key("chat", f"talk-{number}") for number in range(chats)]
    for number, key in enumerate(keys):
        chat(api, servers, *([7] * gateways), name=key.name, network=number + 1)
    async with (
        elsewhere(api, servers) as url,
        client_of(url, metrics) as cluster,
        admins(50) as asking,
    ):
        reconciling = Reconciling(
            cluster,
            Looking(cluster, asking),
            Acting(cluster, asking),
            OperatorMetrics(metrics),
            name="operator-1",
        )
        for key in keys:  # the first look writes the status
            assert await reconciling.turn(key) == QUIET
        api.asked.clear()
        servers.asked, began = 0, time.thread_time()
        for key in keys * LOOKS:
            await reconciling.turn(key)
        looks = len(keys) * LOOKS
        spent = time.thread_time() - began
        assert api.writes == []
        return spent / looks, len(api.asked) / looks, servers.asked / looks


async def test_what_a_look_costs_grows_with_the_gateways_and_its_requests_do_not():
    """Ten ChatClusters with three gateways each, and with thirty."""
    small, few, asked_few = await cost(10, 3)
    large, many, asked_many = await cost(10, 30)
    minute = 10 * 60 / QUIET
    print(
        f"{large * 1000:.1f} ms a look ({small * 1000:.1f} with three), {many:.0f} API requests; "
        f"a minute: {large * minute:.1f} s and {many * minute:.0f}"
    )
    assert few == many <= 6
    assert (asked_few, asked_many) == (3, 30)
    assert large < 15 * small
    assert large * minute < 6  # a tenth of a core
