"""Which Events a change of the status is worth: one each time something begins or ends.

They are made from two statuses, so an operator that was killed neither repeats nor forgets one
for longer than it takes to write the status. A count that goes on is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from chat_operator.status import Condition, Status


@dataclass(frozen=True, slots=True)
class Event:
    """Of a ChatCluster, in the manner of `kubectl describe`."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


# What each condition's flip is: its status, the event's type, and its reason where it has no own.
_TOLD: dict[tuple[str, str], tuple[Literal["Normal", "Warning"], str]] = {
    ("Ready", "True"): ("Normal", "Ready"),
    ("Degraded", "True"): ("Warning", ""),
    ("Degraded", "False"): ("Normal", "Recovered"),
    ("MetricsAvailable", "False"): ("Warning", "MetricsMissing"),
    ("NoWarnings", "False"): ("Warning", ""),
    ("Paused", "True"): ("Normal", "Paused"),
    ("Paused", "False"): ("Normal", "Resumed"),
}


def events(previous: Status, status: Status) -> list[Event]:
    """None for a status that only counts on."""
    return [
        *_flips(previous, status),
        *_scaled(previous, status),
        *_drains(previous, status),
        *_changes(previous, status),
    ]


def _flips(previous: Status, status: Status) -> Iterator[Event]:
    before = {one.type: one for one in previous.conditions}
    for one in status.conditions:
        told = _TOLD.get((one.type, one.status))
        if told is None or not _is_news(before.get(one.type), one):
            continue
        kind, reason = told
        yield Event(kind, reason or one.reason, one.message or one.type)


def _is_news(before: Condition | None, one: Condition) -> bool:
    """At the first look only what is wrong is worth telling."""
    if before is None:
        return (one.type, one.status) in (("Degraded", "True"), ("NoWarnings", "False"))
    if one.status != before.status:
        return True
    return one.type in ("Degraded", "NoWarnings") and one.reason != before.reason


def _scaled(previous: Status, status: Status) -> Iterator[Event]:
    before, now = previous.desired, status.desired
    if before is not None and now is not None and before != now:
        yield Event("Normal", "Scaling", f"from {before} to {now} gateways")


def _drains(previous: Status, status: Status) -> Iterator[Event]:
    before, now = previous.drain, status.drain
    if now is not None and (before is None or before.gateway != now.gateway):
        clients = "" if now.connections is None else f" with {now.connections} clients"
        yield Event("Normal", "DrainStarted", f"{now.gateway} leaves{clients}")
    if before is not None and (now is None or before.gateway != now.gateway):
        yield Event("Normal", "DrainEnded", f"{before.gateway} does not drain any more")


def _changes(previous: Status, status: Status) -> Iterator[Event]:
    """That a change was called off, the condition Degraded tells; further attempts are not news."""
    before, now = previous.fanout, status.fanout
    if before is None or now is None:
        return
    first = previous.memory.called_off is None
    if first and now.phase == "preparing" and before.phase != "preparing":
        yield Event("Normal", "FanoutChange", f"from {now.mode} to {now.target}")
    if (now.mode, now.epoch) != (before.mode, before.epoch):
        yield Event("Normal", "FanoutCommitted", f"mode {now.mode}, epoch {now.epoch}")
