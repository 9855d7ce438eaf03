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
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from chatcluster.core.counting import Distribution

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

    def build(self, version: str) -> None:
        """`chatcluster_build_info`, 1, with this program's version."""

        def collect() -> Metric:
            family = GaugeMetricFamily(
                f"{PREFIX}_build_info", "1, with the version of this program.", labels=["version"]
            )
            family.add_metric([version], 1.0)
            return family

        self._collect(collect)

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
        self._collect(
            lambda: CounterMetricFamily(f"{PREFIX}_{name}", text, value=read()),
        )

    def readings(
        self, name: str, text: str, *, label: str, read: Callable[[], Mapping[str, float]]
    ) -> None:
        """The same with a *label*; the mapping has the same keys whenever it is read."""

        def collect() -> Metric:
            family = CounterMetricFamily(f"{PREFIX}_{name}", text, labels=[label])
            for value, count in read().items():
                family.add_metric([value], count)
            return family

        self._collect(collect)

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

    def states(
        self, name: str, text: str, *, label: str, values: Collection[str], read: Callable[[], str]
    ) -> None:
        """`chatcluster_<name>`: 1 for the one of *values* that is so now, 0 for the others."""

        def collect() -> Metric:
            family, now = GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=[label]), read()
            for value in values:
                family.add_metric([value], float(value == now))
            return family

        self._collect(collect)

    def gauge_readings(
        self, name: str, text: str, *, label: str, read: Callable[[], Mapping[str, float]]
    ) -> None:
        """`chatcluster_<name>` with a *label*; the mapping always has the same keys."""

        def collect() -> Metric:
            family = GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=[label])
            for value, number in read().items():
                family.add_metric([value], number)
            return family

        self._collect(collect)

    def distribution(self, name: str, text: str, of: Distribution) -> None:
        """A histogram whose values the program counts itself."""
        self._distributions(name, text, (), {(): of})

    def distributions(
        self, name: str, text: str, *, label: str, of: Mapping[str, Distribution]
    ) -> None:
        """One for each key of *of*, which is a value of *label*."""
        self._distributions(name, text, (label,), {(value,): one for value, one in of.items()})

    def _distributions(
        self,
        name: str,
        text: str,
        labels: tuple[str, ...],
        of: Mapping[tuple[str, ...], Distribution],
    ) -> None:
        def collect() -> Metric:
            family = HistogramMetricFamily(f"{PREFIX}_{name}", text, labels=labels)
            for values, one in of.items():
                buckets = [(_bound(bound), count) for bound, count in one.cumulative()]
                family.add_metric(list(values), buckets, one.sum)
            return family

        self._collect(collect)

    def _collect(self, collect: Callable[[], Metric]) -> None:
        self.registry.register(_Reading(collect))

    def histogram(self, name: str, text: str, *, buckets: Sequence[float]) -> Histogram:
        """`chatcluster_<name>`; *buckets* are upper bounds in the unit that the name ends with."""
        return Histogram(name, text, namespace=PREFIX, registry=self.registry, buckets=buckets)


def _bound(bound: float) -> str:
    return "+Inf" if bound == float("inf") else repr(float(bound))


class _Reading(Collector):
    def __init__(self, read: Callable[[], Metric]) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        yield self._read()
