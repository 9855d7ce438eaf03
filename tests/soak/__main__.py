"""`python -m tests.soak --minutes 30`: 200 clients chat while everything breaks, then a table."""

from __future__ import annotations

import random
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import typer
from rich.console import Console

from tests.e2e.carriers import Breakable, breakable
from tests.e2e.change import target
from tests.e2e.crowd import Crowd, crowd
from tests.postgres_server import Postgres
from tests.servers import Valkey
from tests.soak.faults import Faults
from tests.soak.tally import Tally

REST_SECONDS = 2.0

console = Console(width=110)


def main(minutes: float = 30.0, seed: int = 0, clients: int = 200) -> None:
    """Break a cluster of three gateways at random; exit code 1 if anything was lost or doubled."""
    chance = random.Random(seed)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chat-soak-")))
        stage = stack.enter_context(_servers(folder, stack))
        controller = stack.enter_context(stage.cluster.running())
        people = stack.enter_context(crowd(stage.cluster.urls, clients=clients))
        people.wait_ready()
        faults = Faults(stage, controller, chance)
        controller.drive(target(faults.target))
        tally = _break(stage, people, faults, until=time.monotonic() + 60 * minutes)
        memory = max(_memory(stage))
        seen = people.finish()
    console.print(tally.table())
    console.print(
        f"{minutes:g} minutes, seed {seed}: {seen['acked']} messages acknowledged, "
        f"{seen['received']} delivered, {seen['refused']} sends refused and sent again, "
        f"{seen['reconnects']} reconnects; the largest gateway had {memory / 1e6:.0f} MB at the end"
    )
    for problem in seen["problems"]:
        console.print(f"[red]{problem}")
    console.print(f"lost, doubled or out of order: {len(seen['problems'])}")
    sys.exit(1 if seen["problems"] else 0)


def _servers(folder: Path, stack: ExitStack) -> Any:
    servers: dict[str, Valkey] = {}
    for name in ("log", "carrier"):
        (folder / name).mkdir()
        servers[name] = Valkey(folder / name)
    postgres = Postgres()
    for valkey in servers.values():
        valkey.start()
        stack.callback(valkey.stop)
    postgres.start()
    stack.callback(postgres.stop)
    return breakable(folder, servers["log"], servers["carrier"], postgres, "adapter")


def _break(stage: Breakable, people: Crowd, faults: Faults, *, until: float) -> Tally:
    tally = Tally()
    known = 0
    people.look()
    while time.monotonic() < until:
        began = time.monotonic()
        kind = faults.one()
        lasted = time.monotonic() - began
        ready = stage.ready_after()
        time.sleep(REST_SECONDS)
        seen = people.look()
        problems = seen["problems"][known:]
        known = len(seen["problems"])
        tally.note(kind, lasted=lasted, ready=ready, slowest=seen["worstMs"], problems=problems)
        print(
            f"{kind}: lasted {lasted:.1f} s, ready after {ready:.1f} s, "
            f"slowest delivery {seen['worstMs'] / 1000:.1f} s, problems {problems}",
            flush=True,
        )
    return tally


def _memory(stage: Breakable) -> list[int]:
    processes = [gateway.process for gateway in stage.gateways]
    return [psutil.Process(one.pid).memory_info().rss for one in processes if one is not None]


if __name__ == "__main__":
    typer.run(main)
