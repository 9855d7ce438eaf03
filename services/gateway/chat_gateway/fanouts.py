"""The fan-out that a gateway's settings name."""

from __future__ import annotations

from chatcluster.fanout.adapter import AdapterFanout
from chatcluster.fanout.hub import HubFanout
from chatcluster.fanout.isolated import IsolatedFanout
from chatcluster.fanout.port import Fanout
from chatcluster.runtime.lifecycle import shown
from chatcluster.runtime.settings import GatewaySettings


def make_fanout(settings: GatewaySettings, origin: str) -> Fanout:
    """Not opened yet. Raises ValueError for an address that is none."""
    if settings.mode == "hub":
        return HubFanout(
            settings.hub_urls,
            gateway=origin,
            routes=settings.hub_routes,
            token=settings.hub_token.get_secret_value(),
        )
    if settings.mode == "adapter":
        return AdapterFanout(settings.redis_url, key=settings.key)
    return IsolatedFanout()


def carrier(settings: GatewaySettings) -> str:
    """What the mode depends on, for a person to read."""
    if settings.mode == "hub":
        hubs = [*settings.hub_urls, *(url for own in settings.hub_routes.values() for url in own)]
        return f"the hub at {', '.join(map(shown, hubs))}"
    if settings.mode == "adapter":
        return f"Redis at {shown(settings.redis_url)}"
    return "nothing"
