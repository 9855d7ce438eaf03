"""Thousands of clients that were dropped at once come back; the load is `python -m
benchmarks.storm`, in a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import uvloop

from benchmarks import page
from benchmarks.contenders import Contender, Gateways, Node
from benchmarks.load import connected
from benchmarks.measuring import Bench

CLIENTS, ROOM = 4000, 10
AT_ONCE = 500  # that are connecting at the same time: more would wait in the server's backlog
CONTENDERS: dict[str, Contender] = {
    "Node": Node(),
    "adapter, classic": Gateways("adapter"),
    "adapter, classic, admitted_per_second 1000": Gateways(
        "adapter", {"admitted_per_second": 1000}
    ),
}


def measure(bench: Bench) -> Sequence[tuple[str, dict[str, float]]]:
    found = []
    for name, contender in CONTENDERS.items():
        if bench.budget.is_spent:
            break
        with (
            tempfile.TemporaryDirectory(prefix="bench-") as folder,
            contender.running(Path(folder), bench.valkey) as servers,
        ):
            came = bench.run(f"{CLIENTS} come back, {name}", "benchmarks.storm", servers)
        if came is not None:
            found.append((name, came))
    return found


def storm_table(found: Sequence[tuple[str, dict[str, float]]]) -> str:
    head = ["", "until all are connected, s", "until all chat, s", "CPU per client, ms"]
    return page.table(
        head,
        [
            [name, *(f"{storm[key]:.2f}" for key in ("connected", "seconds", "cpu"))]
            for name, storm in found
        ],
    )


async def storm(ports: list[int], servers: list[psutil.Process]) -> dict[str, float]:
    """Seconds from the moment when all are dropped, and the servers' CPU in ms for each client:
    for its going, its coming and a message of its own.
    """

    def cpu() -> float:
        return sum(sum(server.cpu_times()[:2]) for server in servers)

    before = await connected(ports, CLIENTS, ROOM, AT_ONCE)
    await asyncio.sleep(1)
    began, spent = time.perf_counter(), cpu()
    for client in before:
        client.transport.abort()
    clients = await connected(ports, CLIENTS, ROOM, AT_ONCE)
    back = time.perf_counter() - began
    waiting: list[asyncio.Future[None]] = []
    for client in clients:
        waiting.append(client.chats())
    await asyncio.gather(*waiting)
    return {
        "connected": back,
        "seconds": time.perf_counter() - began,
        "cpu": (cpu() - spent) / len(clients) * 1e3,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ports", required=True)
    parser.add_argument("--pids", required=True)
    asked = parser.parse_args()
    servers = [psutil.Process(int(pid)) for pid in asked.pids.split(",")]
    ports = [int(port) for port in asked.ports.split(",")]
    print(json.dumps(uvloop.run(storm(ports, servers))), flush=True)
    os._exit(0)  # closing thousands of connections one by one takes longer than measuring


if __name__ == "__main__":
    main()
