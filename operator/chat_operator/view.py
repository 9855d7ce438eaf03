"""Everything that was seen of one ChatCluster at one moment: what `plan` decides from.

The I/O part makes a View for each look: of the API server's objects (an index or a LIST, never
composed from events alone) and of one question to each started pod's admin server. What could not
be seen is None, with a sentence beside it; a figure is never guessed.

All times are aware datetimes in UTC, as the API server gives them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from chat_operator.spec import ChatClusterSpec
from chatcluster.core.switch import Switch
from chatcluster.core.switch_plan import Report


@dataclass(frozen=True, slots=True)
class Workload:
    """A Deployment or StatefulSet.

    `replicas`: that its spec asks for (None there means one). `current`, `updated`, `ready`: of its
    status. `resource_version`: what a write to it has to name, so that one that comes late fails.
    """

    replicas: int
    current: int
    updated: int
    ready: int
    generation: int = 1
    observed_generation: int = 1
    resource_version: str = ""

    @property
    def seen(self) -> bool:
        """Whether its status is about its spec of now."""
        return self.observed_generation >= self.generation

    @property
    def rolling(self) -> bool:
        """Whether pods of an older template are being replaced."""
        return not self.seen or self.updated < self.current


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a gateway's admin server. `draining`: it was told to (or stops), and takes no newcomers;
    `per_second`: clients that it moves, while the operator's drain goes on.
    """

    connections: int
    draining: bool = False
    per_second: float | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """A pod that publishes: a worker, or what is common to gateways.

    `started`: when its container began to run, None while it does not (waits for an image, or after
    a crash): only one that runs is asked. `ready` is Kubernetes' word. `problem`: why `report` or
    figures are missing though it was asked, for people.
    """

    name: str
    created: datetime
    started: datetime | None
    ready: bool = True
    deleting: bool = False
    report: Report | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class GatewayPod(Program):
    """`leaving_since`: the annotation LEAVING, which the operator writes together with
    DELETION_COST; `foreign_cost`: a deletion cost that somebody else wrote.
    """

    figures: Figures | None = None
    leaving_since: datetime | None = None
    foreign_cost: bool = False

    @property
    def stays(self) -> bool:
        return not self.deleting and self.leaving_since is None


@dataclass(frozen=True, slots=True)
class View:
    """`gateways`, `hubs`, `workers`: None where there is no such object. `pods`: of the gateways'
    Deployment, those that are being deleted included, those that have ended not. `fanout_config`:
    None where the ConfigMap or its key is missing or cannot be read. `carriers`: by mode, why what
    it needs does not answer, "" where it does; a mode that is not there was not asked for.
    """

    spec: ChatClusterSpec
    generation: int
    gateways: Workload | None
    pods: tuple[GatewayPod, ...] = ()
    hubs: Workload | None = None
    workers: Workload | None = None
    worker_pods: tuple[Program, ...] = ()
    fanout_config: Switch | None = None
    carriers: Mapping[str, str] = field(default_factory=dict)
    selector: str = ""  # of the gateways' pods, as a string, for `/scale`
    deleting: bool = False

    @property
    def programs(self) -> tuple[Program, ...]:
        """All that take part in a change of the fan-out."""
        return (*self.pods, *self.worker_pods)
