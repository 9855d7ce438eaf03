"""The names that Node's adapters give themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from chatcluster.core.ids import short_id


class Uids:
    """A name of this server for each namespace, and names for questions."""

    def __init__(self, new: Callable[[], str]) -> None:
        self.new = new
        self._names = defaultdict[str, str](new)

    def of(self, namespace: str) -> str:
        return self._names[namespace]


def classic_uids(random_bytes: Callable[[int], bytes]) -> Uids:
    """`uid2(6)` of @socket.io/redis-adapter: six characters."""
    return Uids(lambda: short_id(random_bytes, 5)[:6])


def cluster_uids(random_bytes: Callable[[int], bytes]) -> Uids:
    """`randomId` of socket.io-adapter, lib/cluster-adapter.ts: 16 hexadecimal digits."""
    return Uids(lambda: random_bytes(8).hex())
