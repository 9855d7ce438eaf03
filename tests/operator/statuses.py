"""The status of a cluster that was seen so."""

from __future__ import annotations

from datetime import datetime

from chat_operator.conditions import status_of
from chat_operator.plan import plan
from chat_operator.status import Condition, Memory, Status
from chat_operator.view import View
from tests.operator.views import NOW, pod, view

QUIET = view(pod("a", 5), pod("b", 7))


def status_at(
    seen: View, memory: Memory | None = None, previous: Status | None = None, now: datetime = NOW
) -> Status:
    planned = plan(seen, memory or Memory(), now)
    return status_of(seen, planned, previous or Status(), now)


def said(status: Status, name: str) -> tuple[str, str]:
    one = condition(status, name)
    return one.status, one.reason


def condition(status: Status, name: str) -> Condition:
    return next(one for one in status.conditions if one.type == name)
