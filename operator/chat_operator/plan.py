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

from dataclasses import dataclass
from datetime import datetime

from chat_operator.balancing import balancing, unsettled
from chat_operator.changing import Changing, changing, looking
from chat_operator.leaving import leaving
from chat_operator.needs import upkeep
from chat_operator.notes import Hold, Notes, Wanted
from chat_operator.status import Memory
from chat_operator.steps import Scale, SeedScale, Stay, Step
from chat_operator.view import View, Workload
from chat_operator.wanting import wanting
from chatcluster.core.switch_plan import Phase

# Seconds until the next look.
QUIET = 15.0
MOVING = 2.0  # while clients move
CHANGING = 1.0  # while a change of the fan-out waits for gateways
SOON = 0.2  # after a step

NO_GATEWAYS = Hold("NoDeployment", "there is no Deployment of gateways (spec.objects.gateways)")
PAUSED = Hold("Paused", "everything is paused")


@dataclass(frozen=True, slots=True)
class Plan:
    """One step, or none; what to remember; what to tell; seconds until the next look."""

    step: Step | None
    memory: Memory
    notes: Notes
    again: float


def plan(view: View, memory: Memory, now: datetime) -> Plan:
    """The next step. Pure: the same arguments give the same plan."""
    if view.gateways is None:
        return Plan(None, memory, Notes(scaling=NO_GATEWAYS), QUIET)
    wanted, remembered = wanting(view, view.gateways, memory, now)
    if view.spec.paused == "All":
        return Plan(None, memory, Notes(wanted, PAUSED, looking(view), PAUSED), QUIET)
    changed = changing(view, remembered, now)
    first = (
        _more(view, view.gateways, wanted) or changed.step or upkeep(view, steady=changed.steady)
    )
    busy = _busy(view.gateways, changed)
    left = leaving(view, view.gateways, wanted, busy=busy, now=now)
    hold = left if isinstance(left, Hold) else None
    step = first or (None if isinstance(left, Hold) else left)
    notes = Notes(wanted, hold, changed.change, changed.hold)
    if step is not None:
        begun = changed.step is None or changed.step is step
        memory = changed.memory if begun else _without_change(changed.memory, memory)
        return Plan(
            step, unsettled(view, memory), notes, MOVING if isinstance(step, Stay) else SOON
        )
    if hold is not None or busy is not None or not _settled(view, view.gateways, wanted):
        seconds = _seconds(hold, changed)
        return Plan(None, unsettled(view, changed.memory), notes, seconds)
    balanced = balancing(view, changed.memory, now)
    return Plan(balanced.step, balanced.memory, notes, min(balanced.seconds or QUIET, QUIET))


def _more(view: View, gateways: Workload, wanted: Wanted) -> Scale | SeedScale | None:
    """More gateways come at once, whatever else is going on."""
    if view.spec.gateways.external and view.spec.gateways.replicas is None:
        return SeedScale(max(1, gateways.replicas))
    if wanted.replicas > gateways.replicas:
        return Scale(wanted.replicas, was=gateways.replicas)
    return None


def _busy(gateways: Workload, changed: Changing) -> Hold | None:
    """What else is going on, during which nobody is chosen or removed."""
    if gateways.rolling:
        return Hold("RolloutInProgress", f"{gateways.updated} of {gateways.current} are updated")
    if not changed.at_rest:
        why = changed.hold.message if changed.hold is not None else "it is being changed"
        return Hold("FanoutChanging", f"fan-out: {why}")
    return None


def _settled(view: View, gateways: Workload, wanted: Wanted) -> bool:
    """All gateways that there should be are there, serve, and say how many clients they have."""
    return (
        not wanted.missing
        and wanted.replicas == gateways.replicas == len(view.pods)
        and all(pod.ready and pod.stays and pod.figures is not None for pod in view.pods)
    )


def _without_change(memory: Memory, before: Memory) -> Memory:
    """The fan-out has to wait for its turn: nothing of it has begun."""
    return memory.model_copy(
        update={"preparing": before.preparing, "called_off": before.called_off}
    )


def _seconds(hold: Hold | None, changed: Changing) -> float:
    moving = hold is not None and hold.reason in ("Draining", "Removing")
    phase = changed.change.phase if changed.change is not None else None
    if phase in (Phase.PREPARING, Phase.COMMITTING, Phase.FINISHING):
        return CHANGING
    return MOVING if moving else QUIET
