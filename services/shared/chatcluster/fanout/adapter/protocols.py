"""The protocols to choose from, with options that are called as in Node."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Classic:
    """`createAdapter` of @socket.io/redis-adapter 8.x. *key* and the parser (notepack.io) must be
    those of the Node servers; the other option says on which channel Node's questions are answered.
    """

    key: str = "socket.io"
    publish_on_specific_response_channel: bool = False
