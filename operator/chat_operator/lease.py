"""One operator works at a time: the one that holds the Lease."""

from __future__ import annotations

import asyncio

import aiohttp
from kubernetes.aio.client.exceptions import ApiException
from kubernetes.aio.leaderelection.electionconfig import Config
from kubernetes.aio.leaderelection.leaderelection import LeaderElection
from kubernetes.aio.leaderelection.leaderelectionrecord import LeaderElectionRecord
from kubernetes.aio.leaderelection.resourcelock.leaselock import LeaseLock

from chat_operator.cluster import LEASES, ApiError, Cluster
from chatcluster.core.errors import ChatClusterError
from chatcluster.runtime.logs import get_logger

# As client-go has them. One that dies without a word is replaced after LEASE_SECONDS.
LEASE_SECONDS = 15.0
RENEW_SECONDS = 10.0
RETRY_SECONDS = 2.0
ANSWER_SECONDS = 4.0  # for one request

log = get_logger(__name__)

_Got = tuple[bool, LeaderElectionRecord] | tuple[bool, Exception] | tuple[bool, None]


class LostError(ChatClusterError):
    """The Lease could not be renewed, so another operator may work now."""


class Lease:
    """The Lease *name* in *namespace*, for the operator *holder*."""

    def __init__(self, cluster: Cluster, namespace: str, name: str, holder: str) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._name = name
        self._holder = holder
        self._election = LeaderElection(
            Config(
                _Lock(name, namespace, holder, cluster.client),
                lease_duration=LEASE_SECONDS,
                renew_deadline=RENEW_SECONDS,
                retry_period=RETRY_SECONDS,
                onstarted_leading=_nothing,
                onstopped_leading=_nothing,
            )
        )

    async def acquire(self) -> None:
        """Return once it is held."""
        log.info("lease_wanted", name=self._name, namespace=self._namespace)
        await self._election.acquire()
        log.info("lease_held", holder=self._holder)

    async def keep(self) -> None:
        """For ever, by renewing it. Raises LostError."""
        await self._election.renew_loop()
        raise LostError(f"the lease {self._namespace}/{self._name} could not be renewed")

    async def release(self) -> None:
        """So that the next operator need not wait until it expires."""
        record = self._election.observed_record
        if record is None or record.holder_identity != self._holder:
            return
        try:
            body = {"spec": {"holderIdentity": ""}}
            await self._cluster.merge(LEASES, self._namespace, self._name, body)
        except ApiError as error:
            log.warning("lease_not_released", error=str(error))


class _Lock(LeaseLock):
    """One for which an API server that does not answer is one that refuses: it is asked again."""

    async def get(self, name: str, namespace: str) -> _Got:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await super().get(name, namespace)
        except (aiohttp.ClientError, TimeoutError) as error:
            return False, ApiException(status=0, reason=f"{error or type(error).__name__}")

    async def create(
        self, name: str, namespace: str, election_record: LeaderElectionRecord
    ) -> bool:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await super().create(name, namespace, election_record)
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("lease_not_created", error=str(error) or type(error).__name__)
            return False

    async def update(self, name: str, namespace: str, updated_record: LeaderElectionRecord) -> bool:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await super().update(name, namespace, updated_record)
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("lease_not_renewed", error=str(error) or type(error).__name__)
            return False


async def _nothing() -> None:
    """What is done while the Lease is held is not the election's matter."""
