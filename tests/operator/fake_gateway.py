"""A gateway as a value that changes: its clients, what it was told, its part in a change."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chat_operator.view import Figures, GatewayPod
from chatcluster.core.switch import Order, StaleError, Switch
from chatcluster.core.switch_plan import Report

STARTS = timedelta(seconds=4)
STOPS = timedelta(seconds=3)


@dataclass
class FakeGateway:
    """`reachable`: by the operator, which may be a matter of the network alone."""

    name: str
    created: datetime
    switch: Switch
    connections: int = 0
    ready_at: datetime | None = None
    reachable: bool = True
    draining: bool = False
    per_second: float | None = None
    leaving_since: datetime | None = None
    deleted_at: datetime | None = None
    to_shed: int = 0
    credit: float = field(default=0.0)

    def ready(self, now: datetime) -> bool:
        return self.serves(now) and not self.draining

    def serves(self, now: datetime) -> bool:
        return self.deleted_at is None and now >= self.ready_at_or_later()

    def ready_at_or_later(self) -> datetime:
        return self.ready_at if self.ready_at is not None else self.created + STARTS

    def answers(self, now: datetime) -> bool:
        return self.reachable and now >= self.ready_at_or_later() - STARTS / 2

    def seen(self, now: datetime, origins: frozenset[str]) -> GatewayPod:
        answers = self.answers(now)
        figures = Figures(self.connections, self.draining, self.per_second)
        return GatewayPod(
            self.name,
            self.created,
            started=max(self.created, self.ready_at_or_later() - STARTS),
            ready=self.ready(now),
            deleting=self.deleted_at is not None,
            report=Report(self.name, self.switch, origins) if answers else None,
            problem="" if answers else "no answer",
            figures=figures if answers else None,
            leaving_since=self.leaving_since,
        )

    def ordered(self, order: Order) -> None:
        try:
            self.switch = self.switch.ordered(order)
        except StaleError:
            return

    def opens(self, broken: frozenset[str]) -> None:
        """What is prepared works, unless its mode is among the *broken*."""
        coming = self.switch.next
        if coming is not None and not coming.ready and not coming.error:
            if coming.target.mode in broken:
                self.switch = self.switch.failed(coming.epoch, coming.target, "refused")
            else:
                self.switch = self.switch.opened(coming.epoch, coming.target)
        if self.switch.due:
            self.switch = self.switch.committed()

    def moves(self, seconds: float, pace: float) -> int:
        """How many clients go in that time."""
        if self.draining and self.per_second is not None:
            self.credit += seconds * self.per_second
            going = min(self.connections, int(self.credit))
            self.credit -= int(self.credit)
        else:
            going = min(self.connections, self.to_shed, max(1, int(pace * seconds)))
            self.to_shed -= going
        self.connections -= going
        return going

    def crash(self, now: datetime, start: Switch) -> int:
        """Its container is started again; how many clients lost their connection."""
        lost, self.connections = self.connections, 0
        self.draining, self.per_second, self.to_shed = False, None, 0
        self.switch, self.ready_at = start, now + STARTS
        return lost
