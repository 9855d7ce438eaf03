"""Writes the tables of metrics into docs/operation.md (`make generate`), or with --check says
whether they are what the programs tell.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from chat_gateway.gateway import Gateway
from chat_gateway.metrics import gateway_metrics
from chat_hub.metrics import hub_metrics
from chat_worker.metrics import worker_metrics
from chatcluster.fanout.isolated import IsolatedFanout
from chatcluster.fanout.metered import Metered
from chatcluster.fanout.outbox import Outbox
from chatcluster.history.memory import MemoryDirectory, MemoryRoomLog
from chatcluster.history.opening import OpenedStore
from chatcluster.history.port import Retention
from chatcluster.runtime.settings import GatewaySettings, load
from tests.generated import write_or_check

PAGE = Path(__file__).parents[1] / "docs" / "operation.md"
PREFIX = "chatcluster_"
INSTALLED = ("version", "mode")  # labels whose values are not the same everywhere
MANY = 6  # values of a label that are not listed any more

Families = list[Metric]


def generated() -> str:
    """The page with the tables as they should be."""
    page = PAGE.read_text()
    for name, families in asyncio.run(_programs()).items():
        before, begin, rest = page.partition(f"<!-- metrics of a {name} -->\n")
        _, end, after = rest.partition("<!-- / -->")
        assert begin, f"the page has a place for the metrics of a {name}"
        page = before + begin + table(families) + end + after
    return page


def table(families: Families) -> str:
    """A row for each, without those that any Python program has."""
    rows = [_row(family) for family in families if family.name.startswith(PREFIX)]
    return "\n".join(("| metric | kind | labels | |", "|---|---|---|---|", *rows, ""))


def _row(family: Metric) -> str:
    name = f"{family.name}_total" if family.type == "counter" else family.name
    return f"| `{name}` | {family.type} | {_labels(family)} | {family.documentation} |"


def _labels(family: Metric) -> str:
    values: dict[str, dict[str, None]] = {}
    for sample in family.samples:
        for label, value in sample.labels.items():
            values.setdefault(label, {})[value] = None
    values.pop("le", None)
    return "; ".join(f"`{label}`{_listed(label, list(of))}" for label, of in values.items())


def _listed(label: str, values: list[str]) -> str:
    if label in INSTALLED or len(values) > MANY:
        return ""
    return ": " + ", ".join(values)


async def _programs() -> dict[str, Families]:
    settings = load(GatewaySettings, name="gateway-1")
    carried = Metered(IsolatedFanout(), "gateway-1")
    outbox = Outbox(carried)
    log = MemoryRoomLog(Retention(), clock=float, random_bytes=bytes)
    gateway = Gateway(settings, OpenedStore(log, MemoryDirectory(10)), outbox, "gateway-1")
    of_hub = dict.fromkeys(("gateways", "hubs", "rooms", "envelopes", "bytes"), 0)
    counts = SimpleNamespace(done=0, failed=0, dead=0, late=0, waiting=0, pending=0)
    worker = cast(Any, SimpleNamespace(count=counts, at_hand=0))
    return {
        "gateway": _families(gateway_metrics(gateway, carried)),
        "hub": _families(hub_metrics(lambda: of_hub, lambda: 0, list)),
        "worker": _families(worker_metrics(worker, lambda: cast(Any, counts), list, outbox)),
    }


def _families(registry: CollectorRegistry) -> Families:
    return list(registry.collect())


def main() -> int:
    """The exit code."""
    return write_or_check({PAGE: generated()}, "does not have the programs' metrics")


if __name__ == "__main__":
    sys.exit(main())
