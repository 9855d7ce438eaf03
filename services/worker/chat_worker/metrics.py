"""What Prometheus reads of a worker."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prometheus_client import CollectorRegistry

import chatcluster
from chat_worker.job_stream import Counts
from chat_worker.worker import Worker
from chatcluster.fanout.outbox import Outbox
from chatcluster.runtime.metrics import Metrics


def worker_metrics(
    worker: Worker,
    counts: Callable[[], Counts],
    reasons: Callable[[], Sequence[str]],
    outbox: Outbox,
) -> CollectorRegistry:
    """A registry whose values are read whenever they are asked for."""
    metrics = Metrics()
    metrics.about_this_process()
    metrics.build(chatcluster.__version__)
    metrics.reading("jobs_done", "Jobs that were done.", lambda: worker.count.done)
    metrics.reading(
        "jobs_failed", "Attempts after which a job is tried again.", lambda: worker.count.failed
    )
    metrics.reading("jobs_dead", "Jobs that were given up.", lambda: worker.count.dead)
    metrics.reading(
        "jobs_late",
        "Further attempts, and jobs of workers that are gone.",
        lambda: worker.count.late,
    )
    metrics.gauge("jobs_at_hand", "Jobs that are being done here.", lambda: worker.at_hand)
    metrics.gauge("jobs_waiting", "Jobs that no worker had yet.", lambda: counts().waiting)
    metrics.gauge(
        "jobs_pending",
        "Jobs that workers have, or that wait for another attempt.",
        lambda: counts().pending,
    )
    metrics.gauge("jobs_dead_letters", "Jobs in the stream of dead letters.", lambda: counts().dead)
    metrics.gauge(
        "outbox_envelopes", "Envelopes that wait for the carrier.", lambda: outbox.waiting
    )
    metrics.gauge("outbox_bytes", "Bytes that they have.", lambda: outbox.bytes)
    metrics.gauge("ready", "1 while this worker works.", lambda: float(not reasons()))
    return metrics.registry
