"""What a delivery costs: every contender under every load, in turn."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence

from benchmarks import page
from benchmarks.contenders import Contender, Gateways, Node
from benchmarks.load import Cost, Workload
from benchmarks.measuring import Bench, median

NODE = "Node"
OFF, ON = "adapter, classic", "adapter, classic, history redis"
WORKLOADS = (
    Workload("one message at a time, to 500", 500, 0, 1),
    Workload("64 in flight, to 500", 500, 0, 64),
    Workload("one at a time, to 4000", 4000, 0, 1),
    Workload("50 rooms of 10", 500, 10, 1),
    Workload("200 rooms of 10, 4 in flight", 2000, 10, 4),
)
CONTENDERS: Mapping[str, Contender] = {
    NODE: Node(),
    "isolated": Gateways("isolated", count=1),
    OFF: Gateways("adapter"),
    ON: Gateways("adapter", {"history": "redis"}),
    "adapter, sharded": Gateways("adapter", {"adapter_protocol": "sharded"}),
    "adapter, streams": Gateways("adapter", {"adapter_protocol": "streams"}),
    "redis": Gateways("redis"),
    "hub": Gateways("hub"),
    "postgres": Gateways("postgres"),
}
HEAD = [
    *("", "CPU per delivery, µs", "ratio to Node", "p50, ms", "p99, ms"),
    *("memory per client, kB", "CPU per connect, ms"),
]

Found = Mapping[str, Mapping[str, Sequence[Cost]]]  # by workload and contender


def measure(bench: Bench, only: Sequence[str], titles: Sequence[str]) -> Found:
    """Round after round until the time is spent; within a round contenders follow each other, so
    that what else the machine does meets all of them.
    """
    found: dict[str, dict[str, list[Cost]]] = defaultdict(lambda: defaultdict(list))
    loads = [one for one in WORKLOADS if not titles or any(part in one.title for part in titles)]
    while not bench.budget.is_spent:
        for workload in loads:
            for name in only or CONTENDERS:
                cost = bench.cost(f"{workload.title}, {name}", CONTENDERS[name], workload)
                if cost is not None:
                    found[workload.title][name].append(cost)
    return found


def ratio(costs: Sequence[Cost], others: Sequence[Cost]) -> float:
    """The median of the ratios within each round."""
    pairs = zip(costs, others, strict=False)
    return statistics.median(one.cpu / other.cpu for one, other in pairs)


def tables(found: Found) -> str:
    parts = []
    for title, costs in found.items():
        rounds = max(map(len, costs.values()))
        parts.append(f"**{title}** (rounds: {rounds})\n")
        parts.append(page.table(HEAD, [_row(name, costs) for name in costs]) + "\n")
        if OFF in costs and ON in costs:
            parts.append(
                f"With history on, {ratio(costs[ON], costs[OFF]):.2f} times as with it off.\n"
            )
    return "\n".join(parts).rstrip("\n")


def _row(name: str, costs: Mapping[str, Sequence[Cost]]) -> list[str]:
    cost = median(costs[name])
    to_node = f"{ratio(costs[name], costs[NODE]):.2f}" if NODE in costs else "-"
    numbers = f"{cost.p50:.1f} {cost.p99:.1f} {cost.memory:.1f} {cost.connect:.2f}".split()
    return [name, f"{cost.cpu:.2f}", to_node, *numbers]
