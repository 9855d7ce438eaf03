"""Measures, prints and, with --write, puts the tables into docs/performance.md."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.contenders import Gateways, Node
from benchmarks.load import Cost, Workload
from tests.servers import Valkey

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- make bench: begin -->", "<!-- make bench: end -->"

WORKLOADS = (
    Workload("one message at a time, to 500", 500, 0, 1),
    Workload("64 in flight, to 500", 500, 0, 64),
    Workload("one at a time, to 4000", 4000, 0, 1),
    Workload("50 rooms of 10", 500, 10, 1),
    Workload("200 rooms of 10, 4 in flight", 2000, 10, 4),
)
CONTENDERS = {
    "Node": Node(),
    "adapter, classic": Gateways("adapter"),
    "adapter, classic, history redis": Gateways("adapter", {"history": "redis"}),
    "adapter, sharded": Gateways("adapter", {"adapter_protocol": "sharded"}),
    "adapter, streams": Gateways("adapter", {"adapter_protocol": "streams"}),
    "redis": Gateways("redis"),
    "hub": Gateways("hub"),
    "postgres": Gateways("postgres"),
}
HEAD = (
    "| | CPU per delivery, µs | ratio to Node | p50, ms | p99, ms | memory per client, kB "
    "| CPU per connect, ms |\n|---|---|---|---|---|---|---|"
)


def measure(name: str, workload: Workload, valkey: Valkey, seconds: float) -> Cost:
    """Fresh servers each time: their memory and their caches are part of what is measured."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        CONTENDERS[name].running(Path(folder), valkey) as servers,
    ):
        done = subprocess.run(
            [
                *(sys.executable, "-m", "benchmarks.load"),
                *("--ports", ",".join(map(str, servers.ports))),
                *("--pids", ",".join(map(str, servers.pids))),
                *("--clients", str(workload.clients), "--room", str(workload.room)),
                *("--inflight", str(workload.inflight), "--seconds", str(seconds)),
            ],
            check=True,
            capture_output=True,
            text=True,
            timeout=180,
        )
    return Cost(**json.loads(done.stdout))


def best(name: str, workload: Workload, valkey: Valkey, options: argparse.Namespace) -> Cost:
    """Of several runs the one that cost least: whatever else the machine does only adds."""
    runs = [measure(name, workload, valkey, options.seconds) for _ in range(options.runs)]
    return min(runs, key=lambda cost: cost.cpu)


def row(name: str, cost: Cost, node: Cost | None) -> str:
    ratio = "-" if node is None else f"{cost.cpu / node.cpu:.2f}"
    return (
        f"| {name} | {cost.cpu:.2f} | {ratio} | {cost.p50:.1f} | {cost.p99:.1f} "
        f"| {cost.memory:.1f} | {cost.connect:.2f} |"
    )


def measure_all(valkey: Valkey, options: argparse.Namespace) -> None:
    parts: list[str] = []
    for workload in WORKLOADS:
        if options.workload and not any(word in workload.title for word in options.workload):
            continue
        lines, node = [f"**{workload.title}**", "", HEAD], None
        for name in options.only or CONTENDERS:
            cost = best(name, workload, valkey, options)
            node = cost if name == "Node" else node
            lines.append(row(name, cost, node))
            print(f"{workload.title}: {lines[-1]}", flush=True)
        parts.append("\n".join(lines))
        if options.write:
            write("\n\n".join(parts))


def write(found: str) -> None:
    """After each workload: a run takes long, and may be broken off."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{found}\n{END}{rest.partition(END)[2]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=CONTENDERS)
    parser.add_argument("--workload", nargs="*", help="parts of titles")
    parser.add_argument("--runs", type=int, default=1, help="of which the best one counts")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-valkey-") as folder:
        valkey = Valkey(Path(folder), appendonly="no", appendfsync="no")
        valkey.start()
        try:
            measure_all(valkey, options)
        finally:
            valkey.stop()


if __name__ == "__main__":
    main()
