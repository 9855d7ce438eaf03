"""Which of several nodes a key belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b


def choose(key: str, nodes: Iterable[str]) -> str:
    """The node of *nodes* that *key* belongs to, by rendezvous hashing (Thaler and Ravishankar,
    1998).

    Everyone who knows the same nodes chooses the same one, in whatever order they know them. A node
    that goes moves only its own keys, one that comes takes only those that become its own. Raises
    ValueError without nodes.
    """
    return max(nodes, key=lambda node: (_weight(key, node), node))


def _weight(key: str, node: str) -> bytes:
    # The length keeps ("ab", "c") and ("a", "bc") apart.
    return blake2b(f"{len(node)}:{node}{key}".encode(), digest_size=8).digest()
