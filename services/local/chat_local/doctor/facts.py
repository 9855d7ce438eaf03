"""What is known of a cluster: gathered elsewhere, judged elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel


class FanoutFacts(BaseModel):
    mode: str
    target: str  # the mode, and what of its options differs from the settings
    state: str
    epoch: int = 0
    phase: str = "steady"
    shared: bool = True
    changing: bool = False
    outbox: dict[str, int] = {}


class HistoryFacts(BaseModel):
    kind: str
    ok: bool


class Other(BaseModel):
    """A gateway that answered through the fan-out, and after how many seconds."""

    name: str
    origin: str
    seconds: float


class ServerFacts(BaseModel):
    """A Redis or a Postgres that a gateway uses, with its own names for settings."""

    kind: str
    at: str
    uses: tuple[str, ...]
    facts: dict[str, str] = {}
    error: str = ""


class Examined(BaseModel):
    """What a gateway's `/examination` says; `time` in seconds since 1970."""

    name: str
    origin: str
    time: float
    version: str
    ready: bool
    reasons: tuple[str, ...] = ()
    fanout: FanoutFacts
    history: HistoryFacts
    others: tuple[Other, ...] = ()
    missing: int = 0
    error: str = ""  # why the others could not be asked
    servers: tuple[ServerFacts, ...] = ()
    guarded: bool = True  # its admin server asks for a token


@dataclass(frozen=True, slots=True)
class Gateway:
    """One of a cluster: what it says, or the `error` for which it says nothing.

    `skew` is how many seconds its clock is ahead of the doctor's; it is known to within `doubt`.
    """

    name: str
    examined: Examined | None = None
    error: str = ""
    skew: float = 0.0
    doubt: float = 0.0


@dataclass(frozen=True, slots=True)
class Kubernetes:
    """What the API server says of a release."""

    gateways: int  # pods
    ready: int
    nodes: int  # on which the gateways are
    images: tuple[str, ...]  # of the gateways
    restarts: dict[str, int]  # by pod, of those that were restarted
    disruption_budget: bool  # there is one that covers the gateways


@dataclass(frozen=True, slots=True)
class Cluster:
    gateways: tuple[Gateway, ...]
    kubernetes: Kubernetes | None = None

    @property
    def examined(self) -> list[Examined]:
        return [gateway.examined for gateway in self.gateways if gateway.examined]
