"""A cluster of fakes with the operator on top: what the API server, its controllers, gateways and
clients do, with time as a number that is moved on.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chat_operator import steps
from chat_operator.conditions import status_of
from chat_operator.events import Event, events
from chat_operator.plan import Plan, plan
from chat_operator.spec import ChatClusterSpec
from chat_operator.status import Status, as_json, read_status
from chat_operator.view import View, Workload
from chatcluster.core.switch import Switch
from tests.operator.fake_gateway import STOPS, FakeGateway
from tests.operator.views import IN_FORCE, NOW

TURN = 2.0  # seconds by which time moves at most


@dataclass
class FakeCluster:
    """`homeless`: clients on their way. `broken`: modes whose carrier gateways cannot reach;
    `down`: those that the operator sees so itself.
    """

    spec: ChatClusterSpec
    replicas: int = 1
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    now: datetime = NOW
    generation: int = 1
    config: Switch | None = IN_FORCE
    hubs: int = 0
    gateways: list[FakeGateway] = field(default_factory=list)
    homeless: int = 0
    broken: frozenset[str] = frozenset()
    down: frozenset[str] = frozenset()
    status: dict[str, Any] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    performed: list[steps.Step] = field(default_factory=list)
    written: int = 0  # statuses
    named: int = 0

    def __post_init__(self) -> None:
        for _ in range(self.replicas):
            self._start()
        self.pass_time(10)

    def view(self) -> View:
        origins = frozenset(one.name for one in self.gateways)
        alive = [one for one in self.gateways if one.deleted_at is None]
        ready = sum(one.ready(self.now) for one in alive)
        return View(
            spec=self.spec,
            generation=self.generation,
            gateways=Workload(self.replicas, len(alive), len(alive), ready),
            pods=tuple(one.seen(self.now, origins) for one in self.gateways),
            hubs=Workload(self.hubs, self.hubs, self.hubs, self.hubs),
            fanout_config=self.config,
            carriers={mode: "nobody listens there" for mode in self.down},
            selector="app=gateway",
        )

    def look(self, *, killed: str = "") -> Plan:
        """One look of the operator, which is *killed* before it writes ("write"), before it acts
        ("act"), or not.
        """
        seen, previous = self.view(), read_status(self.status)
        planned = plan(seen, previous.memory, self.now)
        status = status_of(seen, planned, previous, self.now)
        if killed == "write":
            return planned
        self._write(previous, status)
        if planned.step is not None and killed != "act":
            self.performed.append(planned.step)
            self.perform(planned.step)
        return planned

    def run(self, seconds: float) -> None:
        """The operator looks as often as it says, for that long."""
        end = self.now + timedelta(seconds=seconds)
        while self.now < end:
            self.pass_time(self.look().again)

    def wish(self, spec: ChatClusterSpec) -> None:
        self.spec = spec
        self.generation += 1

    def perform(self, step: steps.Step) -> None:
        match step:
            case steps.Scale(replicas, was):
                if was == self.replicas:
                    self.replicas = replicas
            case steps.SeedScale(replicas):
                gateways = self.spec.gateways.model_copy(update={"replicas": replicas})
                self.wish(self.spec.model_copy(update={"gateways": gateways}))
            case steps.ScaleHubs(replicas):
                self.hubs = replicas
            case steps.WriteFanoutConfig(start):
                self.config = start
            case _:
                self._told(step)

    def _told(self, step: steps.Step) -> None:
        match step:
            case steps.GiveOrders(orders):
                for name, order in orders.items():
                    self._reached(name, lambda one, order=order: one.ordered(order))
            case steps.MarkForDeletion(pod, since):
                self.named_gateway(pod).leaving_since = since
            case steps.Drain(pod, pace):
                self._reached(pod, lambda one: _drain(one, pace))
            case steps.Stay(pod):
                self._reached(pod, _stay)
            case steps.Shed(pod, clients, _):
                self._reached(pod, lambda one: setattr(one, "to_shed", clients))

    def pass_time(self, seconds: float) -> None:
        while seconds > 0:
            turn = min(TURN, seconds)
            self._turn(turn)
            seconds -= turn

    def named_gateway(self, name: str) -> FakeGateway:
        return next(one for one in self.gateways if one.name == name)

    @property
    def clients(self) -> int:
        return self.homeless + sum(one.connections for one in self.gateways)

    def _turn(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        alive = [one for one in self.gateways if one.deleted_at is None]
        for _ in range(self.replicas - len(alive)):
            self._start()
        for one in sorted(alive, key=self._doomed)[: max(0, len(alive) - self.replicas)]:
            one.deleted_at = self.now
        for one in self.gateways:
            one.opens(self.broken)
            self.homeless += one.moves(seconds, self.clients / 50)
        for one in [one for one in self.gateways if self._gone(one)]:
            self.homeless += one.connections
            self.gateways.remove(one)
        self._welcome()

    def _doomed(self, one: FakeGateway) -> tuple[bool, bool, float]:
        """As a ReplicaSet chooses: not ready before ready, then the deletion cost."""
        return (one.ready(self.now), one.leaving_since is None, -one.created.timestamp())

    def _gone(self, one: FakeGateway) -> bool:
        return one.deleted_at is not None and self.now >= one.deleted_at + STOPS

    def _welcome(self) -> None:
        """Clients find a gateway by chance."""
        open_ones = [one for one in self.gateways if one.ready(self.now)]
        if open_ones:
            for _ in range(self.homeless):
                self.chance.choice(open_ones).connections += 1
            self.homeless = 0

    def _start(self) -> None:
        self.named += 1
        start = self.config or IN_FORCE
        self.gateways.append(FakeGateway(f"g{self.named}", self.now, start))

    def _reached(self, name: str, act: Any) -> None:
        for one in self.gateways:
            if one.name == name and one.answers(self.now):
                act(one)

    def _write(self, previous: Status, status: Status) -> None:
        if (raw := as_json(status)) != self.status:
            self.status = raw
            self.written += 1
            self.events += events(previous, status)


def _drain(one: FakeGateway, pace: float) -> None:
    one.draining, one.per_second, one.to_shed = True, pace, 0


def _stay(one: FakeGateway) -> None:
    one.draining, one.per_second, one.leaving_since = False, None, None
