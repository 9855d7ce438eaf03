"""The limits that the settings ask for."""

from __future__ import annotations

import resource
import time
from typing import Any

from chat_gateway.limits.addresses import Proxies
from chat_gateway.limits.doorstep import Doorstep
from chat_gateway.limits.entrance import Entrance
from chat_gateway.limits.flow import Flow
from chat_gateway.limits.gate import Gate, GateLimits
from chat_gateway.limits.origins import Origins
from chatcluster.core.rate import Rate
from chatcluster.runtime.limit_settings import LimitSettings
from chatcluster.runtime.settings import GatewaySettings

SPARE_FILES = 200  # for the carrier, the store, and those whom we are about to refuse


def entrance(settings: LimitSettings) -> Entrance:
    proxies = Proxies(settings.trusted_proxies, settings.forwarded_header)
    files = _most_files()
    limits = GateLimits(
        connections=settings.connections_limit or files,
        connections_per_address=settings.connections_per_address,
        handshakes_per_second=settings.admitted_per_second,
        handshakes_per_address=settings.handshakes_per_address,
    )
    return Entrance(
        Gate(limits, time.monotonic),
        origins=Origins(settings.origins),
        proxies=proxies,
        doorstep=Doorstep(
            proxies,
            most=files and files + SPARE_FILES // 2,
            clients_per_address=settings.connections_per_address,
        ),
    )


def flow(settings: LimitSettings) -> Flow:
    return Flow(
        time.monotonic,
        client=Rate.of(settings.events_per_second, settings.events_burst),
        user=Rate.of(settings.events_per_user, settings.events_burst),
        connections_per_user=settings.connections_per_user,
    )


def _most_files() -> int:
    """How many connections the process can have open; 0 where there is no limit."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 0 if most == resource.RLIM_INFINITY else max(1, most - SPARE_FILES)


def server(settings: GatewaySettings) -> dict[str, Any]:
    """Everything about times, sizes and limits that a ChatServer is made with."""
    return {
        "logs_events": settings.log_messages,
        "connect_timeout": settings.connect_timeout,
        "ping_interval": settings.ping_interval,
        "ping_timeout": settings.ping_timeout,
        "upgrade_timeout": settings.upgrade_timeout,
        "max_payload": settings.max_payload,
        "send_buffer": settings.send_buffer,
        "most_packets": settings.packets_per_body,
        "namespaces_per_client": settings.namespaces_per_client,
        "entrance": entrance(settings),
        "flow": flow(settings),
    }
