"""What is true of a ChatCluster, as its status says it."""

from __future__ import annotations

from datetime import datetime

from chat_operator.changing import is_moving
from chat_operator.notes import Notes
from chat_operator.plan import Plan
from chat_operator.statements import JUDGES, Statement, serving
from chat_operator.status import Condition, DrainStatus, FanoutStatus, Status
from chat_operator.view import View
from chat_operator.wanting import connections, missing_figures
from chatcluster.core.switch_plan import Phase

REFUSED = "SpecRefused"


def status_of(view: View, plan: Plan, previous: Status, now: datetime) -> Status:
    """The whole status. Equal to *previous* where nothing changed, however often it is called."""
    statements = {name: judge(view, plan, now) for name, judge in JUDGES.items()}
    return Status(
        observed_generation=view.generation,
        replicas=view.gateways.current if view.gateways is not None else 0,
        selector=view.selector or previous.selector,
        desired=plan.notes.wanted.replicas if plan.notes.wanted is not None else None,
        ready=len(serving(view)),
        draining=sum(pod.leaving_since is not None or pod.deleting for pod in view.pods),
        connections=None if missing_figures(view, now) else connections(view),
        fanout=_fanout(view, plan.notes, previous, now),
        drain=_drain(view),
        conditions=_conditions(statements, previous, view.generation, now),
        memory=plan.memory,
    )


def refused(sentence: str, generation: int, previous: Status, now: datetime) -> Status:
    """Of a spec that cannot be read: nothing is done, and all else is as it was seen last."""
    statements = dict.fromkeys(JUDGES, Statement("Unknown", REFUSED))
    statements["Ready"] = Statement("False", REFUSED, sentence)
    statements["Degraded"] = Statement("True", REFUSED, sentence)
    return previous.model_copy(
        update={
            "observed_generation": generation,
            "conditions": _conditions(statements, previous, generation, now),
        }
    )


def _conditions(
    statements: dict[str, Statement], previous: Status, generation: int, now: datetime
) -> tuple[Condition, ...]:
    before = {one.type: one for one in previous.conditions}
    return tuple(
        Condition(
            type=name,
            status=one.status,
            reason=one.reason,
            message=one.message,
            observed_generation=generation,
            last_transition_time=_since(before.get(name), one, now),
        )
        for name, one in statements.items()
    )


def _since(before: Condition | None, one: Statement, now: datetime) -> datetime:
    """When it flipped: a reason that changes is no flip."""
    if before is not None and before.status == one.status:
        return before.last_transition_time
    return now.replace(microsecond=0)


def _fanout(view: View, notes: Notes, previous: Status, now: datetime) -> FanoutStatus | None:
    reason = notes.fanout.message if notes.fanout is not None else ""
    if (change := notes.change) is None:
        last = previous.fanout
        return last and last.model_copy(update={"reason": reason})
    target, epoch = change.start.target, change.start.epoch
    last = previous.fanout
    same = last is not None and (last.mode, last.epoch) == (target.mode, epoch)
    still = change.phase is Phase.CALLED_OFF or is_moving(change)
    return FanoutStatus(
        mode=target.mode,
        phase=str(change.phase if still else Phase.STEADY),
        epoch=epoch,
        since=last.since if last is not None and same else now.replace(microsecond=0),
        target="" if target == view.spec.fanout.target else str(view.spec.fanout.target),
        reason=reason or change.reason,
    )


def _drain(view: View) -> DrainStatus | None:
    for pod in view.pods:
        if pod.leaving_since is not None and not pod.deleting:
            left = pod.figures.connections if pod.figures is not None else None
            return DrainStatus(gateway=pod.name, since=pod.leaving_since, connections=left)
    return None
