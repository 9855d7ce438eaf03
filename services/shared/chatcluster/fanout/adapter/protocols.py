"""The protocols to choose from, with options that are called as in Node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Classic:
    """`createAdapter` of @socket.io/redis-adapter 8.x. *key* and the parser (notepack.io) must be
    those of the Node servers; the other option says on which channel Node's questions are answered.
    """

    key: str = "socket.io"
    publish_on_specific_response_channel: bool = False


@dataclass(frozen=True, slots=True)
class Sharded:
    """`createShardedAdapter` of @socket.io/redis-adapter 8.x, for Redis 7 or Valkey. Both options
    must be those of the Node servers.
    """

    channel_prefix: str = "socket.io"
    subscription_mode: Literal["static", "dynamic", "dynamic-private"] = "dynamic"


@dataclass(frozen=True, slots=True)
class Streams:
    """`createAdapter` of @socket.io/redis-streams-adapter 0.3.x. Those options must be the Node
    servers' that name streams and channels; `max_len` is about how many entries a stream keeps, for
    those who were away.
    """

    stream_name: str = "socket.io"
    stream_count: int = 1
    channel_prefix: str = "socket.io"
    use_sharded_pub_sub: bool = False
    max_len: int = 10_000
    read_count: int = 100
    block_time_in_ms: int = 5000
    only_plaintext: bool = False
