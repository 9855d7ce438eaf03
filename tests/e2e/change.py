"""Clusters whose fan-out is changed while they run, and a controller for tests."""

from __future__ import annotations

import contextlib
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from chatcluster.core.switch import Order, Target
from chatcluster.core.switch_json import order_as_json, read_report, switch_as_json
from chatcluster.core.switch_plan import Phase, Plan, Report, plan
from tests.gateways import Program
from tests.postgres_server import Postgres
from tests.servers import Valkey

MODES = ["isolated", "hub", "postgres", "redis", "adapter"]
PROTOCOLS = ["classic", "sharded", "streams"]
GIVE_UP_SECONDS = 60.0


def target(name: str) -> Target:
    """`hub`, or `adapter:streams`."""
    mode, _, protocol = name.partition(":")
    return Target(mode, {"adapter_protocol": protocol} if protocol else {})


class Change(NamedTuple):
    """How a change ended, and how long it took in seconds."""

    plan: Plan
    seconds: float


class Controller:
    """Drives changes as its programs' admin servers see it; remembers nothing between two looks."""

    def __init__(self, programs: Sequence[Program], file: Path, *, patience: float = 5.0) -> None:
        self.programs = list(programs)
        self._file = file
        self._patience = patience

    def step(self, wanted: Target) -> Plan:
        """Look, and give the orders that follow from it."""
        reports = {program.admin: self._report(program) for program in self.programs}
        next_steps = plan(wanted, reports)
        self._file.write_text(json.dumps(switch_as_json(next_steps.start)))
        for admin, order in next_steps.orders.items():
            with suppress(OSError):  # whoever did not hear it is told again
                _call(admin, order)
        return next_steps

    def drive(self, wanted: Target, until: Phase | None = None) -> Change:
        """To the end, or until the orders of a phase were given for the first time."""
        began = time.monotonic()
        called_off: Plan | None = None
        while True:
            plan = self.step(wanted)
            seconds = time.monotonic() - began
            if plan.phase is Phase.CALLED_OFF:
                called_off = plan
                wanted = plan.start.target  # until nobody prepares anything else any more
            elif plan.done or plan.phase is until:
                return Change(called_off or plan, seconds)
            assert seconds < GIVE_UP_SECONDS, plan
            time.sleep(0.05)

    def _report(self, program: Program) -> Report | None:
        deadline = time.monotonic() + self._patience
        while True:
            with suppress(OSError):
                return _call(program.admin)
            if time.monotonic() > deadline:
                return None
            time.sleep(0.1)


def _call(admin: str, order: Order | None = None) -> Report:
    body = None if order is None else json.dumps(order_as_json(order)).encode()
    method = "GET" if body is None else "PUT"
    request = urllib.request.Request(f"{admin}/fanout", data=body, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return read_report(response.read())
    except urllib.error.HTTPError as error:
        if error.code != 409:  # which is an order that came too late
            raise
        return read_report(json.dumps(json.load(error)["report"]))


class Changing:
    """Gateways that reach every carrier: two hubs, a Postgres, a Valkey for the fan-out alone, and
    one for the room log and mode `redis`."""

    def __init__(
        self,
        folder: Path,
        log: Valkey,
        postgres: Postgres,
        carrier: Valkey,
        *,
        gateways: int = 3,
        mode: str = "adapter",
        variables: Mapping[str, object] | None = None,
    ) -> None:
        self.carrier = carrier
        self.file = folder / "fanout.json"
        self.hubs = [
            Program("chat_hub", folder / f"{name}.log", name=name) for name in ("hub-1", "hub-2")
        ]
        hub_urls = ",".join(hub.url for hub in self.hubs)
        for hub in self.hubs:
            hub.set(hub_urls=hub_urls)
        self.settings = {
            "mode": mode,
            "history": "redis",
            "redis_url": log.url,
            "adapter_url": carrier.url,
            "postgres_dsn": postgres.url(),
            "postgres_prefix": f"t{free_name(folder)}",
            "hub_urls": hub_urls,
            "key": folder.name,
            "redis_prefix": folder.name,
            "fanout_file": self.file,
            "presence_seconds": 0.5,
            **(variables or {}),
        }
        self._folder = folder
        self.gateways = [self.gateway(number) for number in range(1, gateways + 1)]

    def gateway(self, number: int) -> Program:
        name = f"gateway-{number}"
        return Program("chat_gateway", self._folder / f"{name}.log", name=name, **self.settings)

    @property
    def programs(self) -> list[Program]:
        return [*self.hubs, *self.gateways]

    @property
    def urls(self) -> list[str]:
        return [gateway.url for gateway in self.gateways]

    @contextlib.contextmanager
    def running(self) -> Iterator[Controller]:
        try:
            for program in self.programs:
                program.start(wait=program in self.hubs)
            for program in self.programs:
                program.wait_ready()
            yield Controller(self.gateways, self.file)
        finally:
            for program in reversed(self.programs):
                program.stop()


def free_name(folder: Path) -> str:
    """Fit for the name of a table, and of this folder alone."""
    return f"{abs(hash(str(folder))) % 10**10}"


def all_pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    return [(one, other) for one in names for other in names if one != other]


def round_trip(pairs: Sequence[tuple[str, str]], start: str) -> list[str]:
    """A walk from *start* that takes every pair once and ends where it began (Hierholzer)."""
    ways: dict[str, list[str]] = {}
    for one, other in pairs:
        ways.setdefault(one, []).append(other)
    walk, stack = [], [start]
    while stack:
        if ways.get(stack[-1]):
            stack.append(ways[stack[-1]].pop())
        else:
            walk.append(stack.pop())
    return walk[::-1]
