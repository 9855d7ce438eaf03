"""What a controller orders next, from nothing but what all gateways say now.

It remembers nothing: a controller that is killed and started again simply goes on. Gateways here
are all programs that publish, so workers too.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from chatcluster.core.switch import Next, Order, Previous, Step, Switch, Target

# For markers of other gateways. Longer than a gateway itself waits for one, and so of no use after.
MARKER_SECONDS = 6.0


@dataclass(frozen=True, slots=True)
class Report:
    """What one gateway says of itself.

    `markers`: the origins, its own included, whose last envelope on the previous fan-out has come
    here. `waits`: whether such may still come at all (not when the previous carrier is dead, or
    joins no gateways). `since`: seconds of its own clock since it committed.
    """

    origin: str
    switch: Switch
    markers: frozenset[str] = frozenset()
    waits: bool = True
    since: float = 0.0


class Phase(enum.StrEnum):
    """Where a change stands, over all gateways."""

    STEADY = "steady"
    PREPARING = "preparing"
    COMMITTING = "committing"
    FINISHING = "finishing"
    CALLED_OFF = "called off"


@dataclass(frozen=True, slots=True)
class Plan:
    """`orders` by gateway, to be given now; the state of the whole; a sentence for people.

    `start` is the state in which a gateway that starts now is to begin: it has to be where such
    gateways look for it before `orders` are given.
    """

    phase: Phase
    epoch: int  # that is, or is to be, in force
    start: Switch
    orders: Mapping[str, Order] = field(default_factory=dict)
    reason: str = ""  # why it waits or was called off

    @property
    def done(self) -> bool:
        return self.phase is Phase.STEADY and not self.orders and not self.reason


def plan(wanted: Target, reports: Mapping[str, Report | None]) -> Plan:
    """The next orders on the way to *wanted*. A report of None: the gateway does not answer.

    Raises ValueError when nobody answers: then nothing is known.
    """
    known = {name: report for name, report in reports.items() if report is not None}
    if not known:
        raise ValueError("no gateway answers")
    silent = sorted(reports.keys() - known.keys())
    switches = [report.switch for report in known.values()]
    # Where a gateway goes on because others have committed counts as committed.
    head = max(_heads(switches), key=lambda switch: switch.epoch)
    if any(switch.epoch < head.epoch for switch in switches):
        return _commit(head, known, silent)
    if any(switch.previous is not None for switch in switches):
        return _finish(head, known, silent)
    # Gateways that were started with different settings may have one epoch and several targets.
    if all(switch.target == wanted for switch in switches):
        return _steady(head, known, silent)
    return _prepare(head, wanted, known, silent)


def _heads(switches: list[Switch]) -> Iterator[Switch]:
    for switch in switches:
        yield Switch(switch.epoch, switch.target)
        if switch.next is not None and switch.next.forward:
            yield Switch(switch.next.epoch, switch.next.target)


def _commit(head: Switch, known: Mapping[str, Report], silent: list[str]) -> Plan:
    """Some publish on the new one already: the others follow, whatever happens."""
    order = Order(Step.FOLLOW, head.epoch, head.target)
    start = _listening(head, known)
    late = {name: report for name, report in known.items() if report.switch.epoch < head.epoch}
    reasons = [f"{name} does not answer" for name in silent]
    reasons += [
        f"{name}: {report.switch.next.error}"
        for name, report in sorted(late.items())
        if report.switch.next is not None and report.switch.next.error
    ]
    orders = dict.fromkeys(late, order)
    return Plan(Phase.COMMITTING, head.epoch, start, orders, "; ".join(reasons))


def _finish(head: Switch, known: Mapping[str, Report], silent: list[str]) -> Plan:
    """All publish on the new one; the old one is closed when nothing more can come on it."""
    start = _listening(head, known)
    if silent:
        # It may still publish on the old one, where the others have to hear it.
        reason = "; ".join(f"{name} does not answer" for name in silent)
        return Plan(Phase.FINISHING, head.epoch, start, reason=reason)
    origins = {report.origin for report in known.values()}
    missing = [
        f"{name} waits for the last of {len(origins - report.markers)}"
        for name, report in sorted(known.items())
        if report.switch.previous and report.waits and not origins <= report.markers
    ]
    patient = [report.since for report in known.values() if report.switch.previous and report.waits]
    if missing and min(patient) < MARKER_SECONDS:
        return Plan(Phase.FINISHING, head.epoch, start, reason="; ".join(missing))
    orders = {
        name: Order(Step.FINISH, head.epoch, report.switch.target)
        for name, report in known.items()
        if report.switch.previous is not None
    }
    return Plan(Phase.FINISHING, head.epoch, head, orders)


def _steady(head: Switch, known: Mapping[str, Report], silent: list[str]) -> Plan:
    """What is wanted is in force. What somebody began to prepare is not wanted any more."""
    orders = _calls_off(known)
    reason = "; ".join(f"{name} does not answer" for name in silent)
    return Plan(Phase.STEADY, head.epoch, head, orders, reason)


def _prepare(head: Switch, wanted: Target, known: Mapping[str, Report], silent: list[str]) -> Plan:
    epoch = _epoch(head, wanted, known)
    reasons = [f"{name} does not answer" for name in silent]
    reasons += [
        f"{name}: {coming.error}"
        for name, report in sorted(known.items())
        if (coming := report.switch.next) and coming.epoch == epoch and coming.error
    ]
    if reasons:
        orders = _calls_off(known)
        return Plan(Phase.CALLED_OFF, epoch, head, orders, "; ".join(reasons))
    waiting = [name for name, report in known.items() if not _ready(report, epoch)]
    # Who starts may not be the first to commit: it may still be called off.
    start = replace(head, next=Next(epoch, wanted))
    if waiting:
        order = Order(Step.PREPARE, epoch, wanted)
        return Plan(Phase.PREPARING, epoch, start, dict.fromkeys(waiting, order))
    order = Order(Step.COMMIT, epoch, wanted)
    return Plan(Phase.COMMITTING, epoch, start, dict.fromkeys(known, order))


def _listening(head: Switch, known: Mapping[str, Report]) -> Switch:
    """*head*, and what may still be published on by somebody."""
    switches = [report.switch for report in known.values()]
    behind = [Previous(one.epoch, one.target) for one in switches if one.epoch < head.epoch]
    left = [one.previous for one in switches if one.previous is not None]
    return replace(head, previous=max([*behind, *left], key=lambda one: one.epoch))


def _epoch(head: Switch, wanted: Target, known: Mapping[str, Report]) -> int:
    """The one that was begun, or a new one."""
    coming = [report.switch.next for report in known.values() if report.switch.next]
    called_off = max(report.switch.called_off for report in known.values())
    highest = max([head.epoch, called_off, *(one.epoch for one in coming)])
    begun = [one.target for one in coming if one.epoch == highest]
    if begun and highest > called_off and all(target == wanted for target in begun):
        return highest
    return highest + 1


def _ready(report: Report, epoch: int) -> bool:
    coming = report.switch.next
    return coming is not None and coming.epoch == epoch and coming.ready


def _calls_off(known: Mapping[str, Report]) -> dict[str, Order]:
    return {
        name: Order(Step.CALL_OFF, coming.epoch, coming.target)
        for name, report in known.items()
        if (coming := report.switch.next) is not None
    }
