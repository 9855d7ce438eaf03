"""Load for Socket.IO servers on this machine, in a closed loop: each of its own messages that comes
back lets a sender send another.

What is measured is the CPU time of the servers' processes per message that a client got: that does
not depend on how busy the machine is, as long as caches are not fought over.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from dataclasses import asdict, dataclass
from functools import partial

import psutil
import uvloop

from benchmarks.client import Client

WARM_UP_SECONDS = 1.0
AT_ONCE = 50  # clients that connect at the same time


@dataclass(frozen=True)
class Workload:
    """`room`: clients per room, one of which sends; 0: one sends to all. `inflight`: messages that
    a sender has under way. `idle`: clients besides, in no room and silent.
    """

    title: str
    clients: int
    room: int
    inflight: int
    idle: int = 0


@dataclass(frozen=True)
class Cost:
    """CPU in µs per delivery and in ms per connect, latencies in ms, memory in kB per client.

    `others`: CPU in µs per message, of each gateway that has no clients.
    """

    cpu: float
    connect: float
    memory: float
    p50: float
    p99: float
    rate: float  # deliveries per second
    others: float


async def measure(
    ports: list[int],
    servers: list[psutil.Process],
    others: list[psutil.Process],
    workload: Workload,
    seconds: float,
) -> Cost:
    """The clients are spread over *ports* evenly; *others* are gateways without any."""

    def cpu(servers: list[psutil.Process] = servers) -> float:
        return sum(sum(server.cpu_times()[:2]) for server in servers)

    def memory() -> float:
        return sum(server.memory_info().rss for server in servers) / 1024

    cpu_before, memory_before = cpu(), memory()
    clients = await connected(ports, workload.clients, workload.room, AT_ONCE)
    idle = await connected(ports, workload.idle, 0, AT_ONCE, silent=True)
    connections = len(clients) + len(idle)
    connect = (cpu() - cpu_before) / connections
    await asyncio.sleep(WARM_UP_SECONDS)
    grown = (memory() - memory_before) / connections
    for client in clients:
        for _ in range(workload.inflight if client.sender else 0):
            client.say()
    await asyncio.sleep(WARM_UP_SECONDS)
    for client in clients:
        client.deliveries = 0
        client.latencies.clear()
    began, cpu_before, others_before = time.perf_counter(), cpu(), cpu(others)
    await asyncio.sleep(seconds)
    lasted, spent = time.perf_counter() - began, cpu() - cpu_before
    beside = cpu(others) - others_before
    deliveries = sum(client.deliveries for client in clients)
    latencies = sorted(one for client in clients for one in client.latencies)
    if not latencies:
        raise AssertionError("nothing came back")
    return Cost(
        cpu=spent / deliveries * 1e6,
        connect=connect * 1e3,
        memory=grown,
        p50=latencies[len(latencies) // 2] * 1e3,
        p99=latencies[len(latencies) * 99 // 100] * 1e3,
        rate=deliveries / lasted,
        others=beside / max(1, len(others)) / len(latencies) * 1e6,
    )


async def connected(
    ports: list[int], count: int, room: int, at_once: int, *, silent: bool = False
) -> list[Client]:
    """*count* clients in rooms of *room* (0: in none), *at_once* of which connect at a time; unless
    *silent*, the first of each room is a sender.
    """
    loop = asyncio.get_running_loop()
    clients: list[Client] = []
    for first in range(0, count, at_once):
        batch = [
            Client(
                ports[number % len(ports)],
                f"room{number // room}" if room else "",
                not silent and number % (room or count) == 0,
            )
            for number in range(first, min(count, first + at_once))
        ]
        clients += batch
        await asyncio.gather(
            *(
                loop.create_connection(partial(_same, client), "127.0.0.1", client.port)
                for client in batch
            )
        )
        await asyncio.gather(*(client.ready for client in batch))
    return clients


def _same(client: Client) -> Client:
    return client


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ports", required=True)
    parser.add_argument("--pids", required=True)
    parser.add_argument("--others", default="", help="pids of gateways without clients")
    parser.add_argument("--idle", type=int, default=0)
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--room", type=int, default=0)
    parser.add_argument("--inflight", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5)
    asked = parser.parse_args()
    servers, others = (
        [psutil.Process(int(pid)) for pid in pids.split(",") if pid]
        for pids in (asked.pids, asked.others)
    )
    ports = [int(port) for port in asked.ports.split(",")]
    workload = Workload("", asked.clients, asked.room, asked.inflight, asked.idle)
    cost = uvloop.run(measure(ports, servers, others, workload, asked.seconds))
    print(json.dumps(asdict(cost)), flush=True)
    os._exit(0)  # closing thousands of connections one by one takes longer than measuring


if __name__ == "__main__":
    main()
