"""What Prometheus reads of a hub."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry

import chatcluster
from chatcluster.runtime.metrics import Metrics


def hub_metrics(
    stats: Callable[[], Mapping[str, Any]],
    broadcasts: Callable[[], int],
    reasons: Callable[[], Sequence[str]],
) -> CollectorRegistry:
    """A registry whose values are read whenever they are asked for."""
    metrics = Metrics()
    metrics.about_this_process()
    metrics.build(chatcluster.__version__)
    metrics.gauge("hub_gateways", "Gateways connected.", lambda: stats()["gateways"])
    metrics.gauge("hub_peers", "Other hubs connected.", lambda: stats()["hubs"])
    metrics.gauge("hub_rooms", "Rooms that gateways want.", lambda: stats()["rooms"])
    metrics.reading("hub_envelopes", "Envelopes relayed.", lambda: stats()["envelopes"])
    metrics.reading("hub_bytes", "Bytes that they had.", lambda: stats()["bytes"])
    metrics.reading("hub_broadcasts", "Broadcasts of other services.", broadcasts)
    metrics.gauge("ready", "1 while this hub works.", lambda: float(not reasons()))
    return metrics.registry
