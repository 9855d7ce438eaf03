"""The program: a hub and its admin server."""

from __future__ import annotations

from chat_hub.server import HubServer
from chatcluster.runtime.admin import AdminServer
from chatcluster.runtime.lifecycle import stop_signal
from chatcluster.runtime.logs import configure, get_logger
from chatcluster.runtime.metrics import Metrics
from chatcluster.runtime.settings import HubSettings

log = get_logger(__name__)


async def serve(settings: HubSettings) -> None:
    """Run a hub until SIGTERM or SIGINT. Raises StartError when it cannot start."""
    configure(settings.log_level, settings.log_format)
    metrics = Metrics()
    metrics.about_this_process()
    reasons = ["starting"]
    with stop_signal() as stop:
        hub = HubServer(settings.host, settings.port, token=settings.hub_token.get_secret_value())
        admin = AdminServer(
            settings.admin_host,
            settings.admin_port,
            ready=lambda: reasons,
            stats=lambda: {"name": settings.name, **hub.stats()},
            registry=metrics.registry,
        )
        async with admin.serving(), hub.serving():
            reasons.clear()
            log.info("ready", name=settings.name, port=hub.port, admin_port=admin.port)
            await stop.wait()
            reasons.append("stopping")
    log.info("left")
