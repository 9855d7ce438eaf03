"""What the operator can do: one step at a time, each safe to do again.

A step is performed once, right after the status was written that goes with it; whatever comes of
it, the next look says for certain. So a step that fails is reported and not repeated by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from chatcluster.core.switch import Order, Switch

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
# Of one that leaves: the lowest there is. Others have none, which counts as 0.
LEAVING_COST = -(2**31)
# When the operator chose it: RFC 3339, UTC.
LEAVING = "chatcluster.dev/leaving-since"


@dataclass(frozen=True, slots=True)
class Scale:
    """Set the gateways' Deployment to *replicas*, if it still asks for *was* (test and write in
    one request, or with its resourceVersion).
    """

    replicas: int
    was: int


@dataclass(frozen=True, slots=True)
class SeedScale:
    """Set `spec.gateways.replicas` of the ChatCluster by its `/scale`, where it is not set: an
    autoscaler takes a missing number as zero, and zero as "do nothing".
    """

    replicas: int


@dataclass(frozen=True, slots=True)
class ScaleHubs:
    """Set the hubs' StatefulSet to *replicas*."""

    replicas: int


@dataclass(frozen=True, slots=True)
class ScaleWorkers:
    """Set the workers' Deployment to *replicas*."""

    replicas: int


@dataclass(frozen=True, slots=True)
class MarkForDeletion:
    """Write the annotations DELETION_COST and LEAVING (*since*) on a gateway's pod, at once."""

    pod: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Drain:
    """Tell the gateway to take no newcomers and to move its clients, *per_second* of them."""

    pod: str
    per_second: float


@dataclass(frozen=True, slots=True)
class Stay:
    """Tell the gateway to take newcomers again, then remove both annotations of its pod. A gateway
    that does not answer keeps them: it is told again.
    """

    pod: str


@dataclass(frozen=True, slots=True)
class Shed:
    """Tell the gateway to move *clients* clients, *per_second* of them, and to stay open."""

    pod: str
    clients: int
    per_second: float


@dataclass(frozen=True, slots=True)
class WriteFanoutConfig:
    """Write in which state of the fan-out programs that start are to begin, and return when the
    API server has it: orders that follow rely on that.
    """

    start: Switch


@dataclass(frozen=True, slots=True)
class GiveOrders:
    """Give each program its order, all at once, by the admin server of its pod."""

    orders: Mapping[str, Order]


Step: TypeAlias = (
    Scale
    | SeedScale
    | ScaleHubs
    | ScaleWorkers
    | MarkForDeletion
    | Drain
    | Stay
    | Shed
    | WriteFanoutConfig
    | GiveOrders
)
