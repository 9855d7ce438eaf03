"""What Prometheus reads of the operator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, get_args

from chat_operator.look import Key
from chat_operator.status import Status
from chat_operator.steps import Step
from chatcluster.core.switch_plan import Phase
from chatcluster.runtime.metrics import Metrics

Result = Literal["ok", "api", "spec", "defect"]

STEPS: tuple[type[Step], ...] = get_args(Step)
SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class OperatorMetrics:
    """All of them, in *metrics*; `working` is 1 while this process holds the Lease."""

    def __init__(self, metrics: Metrics) -> None:
        metrics.about_this_process()
        self.working = metrics.gauge("operator_working", "1 while this operator holds the Lease.")
        self._reconciles = metrics.counters(
            "operator_reconciles",
            "Looks at a ChatCluster, with what followed from them.",
            label="result",
            values=("ok", "api", "spec", "defect"),
        )
        self._seconds = metrics.histogram(
            "operator_reconcile_seconds", "Seconds that one took.", buckets=SECONDS
        )
        self._steps = metrics.counters(
            "operator_steps",
            "Steps that were carried out.",
            label="step",
            values=[one.__name__ for one in STEPS],
        )
        self._failed = metrics.counter("operator_failed_steps", "Steps that could not be.")
        self._drains = metrics.counters(
            "operator_drains",
            "Gateways that were chosen to leave, and that left.",
            label="drain",
            values=("begun", "ended"),
        )
        self._switches = metrics.counters(
            "operator_switches",
            "Changes of the fan-out that came in force, and that were called off.",
            label="end",
            values=("in force", "called off"),
        )
        self._succeeded: dict[Key, float] = {}
        metrics.gauge(
            "operator_chatclusters",
            "ChatClusters that are looked after.",
            lambda: len(self._succeeded),
        )
        metrics.gauge(
            "operator_last_success_timestamp_seconds",
            "When the ChatCluster that waits longest was looked at last with success; 0: there is "
            "none.",
            lambda: min(self._succeeded.values(), default=0),
        )

    def appeared(self, key: Key, now: float) -> None:
        self._succeeded.setdefault(key, now)

    def gone(self, key: Key) -> None:
        self._succeeded.pop(key, None)

    @contextmanager
    def reconciling(self) -> Iterator[None]:
        with self._seconds.time():
            yield

    def reconciled(self, key: Key, result: Result, now: float) -> None:
        """*now* in seconds since 1970."""
        self._reconciles[result].inc()
        if result == "ok":
            self._succeeded[key] = now

    def stepped(self, step: Step) -> None:
        self._steps[type(step).__name__].inc()

    def failed(self) -> None:
        self._failed.inc()

    def changed(self, before: Status, after: Status) -> None:
        """Count what has begun and ended between the two."""
        was, now = before.drain, after.drain
        if now is not None and (was is None or was.gateway != now.gateway):
            self._drains["begun"].inc()
        if was is not None and (now is None or was.gateway != now.gateway):
            self._drains["ended"].inc()
        if _completed(before, after):
            self._switches["in force"].inc()
        if after.memory.called_off is not None and (
            before.memory.called_off is None
            or before.memory.called_off.at != after.memory.called_off.at
        ):
            self._switches["called off"].inc()


def _completed(before: Status, after: Status) -> bool:
    if before.fanout is None or after.fanout is None:
        return False
    steady = Phase.STEADY
    return before.fanout.phase != steady == after.fanout.phase and (
        after.memory.called_off is None or before.fanout.epoch != after.fanout.epoch
    )
