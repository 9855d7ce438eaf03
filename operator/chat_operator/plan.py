"""What the operator does next with one ChatCluster, from nothing but what is.

Level-triggered. The I/O part, for each look:

    previous = read_status(body.status)
    planned = plan(view, previous.memory, now)
    status = status_of(view, planned, previous, now)      # chat_operator.conditions
    write `as_json(status)`, if it differs                # first: it remembers what the step begins
    post each of events(previous, status)                 # chat_operator.events
    perform `planned.step`, if there is one               # once; what came of it shows next time
    look again after `planned.again` seconds, or when something changed

Killed anywhere in between, it goes on from what it finds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from chat_operator.status import Memory
from chat_operator.steps import Step
from chat_operator.view import View
from chatcluster.core import switch_plan


@dataclass(frozen=True, slots=True)
class Hold:
    """Something is not done now: `reason` is for programs (CamelCase), `message` for people."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Notes:
    """What the plan saw and why it waits, for conditions.

    `desired`: gateways that there should be; `scaling`: why the number is not brought there now;
    `missing`: why figures are not known, by gateway; `limited`: why `desired` is not what clients
    need; `change`: the fan-out over all programs, None where nobody answers; `fanout`: why it
    waits.
    """

    desired: int | None = None
    scaling: Hold | None = None
    missing: dict[str, str] = field(default_factory=dict)
    limited: str = ""
    change: switch_plan.Plan | None = None
    fanout: Hold | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """One step, or none; what to remember; what to tell; seconds until the next look."""

    step: Step | None
    memory: Memory
    notes: Notes
    again: float


def plan(view: View, memory: Memory, now: datetime) -> Plan:
    """The next step. Pure: the same arguments give the same plan."""
    raise NotImplementedError
