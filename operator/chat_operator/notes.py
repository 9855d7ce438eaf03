"""What a plan tells of itself, for the status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chatcluster.core import switch_plan


@dataclass(frozen=True, slots=True)
class Hold:
    """Something is not done now: `reason` is for programs (CamelCase), `message` for people."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many gateways there should be: `replicas` now, and `needed` by the clients there are.

    The two differ while fewer have not been enough for long enough, at a limit (`limited`), and
    where somebody's figures are `missing` (why, by gateway).
    """

    replicas: int
    needed: int
    limited: str = ""
    missing: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notes:
    """`wanted`: None without gateways' Deployment. `scaling`, `fanout`: why the number of gateways,
    or what carries, is not brought there now. `change`: the fan-out over all programs, None where
    nobody answers.
    """

    wanted: Wanted | None = None
    scaling: Hold | None = None
    change: switch_plan.Plan | None = None
    fanout: Hold | None = None
