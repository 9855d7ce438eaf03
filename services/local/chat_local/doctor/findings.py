"""What a check finds."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class Severity(enum.StrEnum):
    PROBLEM = "problem"  # messages are lost or late, users are apart, or soon will be
    ADVICE = "advice"  # it works, and could hurt one day


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` is the case, and what to `do`; each a sentence or two, for people."""

    severity: Severity
    what: str
    do: str


def problem(what: str, do: str) -> Finding:
    return Finding(Severity.PROBLEM, what, do)


def advice(what: str, do: str) -> Finding:
    return Finding(Severity.ADVICE, what, do)


def listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def groups(values: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Of pairs of name and value, the names by value."""
    found: dict[str, list[str]] = {}
    for name, value in values:
        found.setdefault(value, []).append(name)
    return found


def differences(values: Sequence[tuple[str, str]]) -> str:
    """Who says what, where not all say the same; "" where they do."""
    found = groups(values)
    if len(found) < 2:
        return ""
    return "; ".join(f"{value} on {listed(names)}" for value, names in found.items())
