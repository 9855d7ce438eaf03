"""Measures, prints and, with --write, puts tables and pictures into docs/."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import page, plots, scaling, storm, workloads
from benchmarks.measuring import Bench, Budget
from tests.servers import Valkey


def gateways(bench: Bench, options: argparse.Namespace) -> None:
    found = scaling.by_gateways(bench)
    _show(options, "gateways", scaling.gateways_table(found), lambda: plots.draw_gateways(found))


def connections(bench: Bench, options: argparse.Namespace) -> None:
    found = scaling.by_connections(bench)
    _show(options, "connections", scaling.connections_table(found))


def storms(bench: Bench, options: argparse.Namespace) -> None:
    _show(options, "storm", storm.storm_table(storm.measure(bench)))


def deliveries(bench: Bench, options: argparse.Namespace) -> None:
    found = workloads.measure(bench, options.only, options.workload)
    _show(options, "workloads", workloads.tables(found), lambda: plots.draw_workloads(found))


MEASURE: dict[str, Callable[[Bench, argparse.Namespace], None]] = {
    "gateways": gateways,
    "connections": connections,
    "storm": storms,
    "workloads": deliveries,  # last: these are repeated until the time is spent
}


def _show(
    options: argparse.Namespace, section: str, table: str, draw: Callable[[], str] | None = None
) -> None:
    """*draw* makes a picture, and says how the page shows it."""
    print(f"\n{table}\n", flush=True)
    if options.write:
        page.write(section, f"{table}\n\n{draw()}" if draw is not None else table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sections", nargs="*", choices=MEASURE, default=list(MEASURE))
    parser.add_argument("--only", nargs="*", choices=workloads.CONTENDERS, default=[])
    parser.add_argument("--workload", nargs="*", default=[], help="parts of titles")
    parser.add_argument("--minutes", type=float, default=11.0, help="after which nothing begins")
    parser.add_argument("--seconds", type=float, default=2.0, help="that each measurement lasts")
    parser.add_argument("--write", action="store_true", help="into docs/")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-valkey-") as folder:
        valkey = Valkey(Path(folder), appendonly="no", appendfsync="no")
        valkey.start()
        try:
            bench = Bench(valkey, Budget(options.minutes * 60), options.seconds)
            for section in MEASURE:
                if section in options.sections:
                    MEASURE[section](bench, options)
        finally:
            valkey.stop()


if __name__ == "__main__":
    main()
