"""One look at a ChatCluster, and what follows from it."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

from chat_operator.act import Acting
from chat_operator.cluster import CHAT_CLUSTERS, EVENTS, ApiError, Cluster, Object
from chat_operator.conditions import refused, status_of
from chat_operator.events import Event, events
from chat_operator.look import Key, Looking, Seen
from chat_operator.metrics import OperatorMetrics, Result
from chat_operator.plan import plan
from chat_operator.spec import GROUP, KIND, VERSION, SpecError
from chat_operator.status import Status, as_json, read_status
from chat_operator.steps import Step
from chatcluster.control.gateway_admin import AccessError, NoAnswerError
from chatcluster.runtime.logs import get_logger

TURN_SECONDS = 60.0  # for all of it
AGAIN_SECONDS = 5.0  # after one that failed
API_VERSION = f"{GROUP}/{VERSION}"

log = get_logger(__name__)


class Reconciling:
    """Of any ChatCluster; *name* is this operator's, for Events."""

    def __init__(
        self,
        cluster: Cluster,
        looking: Looking,
        acting: Acting,
        metrics: OperatorMetrics,
        *,
        name: str,
    ) -> None:
        self._cluster = cluster
        self._looking = looking
        self._acting = acting
        self._metrics = metrics
        self._name = name

    async def turn(self, key: Key) -> float | None:
        """Seconds until the next one should be; None when there is no such ChatCluster (any more).
        What goes wrong is logged and counted: the next turn begins anew.
        """
        try:
            with self._metrics.reconciling():
                async with asyncio.timeout(TURN_SECONDS):
                    again = await self._turn(key)
        except (ApiError, TimeoutError) as error:
            self._failed(key, "api", error)
        except SpecError as error:
            self._failed(key, "spec", error)
        except Exception:
            # One ChatCluster may show a defect that the others do not.
            log.exception("reconcile_defect", **key._asdict())
            self._metrics.reconciled(key, "defect", time.time())
        else:
            self._metrics.reconciled(key, "ok", time.time())
            return again
        return AGAIN_SECONDS

    async def _turn(self, key: Key) -> float | None:
        body = await self._cluster.get(CHAT_CLUSTERS, key.namespace, key.name)
        if body is None:
            return None
        previous = read_status(body.get("status"))
        try:
            seen = await self._looking.look(body)
        except SpecError as error:
            await self._refuse(key, body, str(error))
            raise
        now = datetime.now(UTC)
        planned = plan(seen.view, previous.memory, now)
        status = status_of(seen.view, planned, previous, now)
        await self._tell(key, body, status, now)
        if planned.step is not None:
            await self._step(planned.step, key, seen)
        return planned.again

    async def _refuse(self, key: Key, body: Object, sentence: str) -> None:
        now = datetime.now(UTC)
        previous = read_status(body.get("status"))
        status = refused(sentence, body["metadata"]["generation"], previous, now)
        await self._tell(key, body, status, now)

    async def _tell(self, key: Key, body: Object, status: Status, now: datetime) -> None:
        """Write the status where it differs, and say what has happened."""
        if as_json(status) == body.get("status"):
            return
        previous = read_status(body.get("status"))
        await self._write(key, body, status)
        self._metrics.changed(previous, status)
        for event in events(previous, status):
            await self._post(body, event, now)

    async def _write(self, key: Key, body: Object, status: Status) -> None:
        """To that very object: another of the same name is not meant."""
        meta = {"name": key.name, "namespace": key.namespace, "uid": body["metadata"]["uid"]}
        whole: Object = {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": meta,
            "status": as_json(status),
        }
        await self._cluster.apply(
            CHAT_CLUSTERS, key.namespace, key.name, whole, subresource="status"
        )

    async def _step(self, step: Step, key: Key, seen: Seen) -> None:
        """What fails shows in the next look, and is not worth more than a line in the log."""
        name = type(step).__name__
        try:
            trouble = await self._acting.perform(step, key, seen)
        except (ApiError, NoAnswerError, AccessError) as error:
            self._metrics.failed()
            log.warning("step_failed", step=name, error=str(error), **key._asdict())
            return
        self._metrics.stepped(step)
        log.info("step", step=name, **({"trouble": trouble} if trouble else {}), **key._asdict())

    async def _post(self, body: Object, event: Event, now: datetime) -> None:
        """An Event that is not taken is missing, and nothing else."""
        meta, at = body["metadata"], now.isoformat()
        log.info("event", reason=event.reason, message=event.message, name=meta["name"])
        try:
            await self._cluster.create(
                EVENTS,
                meta["namespace"],
                {
                    "apiVersion": "v1",
                    "kind": "Event",
                    "metadata": {
                        "generateName": f"{meta['name']}-",
                        "namespace": meta["namespace"],
                    },
                    "involvedObject": {
                        "apiVersion": API_VERSION,
                        "kind": KIND,
                        "name": meta["name"],
                        "namespace": meta["namespace"],
                        "uid": meta["uid"],
                    },
                    "type": event.type,
                    "reason": event.reason,
                    "message": event.message[:1024],
                    "action": event.reason,
                    "source": {"component": "chatcluster-operator"},
                    "reportingComponent": "chatcluster.dev/operator",
                    "reportingInstance": self._name,
                    "firstTimestamp": at,
                    "lastTimestamp": at,
                    "eventTime": at,
                    "count": 1,
                },
            )
        except ApiError as error:
            log.warning("event_not_posted", reason=event.reason, error=str(error))

    def _failed(self, key: Key, result: Result, error: Exception) -> None:
        log.warning(
            "reconcile_failed",
            error=str(error) or f"longer than {TURN_SECONDS:g} s",
            **key._asdict(),
        )
        self._metrics.reconciled(key, result, time.time())
