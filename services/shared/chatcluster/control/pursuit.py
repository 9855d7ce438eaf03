"""Which orders a controller gives, and when it has come to its end."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import replace

from chatcluster.core.switch import Target
from chatcluster.core.switch_plan import Phase, Plan, Report, plan


class Ended(enum.StrEnum):
    """How a controller's work ended."""

    IN_FORCE = "in force"
    CALLED_OFF = "called off"  # nothing has changed
    UNFINISHED = "unfinished"  # some have committed; whoever wants the same goes on from here


class Pursuit:
    """Of *wanted*, or, once it was called off, of having nothing left of it.

    Were a change that was called off simply wanted again, it would begin anew at once: the gateway
    for which it was called off has let go of its error with the rest.
    """

    def __init__(self, wanted: Target) -> None:
        self.wanted = wanted
        self._back: Target | None = None  # what is in force, once the change was called off
        self._reason = ""

    def plan(self, reports: Mapping[str, Report | None], *, late: str = "") -> Plan:
        """The next orders. *late* says that there was time enough to prepare, "" that there is
        more: then what is not committed yet is called off for this reason. Raises ValueError when
        nobody answers.
        """
        if self._back is not None:
            planned = plan(self._back, reports)
            if planned.phase is Phase.STEADY:
                return replace(planned, phase=Phase.CALLED_OFF, reason=self._reason)
            self._back = None  # another controller saw all ready and had them commit
        planned = plan(self.wanted, reports)
        if late and planned.phase is Phase.PREPARING:
            waiting = ", ".join(sorted(planned.orders))
            leaving = plan(planned.start.target, reports)
            planned = replace(leaving, phase=Phase.CALLED_OFF, reason=f"{waiting}: {late}")
        if planned.phase is Phase.CALLED_OFF:
            self._back, self._reason = planned.start.target, planned.reason
        return planned


def ended(planned: Plan, after: Mapping[str, Report], *, overdue: bool) -> Ended | None:
    """None while there is something to do or to wait for, unless it is *overdue*. *after* are the
    reports after the orders were given.
    """
    if planned.done:
        return Ended.IN_FORCE
    switches = [report.switch for report in after.values()]
    left = any(one.next is not None or one.epoch != planned.start.epoch for one in switches)
    if planned.phase is Phase.CALLED_OFF and not left:
        return Ended.CALLED_OFF
    return Ended.UNFINISHED if overdue else None
