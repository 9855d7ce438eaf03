"""The next step on the way to the fan-out that is wanted.

What gateways and workers are ordered is `chatcluster.core.switch_plan`'s matter. Here is what lies
around it on Kubernetes: when a change may begin and be committed, when it is called off and tried
again, and where pods that start read in which state to begin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chat_operator.needs import prerequisite
from chat_operator.notes import Hold
from chat_operator.status import CalledOff, Memory, Preparing
from chat_operator.steps import GiveOrders, ScaleHubs, ScaleWorkers, WriteFanoutConfig
from chat_operator.view import Program, View
from chat_operator.wanting import STARTING
from chatcluster.core import switch_plan
from chatcluster.core.switch import Order, StaleError, Step, Switch, Target
from chatcluster.core.switch_plan import Phase, Report

# After that many attempts in a row, the time between two does not grow any more.
_LONGEST_FACTOR = 20


@dataclass(frozen=True, slots=True)
class Changing:
    """`change`: the state over all programs, None where nobody answers; `hold`: why it waits."""

    memory: Memory
    step: GiveOrders | WriteFanoutConfig | ScaleHubs | ScaleWorkers | None = None
    change: switch_plan.Plan | None = None
    hold: Hold | None = None

    @property
    def steady(self) -> bool:
        """Whether what is wanted is in force, and nothing is left of what was before."""
        return self.at_rest and self.hold is None

    @property
    def at_rest(self) -> bool:
        """Whether nothing is on its way: also when what is wanted cannot be had."""
        resting = (Phase.STEADY, Phase.CALLED_OFF)
        return self.step is None and self.change is not None and self.change.phase in resting


def changing(view: View, memory: Memory, now: datetime) -> Changing:
    """Towards `spec.fanout`."""
    memory = _relevant(memory, view.spec.fanout.target)
    reports = _reports(view.programs)
    if not any(reports.values()):
        return _nobody_answers(view, memory)
    starting = {
        name for name, report in reports.items() if report is None and _starts(view, name, now)
    }
    known = {name: report for name, report in reports.items() if name not in starting}
    planned = switch_plan.plan(view.spec.fanout.target, known)
    if planned.phase is Phase.CALLED_OFF or _begun(planned):
        return _before_commit(view, memory, planned, known, starting, now)
    if planned.phase is Phase.STEADY:
        return _ordered(view, _memory(memory, preparing=None, called_off=None), planned, known)
    # What some have committed goes forward, and ends when whoever starts has it, too.
    planned = switch_plan.plan(view.spec.fanout.target, reports)
    return _ordered(view, _memory(memory, preparing=None), planned, reports)


def is_moving(change: switch_plan.Plan | None) -> bool:
    """Whether a change is on its way."""
    if change is None:
        return False
    return change.phase in (Phase.COMMITTING, Phase.FINISHING) or _begun(change)


def looking(view: View) -> switch_plan.Plan | None:
    """The state over all programs, where nothing is to be done; None where nobody answers."""
    known = {name: one for name, one in _reports(view.programs).items() if one is not None}
    if not known:
        return None
    planned = switch_plan.plan(view.spec.fanout.target, known)
    prepared = any(report.switch.next is not None for report in known.values())
    return _at_rest(planned, known) if _begun(planned) and not prepared else planned


def _reports(programs: tuple[Program, ...]) -> dict[str, Report | None]:
    """Of those that run; one that stops counts as long as it answers."""
    return {
        program.name: program.report
        for program in programs
        if program.report is not None or (program.started is not None and not program.deleting)
    }


def _starts(view: View, name: str, now: datetime) -> bool:
    """Whether it need not answer yet."""
    program = next(one for one in view.programs if one.name == name)
    assert program.started is not None
    return not program.ready and now - program.started < STARTING


def _begun(planned: switch_plan.Plan) -> bool:
    """A change is, or is to be, prepared, and nobody has committed."""
    return planned.start.next is not None


def _before_commit(
    view: View,
    memory: Memory,
    planned: switch_plan.Plan,
    reports: Mapping[str, Report | None],
    starting: set[str],
    now: datetime,
) -> Changing:
    """It may wait, and may be called off."""
    if (failed := memory.called_off) is not None and now < _again_at(view, failed):
        back = switch_plan.plan(planned.start.target, reports)
        hold = Hold("CalledOff", failed.reason)
        return _ordered(view, memory, _as_called_off(back, planned, failed.reason), reports, hold)
    if planned.phase is Phase.CALLED_OFF:
        return _call_off(view, memory, planned, reports, now)
    under_way = memory.preparing is not None and memory.preparing.epoch == planned.epoch
    if not under_way:
        wanting = prerequisite(view)
        if isinstance(wanting, Hold):
            return _ordered_back(view, memory, planned, reports, wanting)
        if wanting is not None:
            hold = Hold("Preparing", f"what mode {view.spec.fanout.mode} needs comes first")
            return Changing(memory, wanting, _at_rest(planned, reports), hold)
        memory = _memory(memory, preparing=Preparing(epoch=planned.epoch, since=now))
    if _late(view, memory, now):
        waiting = ", ".join(sorted(starting or set(planned.orders)))
        late = f"{waiting}: not ready within {view.spec.fanout.prepare_timeout_seconds} s"
        leaving = switch_plan.plan(planned.start.target, reports)
        return _call_off(view, memory, _as_called_off(leaving, planned, late), reports, now)
    if starting and planned.phase is Phase.COMMITTING:
        names = ", ".join(sorted(starting))
        held = replace(planned, phase=Phase.PREPARING, orders={})
        return _ordered(view, memory, held, reports, Hold("Starting", f"{names}: starts"))
    return _ordered(view, memory, planned, reports)


def _late(view: View, memory: Memory, now: datetime) -> bool:
    assert memory.preparing is not None
    timeout = timedelta(seconds=view.spec.fanout.prepare_timeout_seconds)
    return now - memory.preparing.since >= timeout


def _as_called_off(
    back: switch_plan.Plan, planned: switch_plan.Plan, reason: str
) -> switch_plan.Plan:
    """*back*, to what is in force, told as the end of *planned*."""
    return replace(back, phase=Phase.CALLED_OFF, epoch=planned.epoch, reason=reason)


def _ordered_back(
    view: View,
    memory: Memory,
    planned: switch_plan.Plan,
    reports: Mapping[str, Report | None],
    hold: Hold,
) -> Changing:
    """It does not begin yet; what somebody else began is called off."""
    return _ordered(view, memory, _at_rest(planned, reports), reports, hold)


def _at_rest(planned: switch_plan.Plan, reports: Mapping[str, Report | None]) -> switch_plan.Plan:
    """The plan that keeps what is in force."""
    return switch_plan.plan(planned.start.target, reports)


def _call_off(
    view: View,
    memory: Memory,
    planned: switch_plan.Plan,
    reports: Mapping[str, Report | None],
    now: datetime,
) -> Changing:
    target = str(view.spec.fanout.target)
    times = memory.called_off.times if memory.called_off is not None else 0
    failed = CalledOff(target=target, reason=planned.reason, at=now, times=times + 1)
    memory = _memory(memory, called_off=failed, preparing=None)
    return _ordered(view, memory, planned, reports, Hold("CalledOff", planned.reason))


def _again_at(view: View, failed: CalledOff) -> datetime:
    factor = min(2 ** min(failed.times - 1, 10), _LONGEST_FACTOR)
    return failed.at + timedelta(seconds=view.spec.fanout.retry_seconds * factor)


def _relevant(memory: Memory, wanted: Target) -> Memory:
    """Without what is about another change than the one that is wanted."""
    if memory.called_off is not None and memory.called_off.target != str(wanted):
        return _memory(memory, called_off=None, preparing=None)
    return memory


def _nobody_answers(view: View, memory: Memory) -> Changing:
    """While a gateway might live, what is in force is not known and stays. When none does, as with
    a carrier without which none can start, those that start take what is wanted at once.
    """
    wanted, written = view.spec.fanout.target, view.fanout_config
    alive = [program.name for program in view.pods if program.ready]
    if alive or (written is not None and written.target == wanted and written.next is None):
        return Changing(memory, None, None, Hold("NoAnswer", _why_silent(view)))
    unmet = prerequisite(view)
    if isinstance(unmet, Hold):
        return Changing(memory, None, None, unmet)
    if unmet is not None:
        return Changing(memory, unmet)
    epoch = 0 if written is None else _highest(written) + 1
    return Changing(memory, WriteFanoutConfig(Switch(epoch, wanted)))


def _highest(switch: Switch) -> int:
    return max(switch.epoch, switch.called_off, switch.next.epoch if switch.next else 0)


def _why_silent(view: View) -> str:
    problems = [f"{pod.name}: {pod.problem}" for pod in view.pods if pod.problem]
    return "; ".join(problems) or "no gateway runs"


def _ordered(
    view: View,
    memory: Memory,
    planned: switch_plan.Plan,
    reports: Mapping[str, Report | None],
    hold: Hold | None = None,
) -> Changing:
    """First where pods that start find it, then to those that run."""
    if hold is None and planned.reason:
        hold = Hold("Waiting", planned.reason)
    if view.fanout_config != planned.start:
        return Changing(memory, WriteFanoutConfig(planned.start), planned, hold)
    orders = {
        name: order for name, order in planned.orders.items() if _is_news(reports[name], order)
    }
    return Changing(memory, GiveOrders(orders) if orders else None, planned, hold)


def _is_news(report: Report | None, order: Order) -> bool:
    """Whether it changes anything there; an order that is refused is told to the log, there."""
    assert report is not None
    try:
        return report.switch.ordered(order) != report.switch
    except StaleError:
        return order.step is not Step.CALL_OFF


def _memory(memory: Memory, **changes: object) -> Memory:
    return memory.model_copy(update=changes)
