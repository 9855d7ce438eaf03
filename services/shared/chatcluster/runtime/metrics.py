"""How programs declare what Prometheus reads.

Every name begins with `chatcluster_`. A label's values are a closed set given with the declaration,
so neither a user's nickname nor a room's name can become a time series, and each series is there,
at zero, from the start.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

PREFIX = "chatcluster"


class Metrics:
    """One program's metrics, in a registry of their own: two in one process do not meet."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

    def about_this_process(self) -> None:
        """Memory, file descriptors, CPU time and garbage collections, by the usual names."""
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def counter(self, name: str, text: str) -> Counter:
        """`chatcluster_<name>_total`."""
        return Counter(name, text, namespace=PREFIX, registry=self.registry)

    def counters(
        self, name: str, text: str, *, label: str, values: Collection[str]
    ) -> Mapping[str, Counter]:
        """One counter for each of *values* of *label*; another value is a KeyError."""
        family = Counter(name, text, [label], namespace=PREFIX, registry=self.registry)
        return {value: family.labels(value) for value in values}

    def reading(self, name: str, text: str, read: Callable[[], float]) -> None:
        """`chatcluster_<name>_total`, whose value the program counts itself: *read* gives it."""
        self.registry.register(_Reading(f"{PREFIX}_{name}", text, read))

    def gauge(self, name: str, text: str, read: Callable[[], float] | None = None) -> Gauge:
        """`chatcluster_<name>`; with *read*, its value is asked for whenever Prometheus comes."""
        gauge = Gauge(name, text, namespace=PREFIX, registry=self.registry)
        if read is not None:
            gauge.set_function(read)
        return gauge

    def gauges(
        self, name: str, text: str, *, label: str, values: Collection[str]
    ) -> Mapping[str, Gauge]:
        """One gauge for each of *values* of *label*; another value is a KeyError."""
        family = Gauge(name, text, [label], namespace=PREFIX, registry=self.registry)
        return {value: family.labels(value) for value in values}

    def histogram(self, name: str, text: str, *, buckets: Sequence[float]) -> Histogram:
        """`chatcluster_<name>`; *buckets* are upper bounds in the unit that the name ends with."""
        return Histogram(name, text, namespace=PREFIX, registry=self.registry, buckets=buckets)


class _Reading(Collector):
    def __init__(self, name: str, text: str, read: Callable[[], float]) -> None:
        self._name, self._text, self._read = name, text, read

    def collect(self) -> Iterable[Metric]:
        yield CounterMetricFamily(self._name, self._text, value=self._read())
