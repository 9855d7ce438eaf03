"""What Prometheus reads of a gateway. Nothing is computed until it does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from prometheus_client import CollectorRegistry

import chatcluster
from chat_gateway.gateway import Gateway
from chat_gateway.health import Phase
from chat_gateway.sockets.polling import PollingLink
from chat_gateway.sockets.websocket import WebSocket
from chatcluster.core.switch import Switch
from chatcluster.fanout import modes
from chatcluster.fanout.metered import Metered
from chatcluster.fanout.port import State
from chatcluster.runtime.metrics import Metrics

PHASES_OF_A_CHANGE = ("steady", "preparing", "ready", "failing", "committed")


def gateway_metrics(gateway: Gateway, carried: Metered) -> CollectorRegistry:
    """A registry whose values are read from *gateway*, and from what its fan-out *carried*,
    whenever they are asked for.
    """
    metrics = Metrics()
    metrics.about_this_process()
    metrics.build(chatcluster.__version__)
    _clients(metrics, gateway)
    _messages(metrics, gateway)
    _fanout(metrics, gateway, carried)
    _history(metrics, gateway)
    _life(metrics, gateway)
    return metrics.registry


def _clients(metrics: Metrics, gateway: Gateway) -> None:
    manager, sockets, counts = gateway.manager, gateway.server.eio.sockets, gateway.manager.counts

    def transports() -> Mapping[str, float]:
        found = Counter(session.link.name for session in sockets.values() if session.link)
        return {name: found[name] for name in (WebSocket.name, PollingLink.name)}

    def refused() -> Mapping[str, float]:
        turned_away = gateway.server.eio.entrance.refused
        return {name: count + turned_away[name] for name, count in counts.refused.counts.items()}

    def behind() -> int:
        links = (session.link for session in sockets.values())
        return sum(isinstance(link, WebSocket) and link.behind for link in links)

    metrics.gauge("connections", "Clients connected.", lambda: len(sockets))
    metrics.gauge_readings(
        "connections_by_transport", "The same, by transport.", label="transport", read=transports
    )
    metrics.reading(
        "connections_opened",
        "Sessions that clients have begun.",
        lambda: sum(counts.closed.counts.values()) + len(sockets),
    )
    metrics.readings(
        "connections_closed",
        "Sessions that have ended, by why: the reasons of Socket.IO, and our codes.",
        label="reason",
        read=lambda: counts.closed.counts,
    )
    metrics.gauge(
        "clients_behind",
        "Clients with half of `send_buffer` unsent, or more: they read too slowly.",
        behind,
    )
    metrics.gauge("rooms", "Rooms with members here.", lambda: manager.members.room_count())
    metrics.readings(
        "events",
        "Events that clients sent, by name.",
        label="event",
        read=lambda: counts.events.counts,
    )
    metrics.readings(
        "refused",
        "Connections, connects and events that were refused, by code.",
        label="code",
        read=refused,
    )
    metrics.reading(
        "received_bytes",
        "Bytes of frames and polling bodies that clients sent.",
        lambda: counts.received,
    )
    metrics.reading(
        "sent_bytes",
        "Bytes of frames and polling bodies that clients were sent.",
        lambda: counts.sent,
    )


def _messages(metrics: Metrics, gateway: Gateway) -> None:
    service, manager = gateway.service, gateway.manager
    metrics.reading("messages", "Messages taken from clients.", lambda: service.taken)
    metrics.reading("deliveries", "Events written to clients.", lambda: manager.delivered)
    metrics.reading(
        "dropped_volatile",
        "Volatile events that clients who read too slowly were not sent.",
        lambda: manager.counts.dropped,
    )
    metrics.distributions(
        "delivery_seconds",
        "From when a gateway took a message to when clients here were written to, by whether that "
        "was this gateway; else the difference of two clocks is in it.",
        label="taken",
        of=service.delays.by_source,
    )
    metrics.reading(
        "delivery_clock_ahead",
        "Messages of gateways whose clock is more than 0.1 s ahead of this one's.",
        lambda: service.delays.ahead,
    )
    metrics.readings(
        "moderations",
        "What was done to moderate the chat, as it was ordered at this gateway.",
        label="measure",
        read=lambda: gateway.moderation.done.counts,
    )
    metrics.reading(
        "replays",
        "Messages read from the room log because the fan-out did not bring them.",
        lambda: service.feeds.replays if service.feeds else 0,
    )


def _fanout(metrics: Metrics, gateway: Gateway, carried: Metered) -> None:
    fanout, outbox = gateway.fanout, gateway.outbox
    metrics.gauge(
        "fanout_up", "1 while the carrier is reached.", lambda: float(fanout.state is State.UP)
    )
    metrics.states(
        "fanout_mode",
        "1 for the mode in force.",
        label="mode",
        values=modes.installed(),
        read=lambda: fanout.mode,
    )
    metrics.gauge(
        "fanout_epoch",
        "How often the fan-out was changed; the same on all gateways.",
        lambda: gateway.switch.epoch if gateway.switch else 0,
    )
    metrics.states(
        "fanout_change",
        "1 for where this gateway is in a change of the fan-out.",
        label="phase",
        values=PHASES_OF_A_CHANGE,
        read=lambda: phase_of_change(gateway.switch),
    )
    metrics.reading(
        "envelopes_published", "Envelopes that the carrier took.", lambda: carried.published
    )
    metrics.reading(
        "envelopes_not_taken",
        "Envelopes that it did not take at once: they wait in the outbox, or are errors.",
        lambda: carried.refused,
    )
    metrics.readings(
        "envelopes_received",
        "Envelopes that the carrier brought, by whether they are this gateway's own.",
        label="published",
        read=lambda: carried.arrived,
    )
    metrics.reading(
        "fanout_interruptions",
        "How often the carrier was away, or may have lost something.",
        lambda: carried.interruptions,
    )
    metrics.distribution(
        "fanout_lag_seconds",
        "How long this gateway's envelopes took through the carrier and back; one at a time is "
        "followed.",
        carried.lag,
    )
    metrics.gauge(
        "fanout_round_trip_seconds",
        "The last check of the carrier, there and back.",
        lambda: carried.round_trip,
    )
    metrics.readings(
        "fanout_checks",
        "Checks of the carrier, by how they ended.",
        label="result",
        read=lambda: {name: carried.checks.counts[name] for name in ("ok", "failed")},
    )
    metrics.gauge(
        "outbox_envelopes", "Envelopes that wait for the carrier.", lambda: outbox.waiting
    )
    metrics.gauge("outbox_bytes", "Bytes that they have.", lambda: outbox.bytes)


def _history(metrics: Metrics, gateway: Gateway) -> None:
    metrics.gauge(
        "history_up", "1 while the room log can store.", lambda: float(gateway.health.history_ok)
    )
    if (log := gateway.log) is None:
        return
    metrics.readings(
        "history_errors",
        "What the room log did not do, by what it was asked for.",
        label="operation",
        read=lambda: log.errors.counts,
    )
    metrics.distribution("history_append_seconds", "Until a message was stored.", log.appends)


def _life(metrics: Metrics, gateway: Gateway) -> None:
    health, sockets = gateway.health, gateway.server.eio.sockets
    metrics.gauge(
        "ready", "1 while clients should be sent here.", lambda: float(not health.reasons())
    )
    metrics.states(
        "phase",
        "1 for where this gateway is in its life.",
        label="phase",
        values=[str(phase) for phase in Phase],
        read=lambda: str(health.phase),
    )
    metrics.gauge(
        "draining",
        "1 while this gateway closes its clients' connections.",
        lambda: float(health.phase is Phase.DRAINING),
    )
    metrics.gauge(
        "drained_ratio",
        "How much of the drain is done, from 0 to 1.",
        lambda: health.drained(len(sockets)),
    )


def phase_of_change(switch: Switch | None) -> str:
    """One of PHASES_OF_A_CHANGE."""
    if switch is not None and switch.previous is not None:
        return "committed"
    if switch is None or switch.next is None:
        return "steady"
    if switch.next.error:
        return "failing"
    return "ready" if switch.next.ready else "preparing"
