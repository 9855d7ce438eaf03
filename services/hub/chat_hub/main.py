"""The program: a hub, what it offers other services, and its admin server."""

from __future__ import annotations

from contextlib import AsyncExitStack

from chat_hub.broadcaster import Broadcaster
from chat_hub.door import Door
from chat_hub.metrics import hub_metrics
from chat_hub.server import HubServer
from chat_hub.services import Services
from chatcluster.fanout.hub import HubFanout
from chatcluster.fanout.hub.hubs import Hubs
from chatcluster.runtime.admin import AdminServer
from chatcluster.runtime.lifecycle import StartError, stop_signal
from chatcluster.runtime.logs import configure, get_logger
from chatcluster.runtime.settings import HubSettings

log = get_logger(__name__)


async def serve(settings: HubSettings) -> None:
    """Run a hub until SIGTERM or SIGINT. Raises StartError when it cannot start."""
    configure(settings.log_level, settings.log_format)
    reasons = ["starting"]
    door = Door(settings.broadcast_token.get_secret_value())
    with stop_signal(within=0) as stop:
        hub = _hub(settings, door)
        broadcaster = Broadcaster(
            settings.name, gateways=lambda: hub.gateways, limit=settings.broadcast_limit
        )
        Services(door, broadcaster, limit=settings.broadcast_limit).attach(hub.app, hub.sockets)
        admin = AdminServer(
            settings.admin_host,
            settings.admin_port,
            ready=lambda: reasons,
            stats=lambda: {
                "name": settings.name,
                **hub.stats(),
                "broadcasts": broadcaster.carried_out,
            },
            registry=hub_metrics(hub.stats, lambda: broadcaster.carried_out, lambda: reasons),
        )
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(admin.serving())
            await stack.enter_async_context(hub.serving())
            if door.open:
                fanout = _fanout(settings, hub.port)
                await stack.enter_async_context(broadcaster.publishing(fanout))
            reasons.clear()
            log.info("ready", name=settings.name, port=hub.port, admin_port=admin.port)
            await stop.wait()
            reasons.append("stopping")
    log.info("left")


def _hub(settings: HubSettings, door: Door) -> HubServer:
    try:
        hubs = Hubs.of(settings.hub_urls, settings.hub_routes) if settings.hub_urls else None
    except ValueError as error:
        raise StartError(f"{error} (CHAT_HUB_URLS, CHAT_HUB_ROUTES)") from error
    digest = hubs.digest if hubs is not None else "one"
    return HubServer(
        settings.host,
        settings.port,
        token=settings.hub_token.get_secret_value(),
        hubs=digest if door.open else None,
    )


def _fanout(settings: HubSettings, port: int) -> HubFanout:
    return HubFanout(
        settings.hub_urls or (_own_url(settings.host, port),),
        gateway=settings.name,
        routes=settings.hub_routes,
        token=settings.hub_token.get_secret_value(),
        hub=True,
    )


def _own_url(host: str, port: int) -> str:
    if host in ("", "0.0.0.0", "::"):  # all addresses; this one works from here
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
