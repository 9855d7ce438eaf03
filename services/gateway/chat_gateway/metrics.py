"""What Prometheus reads of a gateway."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from chat_gateway.gateway import Gateway
from chat_gateway.health import Phase
from chatcluster.fanout.port import State
from chatcluster.runtime.metrics import Metrics


def gateway_metrics(gateway: Gateway) -> CollectorRegistry:
    """A registry whose values are read from *gateway* whenever they are asked for."""
    metrics = Metrics()
    metrics.about_this_process()
    service, manager, fanout = gateway.service, gateway.manager, gateway.fanout
    metrics.gauge("connections", "Clients connected.", lambda: len(gateway.server.eio.sockets))
    metrics.gauge("rooms", "Rooms with members here.", lambda: manager.members.room_count())
    metrics.reading("messages", "Messages taken from clients.", lambda: service.taken)
    metrics.reading("deliveries", "Events written to clients.", lambda: manager.delivered)
    metrics.reading(
        "replays",
        "Messages read from the room log because the fan-out did not bring them.",
        lambda: service.feeds.replays if service.feeds else 0,
    )
    metrics.gauge(
        "fanout_up", "1 while the carrier is reached.", lambda: float(fanout.state is State.UP)
    )
    metrics.gauge(
        "outbox_envelopes",
        "Envelopes that wait for the carrier.",
        lambda: gateway.outbox.waiting,
    )
    metrics.gauge("outbox_bytes", "Bytes that they have.", lambda: gateway.outbox.bytes)
    metrics.gauge(
        "history_up", "1 while the room log can store.", lambda: float(gateway.health.history_ok)
    )
    metrics.gauge(
        "ready", "1 while clients should be sent here.", lambda: float(not gateway.health.reasons())
    )
    metrics.gauge(
        "draining",
        "1 while this gateway closes its clients' connections.",
        lambda: float(gateway.health.phase is Phase.DRAINING),
    )
    return metrics.registry
