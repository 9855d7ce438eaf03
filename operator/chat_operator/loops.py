"""A loop for each ChatCluster: it looks again and again, and at once when something changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from chat_operator.cluster import CHAT_CLUSTERS, ApiError, Cluster
from chat_operator.liveness import Liveness
from chat_operator.look import Key
from chat_operator.metrics import OperatorMetrics
from chat_operator.reconciling import TURN_SECONDS, Reconciling
from chatcluster.connections.ending import end
from chatcluster.runtime.logs import get_logger

GAP_SECONDS = 0.2  # between two looks at one: many changes come together
LIST_SECONDS = 60.0  # between two looks which there are, in case a watch has missed one

log = get_logger(__name__)


class Loops:
    """All of them. Whoever sees a ChatCluster says so, and whoever sees a change of something in
    its namespace wakes it. With *only*, those of other names are somebody else's.
    """

    def __init__(
        self,
        reconciling: Reconciling,
        liveness: Liveness,
        metrics: OperatorMetrics,
        *,
        only: Collection[str] = (),
    ) -> None:
        self._only = frozenset(only)
        self._reconciling = reconciling
        self._liveness = liveness
        self._metrics = metrics
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._changed: dict[Key, asyncio.Event] = {}

    @property
    def keys(self) -> Collection[Key]:
        return self._tasks.keys()

    def seen(self, key: Key) -> None:
        """It is there, or has changed."""
        if self._only and key.name not in self._only:
            return
        if key not in self._tasks:
            self._changed[key] = asyncio.Event()
            self._liveness.expected(key, time.monotonic() + TURN_SECONDS)
            self._metrics.appeared(key, time.time())
            self._tasks[key] = asyncio.create_task(self._run(key), name=f"{key}")
        self._changed[key].set()

    def wake(self, namespace: str) -> None:
        """Something changed there that may belong to a ChatCluster."""
        for key, changed in self._changed.items():
            if key.namespace == namespace:
                changed.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """At the end of the body, all loops end."""
        try:
            yield
        finally:
            await end(list(self._tasks.values()))

    async def keep_listing(self, cluster: Cluster, namespaces: Collection[str]) -> None:
        """For ever: what a watch did not tell of is found all the same."""
        while True:
            try:
                for namespace in namespaces or ("",):
                    for body in await cluster.list(CHAT_CLUSTERS, namespace):
                        key = Key(body["metadata"]["namespace"], body["metadata"]["name"])
                        if key not in self._tasks:
                            self.seen(key)
                self._liveness.heard(time.monotonic())
            except ApiError as error:
                log.warning("chatclusters_not_listed", error=str(error))
            self._liveness.listed(time.monotonic())
            await asyncio.sleep(LIST_SECONDS)

    async def _run(self, key: Key) -> None:
        """Until it is gone."""
        changed = self._changed[key]
        try:
            while True:
                changed.clear()
                again = await self._reconciling.turn(key)
                if again is None and not changed.is_set():
                    return
                wait = max(again or 0.0, GAP_SECONDS)
                self._liveness.expected(key, time.monotonic() + wait + TURN_SECONDS)
                await asyncio.sleep(GAP_SECONDS)
                try:
                    async with asyncio.timeout(wait - GAP_SECONDS):
                        await changed.wait()
                except TimeoutError:
                    pass  # nothing happened
        finally:
            log.info("not_looked_after_any_more", **key._asdict())
            del self._tasks[key], self._changed[key]
            self._liveness.forgotten(key)
            self._metrics.gone(key)
