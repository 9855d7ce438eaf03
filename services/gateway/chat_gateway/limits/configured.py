"""The limits that the settings ask for."""

from __future__ import annotations

import resource
import time

from chat_gateway.limits.addresses import Proxies
from chat_gateway.limits.entrance import Entrance
from chat_gateway.limits.flow import Flow
from chat_gateway.limits.gate import Gate, GateLimits
from chat_gateway.limits.origins import Origins
from chatcluster.core.rate import Rate
from chatcluster.runtime.limit_settings import LimitSettings

SPARE_FILES = 200  # for the carrier, the store, and those whom we are about to refuse


def entrance(settings: LimitSettings) -> Entrance:
    limits = GateLimits(
        connections=settings.connections_limit or _most_files(),
        connections_per_address=settings.connections_per_address,
        handshakes_per_second=settings.admitted_per_second,
        handshakes_per_address=settings.handshakes_per_address,
    )
    return Entrance(
        Gate(limits, time.monotonic),
        origins=Origins(settings.origins),
        proxies=Proxies(settings.trusted_proxies, settings.forwarded_header),
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
