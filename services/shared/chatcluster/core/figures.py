"""What a gateway says of itself to an operator, as values and as JSON.

{"name": "gateway-1", "version": "0.1.0", "started": 1764000000.0, "phase": "ready", "reasons": [],
 "connections": 120, "drain": {"clients": 150, "moved": 30, "left": 120, "clients_per_second": 10.0}
 | null, "shed": the same | null, "fanout": a report, as in `switch_json`}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from chatcluster.core.errors import MalformedError
from chatcluster.core.switch_plan import Report


@dataclass(frozen=True, slots=True)
class Move:
    """Of clients to other gateways: how many there were when it began (or are to go), were sent
    away, and are left.
    """

    clients: int
    moved: int
    left: int
    clients_per_second: float


@dataclass(frozen=True, slots=True)
class Figures:
    """`started`: seconds since 1970; `reasons`: why no newcomers should be sent here."""

    name: str
    version: str
    started: float
    phase: str
    reasons: tuple[str, ...]
    connections: int
    drain: Move | None
    shed: Move | None
    fanout: Report


_FIGURES = TypeAdapter(Figures)


def figures_as_json(figures: Figures) -> Mapping[str, Any]:
    written: dict[str, Any] = _FIGURES.dump_python(figures, mode="json")
    return written


def read_figures(text: bytes) -> Figures:
    """Raises MalformedError."""
    try:
        return _FIGURES.validate_json(text)
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise MalformedError("; ".join(problems)) from error
