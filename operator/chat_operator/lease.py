"""One operator works at a time: the one that holds the Lease (coordination.k8s.io/v1).

As client-go does it: whether a Lease has run out is judged by one's own clock, from when it was
last seen to change. (kubernetes.aio has an election, too; version 37 cannot create a Lease.)
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

from chat_operator.cluster import LEASES, ApiError, Cluster, Object
from chatcluster.core.errors import ChatClusterError
from chatcluster.runtime.logs import get_logger

# As client-go has them. One that dies without a word is replaced after LEASE_SECONDS.
LEASE_SECONDS = 15
RENEW_SECONDS = 10.0
RETRY_SECONDS = 2.0

log = get_logger(__name__)


class LostError(ChatClusterError):
    """The Lease could not be renewed, so another operator may work now."""


class Observed:
    """What one candidate has seen of the Lease. Times are seconds of one monotonic clock."""

    def __init__(self, me: str) -> None:
        self._me = me
        self._last: tuple[Any, Any] = (None, None)
        self._at = 0.0

    def free(self, spec: Object, now: float) -> bool:
        """Whether the Lease may be taken, or renewed."""
        holder = spec.get("holderIdentity")
        if (seen := (holder, spec.get("renewTime"))) != self._last:
            self._last, self._at = seen, now
        if not holder or holder == self._me:
            return True
        return now - self._at >= float(spec.get("leaseDurationSeconds") or LEASE_SECONDS)


class Lease:
    """The Lease *name* in *namespace*, for the operator *holder*."""

    def __init__(self, cluster: Cluster, namespace: str, name: str, holder: str) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._name = name
        self._holder = holder
        self._observed = Observed(holder)
        self._held = False

    async def acquire(self) -> None:
        """Return once it is held."""
        log.info("lease_wanted", lease=f"{self._namespace}/{self._name}")
        while not await self._taken():  # noqa: ASYNC110  # nobody here sets an event
            await asyncio.sleep(RETRY_SECONDS)
        self._held = True
        log.info("lease_held", holder=self._holder)

    async def keep(self) -> None:
        """For ever, by renewing it. Raises LostError."""
        until = time.monotonic() + RENEW_SECONDS
        while time.monotonic() < until:
            await asyncio.sleep(RETRY_SECONDS)
            try:
                async with asyncio.timeout_at(_loop_time(until)):
                    if await self._taken():
                        until = time.monotonic() + RENEW_SECONDS
            except TimeoutError:
                break
        self._held = False
        raise LostError(f"the lease {self._namespace}/{self._name} could not be renewed")

    async def release(self) -> None:
        """So that the next operator need not wait until it has run out."""
        if not self._held:
            return
        self._held = False
        try:
            body = {"spec": {"holderIdentity": ""}}
            await self._cluster.merge(LEASES, self._namespace, self._name, body)
        except ApiError as error:
            log.warning("lease_not_released", error=str(error))

    async def _taken(self) -> bool:
        try:
            return await self._take()
        except ApiError as error:
            # 409: another one was faster.
            log.log(10 if error.status == 409 else 30, "lease_not_taken", error=str(error))
            return False

    async def _take(self) -> bool:
        body = await self._cluster.get(LEASES, self._namespace, self._name)
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        if body is None:
            meta = {"name": self._name, "namespace": self._namespace}
            spec = self._spec({}, now)
            await self._cluster.create(LEASES, self._namespace, {"metadata": meta, "spec": spec})
            return True
        if not self._observed.free(body.get("spec", {}), time.monotonic()):
            return False
        # With the resourceVersion that was read: of two that do this, one fails.
        body["spec"] = self._spec(body.get("spec", {}), now)
        await self._cluster.replace(LEASES, self._namespace, self._name, body)
        return True

    def _spec(self, before: Object, now: str) -> Object:
        same = before.get("holderIdentity") == self._holder
        transitions = before.get("leaseTransitions", 0)
        return {
            "holderIdentity": self._holder,
            "leaseDurationSeconds": LEASE_SECONDS,
            "acquireTime": before.get("acquireTime", now) if same else now,
            "renewTime": now,
            "leaseTransitions": transitions if same else transitions + 1,
        }


def _loop_time(at: float) -> float:
    """A time of the monotonic clock, as the event loop counts."""
    return asyncio.get_running_loop().time() + at - time.monotonic()
