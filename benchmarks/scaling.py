"""What more gateways cost, and what more connections do."""

from __future__ import annotations

import resource
from collections.abc import Mapping, Sequence

from benchmarks import page
from benchmarks.contenders import Gateways
from benchmarks.load import Cost, Workload
from benchmarks.measuring import Bench

COUNTS = (1, 2, 4, 8)
MEMBERS = 2  # gateways that have clients
MODES = {
    "adapter, classic": "adapter",
    "redis": "redis",
    "hub": "hub",
    "postgres": "postgres",
}
ROOMS = Workload("50 rooms of 10", 500, 10, 1)
BUSY, IDLE = 4000, 20_000
SPARE_FILES = 500  # that a gateway, and the load, have open besides clients' sockets

Gained = Mapping[str, Mapping[int, Cost]]  # by mode and number of gateways


def by_gateways(bench: Bench) -> Gained:
    """The same clients on at most two gateways, and others that have none."""
    found: dict[str, dict[int, Cost]] = {name: {} for name in MODES}
    for count in COUNTS:
        for name, mode in MODES.items():
            contender, members = Gateways(mode, count=count), min(count, MEMBERS)
            cost = bench.cost(f"{count} gateways, {name}", contender, ROOMS, members)
            if cost is not None:
                found[name][count] = cost
    return found


def gateways_table(found: Gained) -> str:
    head = ["gateways", *found]
    rows = [
        [str(count), *(_cell(found[name].get(count)) for name in found)]
        for count in COUNTS
        if any(count in costs for costs in found.values())
    ]
    return page.table(head, rows)


def _cell(cost: Cost | None) -> str:
    return "-" if cost is None else f"{cost.cpu:.2f} / {cost.others:.1f}"


def by_connections(bench: Bench) -> Sequence[tuple[int, Cost]]:
    """One gateway with busy clients alone, then with as many idle ones besides as there can be."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    idle = min(IDLE, files - BUSY - SPARE_FILES)
    contender = Gateways("adapter", count=1)
    found = []
    for besides in (0, idle):
        workload = Workload("", BUSY, 10, 1, besides)
        cost = bench.cost(f"{BUSY} busy, {besides} idle", contender, workload)
        if cost is not None:
            found.append((besides, cost))
    return found


def connections_table(found: Sequence[tuple[int, Cost]]) -> str:
    head = ["busy", "idle", "CPU per delivery, µs", "p50, ms", "p99, ms", "memory, kB each"]
    rows = [[f"{BUSY:,}", f"{idle:,}", *_numbers(cost)] for idle, cost in found]
    return page.table(head, rows)


def _numbers(cost: Cost) -> list[str]:
    return [f"{cost.cpu:.2f}", f"{cost.p50:.1f}", f"{cost.p99:.1f}", f"{cost.memory:.1f}"]
