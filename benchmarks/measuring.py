"""Measurements in processes of their own, and the time that there is for them."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from benchmarks.contenders import Contender, Servers
from benchmarks.load import Cost, Workload
from tests.servers import Valkey

LONGEST_SECONDS = 60.0  # for one measurement


class Budget:
    """How long all measurements may take together, in seconds."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def is_spent(self) -> bool:
        return time.monotonic() > self._end


@dataclass(frozen=True)
class Bench:
    """What all measurements have in common: *seconds* is how long each one lasts."""

    valkey: Valkey
    budget: Budget
    seconds: float

    def cost(
        self, title: str, contender: Contender, workload: Workload, members: int | None = None
    ) -> Cost | None:
        """None if there was not the time. It is printed with *title*.

        Fresh servers each time: their memory and their caches are part of what is measured.

        Only the first *members* servers have clients; None: all.
        """
        if self.budget.is_spent:
            return None
        with (
            tempfile.TemporaryDirectory(prefix="bench-") as folder,
            contender.running(Path(folder), self.valkey) as servers,
        ):
            ports = servers.ports[:members]
            others = servers.pids[-len(servers.ports) :][len(ports) :]
            found = self.run(
                title,
                "benchmarks.load",
                Servers(ports, [pid for pid in servers.pids if pid not in others]),
                *("--others", ",".join(map(str, others))),
                *("--clients", workload.clients, "--room", workload.room),
                *("--inflight", workload.inflight, "--idle", workload.idle),
                *("--seconds", self.seconds),
            )
        return None if found is None else Cost(**found)

    def run(
        self, title: str, module: str, servers: Servers, *options: object
    ) -> dict[str, Any] | None:
        """What the program *module* finds out about *servers*; None if there was not the time."""
        addresses = ("--ports", ",".join(map(str, servers.ports)))
        pids = ("--pids", ",".join(map(str, servers.pids)))
        words = [sys.executable, "-m", module, *addresses, *pids, *map(str, options)]
        try:
            done = subprocess.run(
                words,
                check=True,
                stdout=subprocess.PIPE,
                text=True,
                timeout=LONGEST_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            print(f"{title}: left out, since it took longer than {error.timeout:.0f} s", flush=True)
            return None
        found: dict[str, Any] = json.loads(done.stdout)
        print(f"{title}: {', '.join(f'{name} {n:.2f}' for name, n in found.items())}", flush=True)
        return found


def median(costs: Sequence[Cost]) -> Cost:
    """Of each number."""
    names = [field.name for field in fields(Cost)]
    return Cost(**{n: statistics.median(getattr(cost, n) for cost in costs) for n in names})
