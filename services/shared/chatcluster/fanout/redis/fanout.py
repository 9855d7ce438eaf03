"""A gateway's place in a cluster that meets in plain Redis pub/sub."""

from __future__ import annotations

from collections.abc import Sequence

from chatcluster.fanout.asking import Asking
from chatcluster.fanout.redis.carrying import RedisPubSub

EVENTS = ("chat message", "typing", "moderated")


class RedisFanout(Asking):
    """A fan-out by readable messages, one per event, that anybody can publish and read.

    Only *events* cross to other gateways, the same ones on all of them; joining, leaving,
    disconnecting, signals and questions always do. *prefix* tells apart the clusters that share a
    Redis. *origin* is as in this gateway's envelopes. Raises ValueError for a *url* that is none.
    """

    def __init__(
        self, url: str, *, origin: str, prefix: str = "chat", events: Sequence[str] = EVENTS
    ) -> None:
        super().__init__(RedisPubSub(url, prefix=prefix, events=events), origin)
