"""What looking costs: `python -m tests.operator.scale` prints the table of docs/operator.md.

The API server and the gateways are fakes in a thread of their own, so that the CPU time of this
one is the operator's alone.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

from chat_operator.act import Acting
from chat_operator.gateways import admins
from chat_operator.look import Key, Looking
from chat_operator.metrics import OperatorMetrics
from chat_operator.plan import QUIET
from chat_operator.reconciling import Reconciling
from chatcluster.runtime.metrics import Metrics
from tests.operator.chats import AdminServers, chat, target_of
from tests.operator.fake_api import FakeApi, client_of

CLIENTS = 100  # of each gateway
LOOKS = 4  # that are measured, of each ChatCluster: a minute of a quiet cluster
SIZES = [(1, 3), (1, 30), (1, 100), (1, 300), (10, 30)]  # ChatClusters, gateways of each


@dataclass(frozen=True, slots=True)
class Cost:
    """Requests, of which `writes` to the API server; `seconds` of CPU."""

    api: int
    writes: int
    admin: int
    seconds: float


async def cost(chats: int, gateways: int) -> Cost:
    """Of *chats* ChatClusters with so many gateways each."""
    api, servers = FakeApi(), AdminServers()
    keys = [Key("chat", f"talk{number}") for number in range(chats)]
    for number, key in enumerate(keys):
        chat(api, servers, *[CLIENTS] * gateways, name=key.name, network=number + 1)

    async def look(reconciling: Reconciling) -> None:
        for _ in range(LOOKS):
            for key in keys:
                assert await reconciling.turn(key) == QUIET, "nothing is to be done"

    async with _reconciling(api, servers) as reconciling:
        for key in keys:
            await reconciling.turn(key)
        return await _measured(api, servers, look(reconciling))


async def cost_of_change(gateways: int) -> Cost:
    """Of another mode for so many gateways, from the wish to its end."""
    api, servers = FakeApi(), AdminServers()
    chat(api, servers, *[CLIENTS] * gateways)
    key = Key("chat", "talk")

    async def look(reconciling: Reconciling) -> None:
        api.get("chatclusters", "talk")["spec"]["fanout"]["mode"] = "redis"
        while await reconciling.turn(key) != QUIET:
            pass
        assert target_of(api.get("configmaps", "talk-fanout")).mode == "redis"

    async with _reconciling(api, servers) as reconciling:
        await reconciling.turn(key)
        return await _measured(api, servers, look(reconciling))


async def _measured(api: FakeApi, servers: AdminServers, work: Awaitable[None]) -> Cost:
    asked, writes, admin = len(api.asked), len(api.writes), servers.asked
    began = time.thread_time()
    await work
    seconds = time.thread_time() - began
    return Cost(len(api.asked) - asked, len(api.writes) - writes, servers.asked - admin, seconds)


@asynccontextmanager
async def _reconciling(api: FakeApi, servers: AdminServers) -> AsyncIterator[Reconciling]:
    metrics = Metrics()
    with _in_a_thread(api, servers) as url:
        async with client_of(url, metrics) as cluster, admins(50) as asking:
            yield Reconciling(
                cluster,
                Looking(cluster, asking),
                Acting(cluster, asking),
                OperatorMetrics(metrics),
                name="operator",
            )


@contextmanager
def _in_a_thread(api: FakeApi, servers: AdminServers) -> Iterator[str]:
    """The fakes serve while the body runs; the API server's address."""
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    address: list[str] = []
    started = threading.Event()

    async def serve() -> None:
        async with AsyncExitStack() as stack:
            address.append(await stack.enter_async_context(api.serving()))
            await stack.enter_async_context(servers.serving())
            started.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert started.wait(30)
        yield address[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def table(costs: list[tuple[str, Cost]]) -> str:
    head = "| what | API requests | of which writes | admin requests | CPU seconds |\n"
    rows = "".join(
        f"| {what} | {one.api} | {one.writes} | {one.admin} | {one.seconds:.2f} |\n"
        for what, one in costs
    )
    return f"{head}|---|---|---|---|---|\n{rows}"


async def _all() -> list[tuple[str, Cost]]:
    quiet = [
        (
            f"a quiet minute, {chats} ChatClusters, {gateways} gateways each",
            await cost(chats, gateways),
        )
        for chats, gateways in SIZES
    ]
    changes = [
        (f"a change of the mode, {gateways} gateways", await cost_of_change(gateways))
        for gateways in (30, 300)
    ]
    return quiet + changes


if __name__ == "__main__":
    print(table(asyncio.run(_all())), end="")
