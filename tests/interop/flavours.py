"""The protocols of mode `adapter`, as both sides are told of them."""

from __future__ import annotations

from typing import Any, NamedTuple

from chatcluster.fanout.adapter import Classic, Sharded, Streams


class Flavour(NamedTuple):
    """A protocol under a key: its name for Node, its options there, and all that for us."""

    name: str
    options: dict[str, Any]
    ours: Classic | Sharded | Streams


def classic(key: str) -> Flavour:
    return Flavour("classic", {"key": key}, Classic(key))


def sharded(key: str, mode: Any = "dynamic") -> Flavour:
    options = {"channelPrefix": key, "subscriptionMode": mode}
    return Flavour("sharded", options, Sharded(key, mode))


def streams(key: str, count: int = 1, *, sharded: bool = False) -> Flavour:
    options = {
        "streamName": key,
        "streamCount": count,
        "channelPrefix": key,
        "useShardedPubSub": sharded,
    }
    ours = Streams(
        stream_name=key, stream_count=count, channel_prefix=key, use_sharded_pub_sub=sharded
    )
    return Flavour("streams", options, ours)
