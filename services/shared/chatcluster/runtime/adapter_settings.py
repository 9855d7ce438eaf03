"""The settings of mode `adapter`, named as the options of Node's adapters."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from chatcluster.runtime.hub_settings import HubUserSettings


class AdapterSettings(HubUserSettings):
    """What everybody has who takes part in a cluster of Node's adapters; the same for all."""

    key: str = Field(
        "socket.io",
        min_length=1,
        max_length=100,
        description="Prefix of the adapter's Redis channels, as in Node's `key` option; also keeps "
        "the room logs of applications apart that share a Redis.",
    )
    adapter_protocol: Literal["classic", "sharded", "streams"] = Field(
        "classic",
        description="The adapter of the Node servers: `createAdapter` or `createShardedAdapter` "
        "of @socket.io/redis-adapter, or @socket.io/redis-streams-adapter.",
    )
    adapter_url: str = Field(
        "",
        description="Redis for mode `adapter`, if it is another than `redis_url`: also "
        "redis+sentinel://host,host/master or redis+cluster://host,host.",
    )
    adapter_publish_on_specific_response_channel: bool = Field(
        False, description="classic: answer a question only to the server that asked it."
    )
    adapter_channel_prefix: str = Field(
        "",
        max_length=100,
        description="sharded, streams: prefix of the channels; empty: as `key`.",
    )
    adapter_subscription_mode: Literal["static", "dynamic", "dynamic-private"] = Field(
        "dynamic", description="sharded: which rooms have a channel of their own."
    )
    adapter_stream_name: str = Field(
        "", max_length=100, description="streams: name of the stream; empty: as `key`."
    )
    adapter_stream_count: int = Field(
        1, ge=1, le=1000, description="streams: streams over which namespaces are spread."
    )
    adapter_use_sharded_pub_sub: bool = Field(
        False, description="streams: questions and answers by SPUBLISH instead of PUBLISH."
    )
    adapter_max_len: int = Field(
        10_000, ge=100, description="streams: about how many entries a stream keeps."
    )
    adapter_read_count: int = Field(100, ge=1, le=10_000, description="streams: entries per read.")
    adapter_block_time_in_ms: int = Field(
        5000, ge=1, le=60_000, description="streams: milliseconds that a read waits for an entry."
    )
    adapter_only_plaintext: bool = Field(
        False, description="streams: promise that no binary data is sent (Node's `onlyPlaintext`)."
    )
