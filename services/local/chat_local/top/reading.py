"""What a look at a program's `/metrics` found, and what came between two looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

from chat_local.seen import Target, numbered

PREFIX = "chatcluster_"

Labels = frozenset[tuple[str, str]]


class Metrics:
    """Values by name, without our prefix, and labels. What is not there is 0: programs have
    several versions.
    """

    def __init__(self, values: Mapping[str, Mapping[Labels, float]]) -> None:
        self._values = values

    @classmethod
    def parse(cls, text: str) -> Metrics:
        """Raises ValueError for what Prometheus would not read."""
        values: dict[str, dict[Labels, float]] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                name = sample.name.removeprefix(PREFIX)
                values.setdefault(name, {})[frozenset(sample.labels.items())] = sample.value
        return cls(values)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def value(self, name: str, **labels: str) -> float:
        return self._values.get(name, {}).get(frozenset(labels.items()), 0.0)

    def sum(self, name: str) -> float:
        """Over all labels."""
        return sum(self._values.get(name, {}).values())

    def state(self, name: str, label: str) -> str:
        """The value of *label* for which the metric is 1."""
        for labels, value in self._values.get(name, {}).items():
            if value == 1:
                return dict(labels).get(label, "")
        return ""

    def buckets(self, name: str, **labels: str) -> dict[float, float]:
        """How many values of a histogram are at most each bound."""
        found: dict[float, float] = {}
        for with_bound, count in self._values.get(f"{name}_bucket", {}).items():
            of = dict(with_bound)
            bound = float(of.pop("le"))
            if of == labels:
                found[bound] = count
        return dict(sorted(found.items()))


@dataclass(frozen=True, slots=True)
class Look:
    """One program: its metrics at the time `at` (seconds), or the `error` for which there are
    none. `before` is the look before this one, of the same life of the program.
    """

    target: Target
    at: float
    metrics: Metrics | None = None
    error: str = ""
    before: Look | None = field(default=None, repr=False)

    @property
    def order(self) -> tuple[object, ...]:
        return numbered(f"{self.target.name} {self.target.admin}")

    def rate(self, name: str) -> float | None:
        """How much a counter grows in a second, over all its labels; None until two looks."""
        if self.metrics is None or self.before is None or self.before.metrics is None:
            return None
        seconds = self.at - self.before.at
        grown = self.metrics.sum(name) - self.before.metrics.sum(name)
        return max(0.0, grown) / seconds if seconds > 0 else None

    def quantile(self, name: str, q: float, **labels: str) -> float | None:
        """The upper bound of the bucket in which the quantile *q* of what came since the look
        before lies; None if nothing came.
        """
        if self.metrics is None or self.before is None or self.before.metrics is None:
            return None
        before = self.before.metrics.buckets(name, **labels)
        now = self.metrics.buckets(name, **labels)
        grown = {bound: count - before.get(bound, 0.0) for bound, count in now.items()}
        total = grown.get(float("inf"), 0.0)
        if total <= 0:
            return None
        return next(bound for bound, count in grown.items() if count >= q * total)


@dataclass(slots=True)
class Looks:
    """Remembers the last look at each program."""

    _last: dict[str, Look] = field(default_factory=dict)

    def following(self, look: Look) -> Look:
        """*look* with the one before it, if the program was not restarted between them."""
        before = self._last.get(look.target.admin)
        if look.metrics is not None and before is not None and before.metrics is not None:
            started = "process_start_time_seconds"
            if look.metrics.value(started) == before.metrics.value(started):
                forgetting = Look(before.target, before.at, before.metrics)
                look = Look(look.target, look.at, look.metrics, before=forgetting)
        self._last[look.target.admin] = look
        return look
