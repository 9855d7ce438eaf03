"""The built-in modes, and the fan-out that the settings name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chatcluster.core.waiting import Bounds
from chatcluster.fanout import modes
from chatcluster.fanout.adapter import AdapterFanout, Classic, Sharded, Streams
from chatcluster.fanout.asking import Asking
from chatcluster.fanout.hub import HubFanout
from chatcluster.fanout.isolated import IsolatedFanout
from chatcluster.fanout.outbox import Outbox
from chatcluster.fanout.port import Fanout
from chatcluster.fanout.postgres import PostgresFanout
from chatcluster.fanout.redis import RedisFanout
from chatcluster.runtime.lifecycle import shown
from chatcluster.runtime.settings import ClusterSettings, load


def make_fanout(settings: ClusterSettings, origin: str) -> Fanout:
    """Not opened yet. Raises ValueError for an address that is none, and SettingsError for what is
    wrong in a mode's own variables.
    """
    plugin = modes.named(settings.mode)
    return plugin.make(_own(plugin, settings), origin)


def with_outbox(fanout: Fanout, settings: ClusterSettings) -> Outbox:
    """*fanout*, with a queue for what its carrier does not take."""
    return Outbox(fanout, Bounds(settings.outbox_length, settings.outbox_bytes))


def carrier(settings: ClusterSettings) -> str:
    """What the mode depends on, for a person to read."""
    plugin = modes.named(settings.mode)
    return plugin.carrier(_own(plugin, settings))


def _own(plugin: modes.ModePlugin, settings: ClusterSettings) -> Any:
    return settings if isinstance(settings, plugin.settings) else load(plugin.settings)


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A mode whose settings are among those of the programs."""

    crosses: str
    make: Callable[[ClusterSettings, str], Fanout]
    carrier: Callable[[ClusterSettings], str]
    shared: bool = True
    durable: bool = False
    settings: type[ClusterSettings] = ClusterSettings


def _hub(settings: ClusterSettings, origin: str) -> Fanout:
    fanout = HubFanout(
        settings.hub_urls,
        gateway=origin,
        routes=settings.hub_routes,
        token=settings.hub_token.get_secret_value(),
    )
    return Asking(fanout, origin)


def _hubs(settings: ClusterSettings) -> str:
    hubs = [*settings.hub_urls, *(url for own in settings.hub_routes.values() for url in own)]
    return f"the hub at {', '.join(map(shown, hubs))}"


def _adapter(settings: ClusterSettings, origin: str) -> Fanout:
    return AdapterFanout(settings.adapter_url or settings.redis_url, _protocol(settings))


def _protocol(settings: ClusterSettings) -> Classic | Sharded | Streams:
    prefix = settings.adapter_channel_prefix or settings.key
    if settings.adapter_protocol == "sharded":
        return Sharded(prefix, settings.adapter_subscription_mode)
    if settings.adapter_protocol == "streams":
        return Streams(
            stream_name=settings.adapter_stream_name or settings.key,
            stream_count=settings.adapter_stream_count,
            channel_prefix=prefix,
            use_sharded_pub_sub=settings.adapter_use_sharded_pub_sub,
            max_len=settings.adapter_max_len,
            read_count=settings.adapter_read_count,
            block_time_in_ms=settings.adapter_block_time_in_ms,
            only_plaintext=settings.adapter_only_plaintext,
        )
    return Classic(settings.key, settings.adapter_publish_on_specific_response_channel)


def _redis(settings: ClusterSettings, origin: str) -> Fanout:
    return RedisFanout(
        settings.redis_url,
        origin=origin,
        prefix=settings.redis_prefix,
        events=settings.redis_events,
    )


def _postgres(settings: ClusterSettings, origin: str) -> Fanout:
    fanout = PostgresFanout(
        settings.postgres_dsn,
        listen_dsn=settings.postgres_listen_dsn or None,
        prefix=settings.postgres_prefix,
        poll_seconds=settings.postgres_poll_seconds,
        keep_seconds=settings.postgres_keep_seconds,
    )
    return Asking(fanout, origin)


def _at_redis(settings: ClusterSettings) -> str:
    return f"Redis at {shown(settings.redis_url)}"


ISOLATED = BuiltIn(
    "nothing crosses between gateways: users see only those of their own",
    make=lambda settings, origin: IsolatedFanout(),
    carrier=lambda settings: "nothing",
    shared=False,
)
HUB = BuiltIn(
    "each gateway is a client of the hubs, which relay: everybody sees everybody",
    make=_hub,
    carrier=_hubs,
)
ADAPTER = BuiltIn(
    "gateways meet in Redis, as Node's Redis adapters do: everybody sees everybody",
    make=_adapter,
    carrier=lambda settings: f"Redis at {shown(settings.adapter_url or settings.redis_url)}",
)
REDIS = BuiltIn(
    "gateways meet in Redis, by a readable message per event: everybody sees everybody",
    make=_redis,
    carrier=_at_redis,
)
POSTGRES = BuiltIn(
    "gateways meet in a table of Postgres, where an INSERT broadcasts: everybody sees everybody",
    make=_postgres,
    carrier=lambda settings: f"Postgres at {shown(settings.postgres_dsn)}",
    durable=True,
)
