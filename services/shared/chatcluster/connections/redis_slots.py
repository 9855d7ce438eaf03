"""Which server of a Redis Cluster serves a key or channel.

Source: Redis documentation, "Redis cluster specification", "Key distribution model" and "Hash
tags".
"""

from __future__ import annotations

from binascii import crc_hqx
from typing import Any, NamedTuple

from chatcluster.core.errors import FanoutError

SLOTS = 16384


class Place(NamedTuple):
    """Where a server listens."""

    host: str
    port: int


def slot(key: bytes) -> int:
    """CRC16 (XMODEM) of the key, or of what its first braces enclose if that is anything."""
    start = key.find(b"{")
    if start >= 0:
        end = key.find(b"}", start + 1)
        if end > start + 1:
            key = key[start + 1 : end]
    return crc_hqx(key, 0) % SLOTS


def read_slots(reply: Any, asked: str) -> list[Place]:
    """The master of every slot, from an answer to CLUSTER SLOTS; a master without an address is at
    *asked*. Raises FanoutError if a slot has none."""
    masters: list[Place | None] = [None] * SLOTS
    for first, last, (host, port, *_), *_ in reply:
        place = Place(host.decode() if host else asked, port)
        masters[first : last + 1] = [place] * (last + 1 - first)
    found = [place for place in masters if place is not None]
    if len(found) < SLOTS:
        raise FanoutError(f"{SLOTS - len(found)} slots of the cluster are served by nobody")
    return found
