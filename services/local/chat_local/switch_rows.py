"""What a turn of a change says of each gateway."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chat_local.seen import numbered
from chat_local.switch_target import described
from chatcluster.control.switching import Turn
from chatcluster.core.switch import Next
from chatcluster.core.switch_plan import Phase, Report


@dataclass(frozen=True, slots=True)
class Row:
    """One gateway: what it publishes on, how far it is, and what it waits for."""

    name: str
    target: str
    epoch: int | None
    phase: str
    waits: str = ""


def rows(turn: Turn) -> list[Row]:
    """In the order of their names."""
    return list(_rows(turn))


def headline(turn: Turn, wanted: str) -> str:
    """Where the whole is, as a line."""
    said = {
        Phase.STEADY: f"{wanted} is in force",
        Phase.PREPARING: f"{wanted} is opened beside what is in force",
        Phase.COMMITTING: f"all are ready, and publish on {wanted} from now on",
        Phase.FINISHING: "the last envelopes of before come in, then it is closed",
        Phase.CALLED_OFF: "everything stays as it was",
    }
    return f"{turn.plan.phase}, epoch {turn.plan.epoch}: {said[turn.plan.phase]}"


def _rows(turn: Turn) -> Iterator[Row]:
    for name in sorted(turn.reports.keys() | turn.silent.keys(), key=numbered):
        report = turn.reports.get(name)
        if report is None:
            yield Row(name, "?", None, "no answer", turn.silent[name])
            continue
        phase, waits = _phase(turn, report)
        target = described(report.switch.target)
        yield Row(name, target, report.switch.epoch, phase, turn.refused.get(name) or waits)


def _phase(turn: Turn, report: Report) -> tuple[str, str]:
    switch = report.switch
    if switch.previous is not None:
        return "committed", _missing(turn, report)
    if switch.next is not None:
        return _coming(switch.next)
    if turn.plan.phase in (Phase.STEADY, Phase.CALLED_OFF):
        return "in force", ""
    return ("finished", "") if switch.epoch == turn.plan.epoch else ("not told", "")


def _coming(coming: Next) -> tuple[str, str]:
    if coming.error:
        return "failed", coming.error
    if coming.forward:
        return "commits", ""
    if coming.ready:
        return "ready", "the others"
    return "prepared", f"{described(coming.target)} to open"


def _missing(turn: Turn, report: Report) -> str:
    if not report.waits:
        return "the others"
    missing = [
        name
        for name, other in turn.reports.items()
        if other.origin not in report.markers and other is not report
    ]
    if not missing:
        return "the others"
    return f"the last of {', '.join(sorted(missing, key=numbered))}"
