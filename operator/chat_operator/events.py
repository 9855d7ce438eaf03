"""Which Events a change of the status is worth: one each time something begins or ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chat_operator.status import Status


@dataclass(frozen=True, slots=True)
class Event:
    """Of a ChatCluster, in the manner of `kubectl describe`."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


def events(previous: Status, status: Status) -> list[Event]:
    """None for a status that only counts on."""
    raise NotImplementedError
