"""The fan-out that the settings name."""

from __future__ import annotations

from chatcluster.fanout.adapter import AdapterFanout
from chatcluster.fanout.hub import HubFanout
from chatcluster.fanout.isolated import IsolatedFanout
from chatcluster.fanout.port import Fanout
from chatcluster.fanout.redis import RedisFanout
from chatcluster.runtime.lifecycle import shown
from chatcluster.runtime.settings import ClusterSettings


def make_fanout(settings: ClusterSettings, origin: str) -> Fanout:
    """Not opened yet. Raises ValueError for an address that is none."""
    if settings.mode == "hub":
        return HubFanout(
            settings.hub_urls, gateway=origin, token=settings.hub_token.get_secret_value()
        )
    if settings.mode == "adapter":
        return AdapterFanout(settings.redis_url, key=settings.key)
    if settings.mode == "redis":
        return RedisFanout(
            settings.redis_url,
            origin=origin,
            prefix=settings.redis_prefix,
            events=settings.redis_events,
        )
    return IsolatedFanout()


def carrier(settings: ClusterSettings) -> str:
    """What the mode depends on, for a person to read."""
    if settings.mode == "hub":
        return f"the hub at {', '.join(map(shown, settings.hub_urls))}"
    if settings.mode in ("adapter", "redis"):
        return f"Redis at {shown(settings.redis_url)}"
    return "nothing"
