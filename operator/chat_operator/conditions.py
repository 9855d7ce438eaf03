"""What is true of a ChatCluster, as its status says it."""

from __future__ import annotations

from datetime import datetime

from chat_operator.plan import Plan
from chat_operator.status import Status
from chat_operator.view import View


def status_of(view: View, plan: Plan, previous: Status, now: datetime) -> Status:
    """The whole status. Equal to *previous* where nothing changed, however often it is called."""
    raise NotImplementedError
